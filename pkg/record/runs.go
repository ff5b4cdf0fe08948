package record

// Runs remembers which producers began and which ended. The zero value is
// ready.
type Runs struct {
	list  []RunState
	index map[string]int
}

// A RunState is what is known of one producer.
type RunState struct {
	Run  string // its id
	Tool string
	Host string
	File string // where it was first seen
	End  string // the reason of its end; empty if the stream is partial
}

// Add looks at a line and remembers it if it is a run or an end. The error is
// a [*LineError].
func (r *Runs) Add(l Line) error {
	switch l.Type {
	case TypeRun:
		var run Run
		if err := l.Decode(&run); err != nil {
			return err
		}
		s := r.state(run.Run, l.File)
		s.Tool, s.Host = run.Tool, run.Host
	case TypeEnd:
		var end End
		if err := l.Decode(&end); err != nil {
			return err
		}
		r.state(end.Run, l.File).End = end.Reason
	}
	return nil
}

func (r *Runs) state(id, file string) *RunState {
	i, ok := r.index[id]
	if !ok {
		if r.index == nil {
			r.index = map[string]int{}
		}
		i = len(r.list)
		r.index[id] = i
		r.list = append(r.list, RunState{Run: id, File: file})
	}
	return &r.list[i]
}

// All gives the runs in the order in which they were first seen.
func (r *Runs) All() []RunState { return r.list }

// Partial gives the runs that have not ended.
func (r *Runs) Partial() []RunState {
	var p []RunState
	for _, s := range r.list {
		if s.End == "" {
			p = append(p, s)
		}
	}
	return p
}
