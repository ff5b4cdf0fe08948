package page

import (
	"math"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// requests are columns, in the order of start.
type requests struct {
	Of        int      `json:"of"` // how many there were; these are a sample if there are fewer
	Start     seconds  `json:"start"`
	Took      values   `json:"took"`
	TTFT      values   `json:"ttft"`
	Energy    values   `json:"energy"`
	In        counts   `json:"in"`
	Out       counts   `json:"out"`
	Classes   []string `json:"classes"`   // of errors
	Error     counts   `json:"error"`     // which class; null for a success
	Throttled []int    `json:"throttled"` // which requests
}

type slow struct {
	ID    string        `json:"id"`
	Run   string        `json:"run"`
	Model string        `json:"model,omitempty"`
	URL   string        `json:"url,omitempty"`
	Start float64       `json:"start"`
	Took  float64       `json:"took"`
	TTFT  *float64      `json:"ttft,omitempty"`
	In    *int32        `json:"in,omitempty"`
	Out   *int32        `json:"out,omitempty"`
	GPU   *record.Share `json:"gpu,omitempty"`
}

// load holds columns, a value a bin.
type load struct {
	From   float64 `json:"from"`
	Width  float64 `json:"width"`
	Begun  counts  `json:"begun"`
	Done   counts  `json:"done"`
	Failed counts  `json:"failed"`
	Active values  `json:"active"`
	Tokens values  `json:"tokens"`
}

type track struct {
	Of int     `json:"of"` // readings it stands for
	T  seconds `json:"t"`
	X  values  `json:"x"`
}

type gauges struct {
	Name      string           `json:"name"`
	Tracks    map[string]track `json:"tracks"`
	Throttled []span           `json:"throttled"`
	Spans     int              `json:"spans"`
}

type server struct {
	Source string           `json:"source"`
	Server string           `json:"server,omitempty"`
	Tracks map[string]track `json:"tracks"`
}

type span struct {
	Name string  `json:"name"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

type mark struct {
	At   float64 `json:"at"`
	Kind string  `json:"kind"`
	Text string  `json:"text"`
}

// happened sets what is drawn over time.
func (d *run) happened(s *report.Story) {
	if s.Of > 0 {
		d.Requests = requestsOf(s, d.Zero)
	}
	for _, q := range s.Slowest {
		x := slow{ID: q.ID, Run: q.Run, Model: q.Model, URL: q.URL, Start: q.Start.Sub(d.Zero), Took: q.Took, TTFT: finite(q.TTFT), GPU: q.GPU}
		if q.In >= 0 {
			x.In = &q.In
		}
		if q.Out >= 0 {
			x.Out = &q.Out
		}
		d.Slow = append(d.Slow, x)
	}
	if s.Load != nil {
		d.Load = loadOf(s.Load, d.Zero)
	}
	for _, g := range s.GPUs {
		d.Gauges = append(d.Gauges, gauges{g.Name, d.tracks(g.Tracks), d.spans(g.Throttled), g.Spans})
	}
	for _, q := range s.Servers {
		d.Servers = append(d.Servers, server{q.Source, q.Server, d.tracks(q.Tracks)})
	}
	d.Phases = d.spans(s.Phases)
	for _, m := range s.Marks {
		d.Marks = append(d.Marks, mark{m.At.Sub(d.Zero), m.Kind, m.Text})
	}
	d.MarksOf = s.MarksOf
}

func (d *run) tracks(m map[string]report.Track) map[string]track {
	to := map[string]track{}
	for name, t := range m {
		to[name] = track{t.Of, since(d.Zero, t.T), t.X}
	}
	return to
}

func (d *run) spans(list []report.Span) []span {
	to := make([]span, len(list))
	for i, s := range list {
		to[i] = span{s.Name, s.From.Sub(d.Zero), s.To.Sub(d.Zero)}
	}
	return to
}

func requestsOf(s *report.Story, zero record.Time) *requests {
	r := &requests{Of: s.Of, Classes: []string{}, Throttled: []int{}}
	class := map[string]int32{}
	for i, q := range s.Requests {
		r.Start = append(r.Start, q.Start.Sub(zero))
		r.Took, r.TTFT, r.Energy = append(r.Took, q.Took), append(r.TTFT, q.TTFT), append(r.Energy, q.Energy)
		r.In, r.Out = append(r.In, q.In), append(r.Out, q.Out)
		e := int32(-1)
		if q.Error != "" {
			n, ok := class[q.Error]
			if !ok {
				n = int32(len(r.Classes))
				class[q.Error], r.Classes = n, append(r.Classes, q.Error)
			}
			e = n
		}
		r.Error = append(r.Error, e)
		if q.Throttled {
			r.Throttled = append(r.Throttled, i)
		}
	}
	return r
}

func loadOf(l *report.Load, zero record.Time) *load {
	d := &load{From: l.From.Sub(zero), Width: l.Width}
	for _, b := range l.Bins {
		d.Begun, d.Done, d.Failed = append(d.Begun, whole(b.Begun)), append(d.Done, whole(b.Done)), append(d.Failed, whole(b.Failed))
		d.Active, d.Tokens = append(d.Active, b.Active), append(d.Tokens, b.Tokens)
	}
	return d
}

func whole(n int) int32 { return int32(min(n, math.MaxInt32)) }
