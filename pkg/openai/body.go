package openai

import (
	"fmt"
	"strconv"

	"aiperf/pkg/prompt"
)

// An object appends a JSON object, whose own keys give way to those of the
// run, and these to those of the turn.
type object struct {
	b         []byte
	run, turn Fields
	empty     bool
}

// start begins the body of a request.
func start(b []byte, a Ask, o Options) (object, error) {
	w := object{b: append(b, '{'), run: o.Extra, empty: true}
	if len(a.Extra) > 0 {
		var err error
		if w.turn, err = ParseFields(a.Extra); err != nil {
			return object{}, fmt.Errorf("take a turn's extra keys: %w", err)
		}
	}
	return w, nil
}

// key begins one of the endpoint's own keys; false: it is not to be there.
func (w *object) key(name string) bool {
	if w.run.has(name) || w.turn.has(name) {
		return false
	}
	w.name(name)
	return true
}

func (w *object) name(name string) {
	if !w.empty {
		w.b = append(w.b, ',')
	}
	w.empty = false
	w.b = append(quote(w.b, name), ':')
}

func (w *object) string(name, value string) {
	if w.key(name) {
		w.b = quote(w.b, value)
	}
}

func (w *object) bool(name string, value bool) {
	if w.key(name) {
		w.b = strconv.AppendBool(w.b, value)
	}
}

func (w *object) int(name string, value int) {
	if w.key(name) {
		w.b = strconv.AppendInt(w.b, int64(value), 10)
	}
}

func (w *object) strings(name string, values []string) {
	if !w.key(name) {
		return
	}
	w.b = append(w.b, '[')
	for i, v := range values {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = quote(w.b, v)
	}
	w.b = append(w.b, ']')
}

// messages leaves out those of the system if they go elsewhere.
func (w *object) messages(name string, said [2][]prompt.Message, system bool) {
	if !w.key(name) {
		return
	}
	w.b = append(w.b, '[')
	first := true
	for _, ms := range said {
		for i := range ms {
			if !system && ofSystem(&ms[i]) {
				continue
			}
			if !first {
				w.b = append(w.b, ',')
			}
			first = false
			w.message(&ms[i])
		}
	}
	w.b = append(w.b, ']')
}

func (w *object) message(m *prompt.Message) {
	if m.Raw != nil {
		w.b = append(w.b, m.Raw...)
		return
	}
	w.b = quote(append(w.b, `{"role":`...), m.Role)
	w.b = quote(append(w.b, `,"content":`...), m.Content)
	w.b = append(w.b, '}')
}

// finish appends the extra keys and ends the object.
func (w *object) finish() []byte {
	for i := range w.run {
		if f := &w.run[i]; !w.run[i+1:].has(f.Key) && !w.turn.has(f.Key) {
			w.extra(f)
		}
	}
	for i := range w.turn {
		if f := &w.turn[i]; !w.turn[i+1:].has(f.Key) {
			w.extra(f)
		}
	}
	return append(w.b, '}')
}

func (w *object) extra(f *Field) {
	if !f.removes() {
		w.name(f.Key)
		w.b = append(w.b, f.Value...)
	}
}
