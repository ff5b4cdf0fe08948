package report

import (
	"math"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/stat"
)

// A row is what is kept of a successful request of the profiling phase. NaN and
// −1 stand for what was not measured.
type row struct {
	took, ttft, second, energy float64
	ttfo, late                 float64
	in, out, reasoning, asked  int32
}

// requests are the requests of a stream.
type requests struct {
	rows     []row
	gaps     stat.Tally // µs between arrivals of content
	negative int        // requests whose arrivals run backwards
	ok       span
	bad      span
	open     int  // successful ones without an end
	thought  bool // reasoning came before an answer

	failed    failures
	errorISL  []float64
	warmup    int
	elsewhere map[string]int // requests of other phases
	tokenless int            // successful ones of endpoints whose answers are no tokens
	begun     map[string]int // by run: begun less finished

	models, urls, counters, runs map[string]int
}

// A span is what lies between the first start and the last end.
type span struct {
	from, to record.Time
	n        int
}

func (s *span) add(from, to record.Time) {
	if s.n == 0 {
		s.from, s.to = from, to
	}
	s.from, s.to = min(s.from, from), max(s.to, to)
	s.n++
}

// A request holds the keys of a record.Request that count here.
type request struct {
	Run      string         `json:"run"`
	Phase    string         `json:"phase"`
	Model    string         `json:"model"`
	URL      string         `json:"url"`
	Endpoint string         `json:"endpoint"`
	Start    record.Time    `json:"start"`
	Took     *float64       `json:"took"`
	TTFT     *float64       `json:"ttft"`
	TTFO     *float64       `json:"ttfo"`
	Late     *float64       `json:"late"`
	Gaps     []float64      `json:"gaps"`
	Tokens   *record.Tokens `json:"tokens"`
	Error    *record.Error  `json:"error"`
	GPU      *struct {
		Energy *float64 `json:"energy"`
	} `json:"gpu"`
}

func (q *requests) begin(l record.Line) error {
	var b struct {
		Run string `json:"run"`
	}
	if err := l.Decode(&b); err != nil {
		return err
	}
	q.bump(&q.begun, b.Run, 1)
	return nil
}

func (q *requests) add(l record.Line) error {
	var r request
	if err := l.Decode(&r); err != nil {
		return err
	}
	q.bump(&q.runs, r.Run, 1)
	switch r.Phase {
	case record.Profiling:
	case record.Warmup:
		q.warmup++
		return nil
	default:
		q.bump(&q.elsewhere, r.Phase, 1)
		return nil
	}
	if r.Model != "" {
		q.bump(&q.models, r.Model, 1)
	}
	if r.URL != "" {
		q.bump(&q.urls, r.URL, 1)
	}
	if r.Error != nil {
		q.fail(&r)
		return nil
	}
	if r.Took == nil {
		q.open++
		return nil
	}
	q.ok.add(r.Start, r.Start.Add(*r.Took))
	if tokenless(r.Endpoint) {
		q.tokenless++
	}
	q.rows = append(q.rows, q.rowOf(&r))
	q.pool(r.Gaps)
	return nil
}

func (q *requests) fail(r *request) {
	q.failed.add(r.Error)
	end := r.Start
	if r.Took != nil {
		end = end.Add(*r.Took)
	}
	q.bad.add(r.Start, end)
	if t := r.Tokens; t != nil && t.In != nil {
		q.errorISL = append(q.errorISL, float64(*t.In))
	}
}

func (q *requests) rowOf(r *request) row {
	nan := math.NaN()
	w := row{took: *r.Took, ttft: nan, second: nan, energy: nan, ttfo: nan, late: nan, in: -1, out: -1, reasoning: -1, asked: -1}
	if r.TTFT != nil {
		w.ttft, w.ttfo = *r.TTFT, *r.TTFT
	}
	if r.TTFO != nil {
		w.ttfo = *r.TTFO
		q.thought = true
	}
	if r.Late != nil {
		w.late = *r.Late
	}
	if len(r.Gaps) >= 2 {
		w.second = r.Gaps[1]
	}
	if r.GPU != nil && r.GPU.Energy != nil {
		w.energy = *r.GPU.Energy
	}
	if t := r.Tokens; t != nil {
		w.in, w.out, w.reasoning, w.asked = tokens(t.In), tokens(t.Out), tokens(t.Reasoning), tokens(t.Asked)
		if t.Source != "" && t.Out != nil {
			q.bump(&q.counters, t.Source, 1)
		}
	}
	return w
}

func tokens(n *int) int32 {
	if n == nil || *n < 0 || *n > math.MaxInt32 {
		return -1
	}
	return int32(*n)
}

// pool adds the gaps between chunks. The first one is the way to the first
// chunk. A request with a negative gap is left out, as AIPerf does.
func (q *requests) pool(gaps []float64) {
	if len(gaps) < 2 {
		return
	}
	for _, g := range gaps[1:] {
		if g < 0 || g > maxGap {
			q.negative++
			return
		}
	}
	for _, g := range gaps[1:] {
		q.gaps.Add(uint64(math.Round(g * 1e6)))
	}
}

// tokenless tells whether answers of an endpoint are no tokens.
func tokenless(endpoint string) bool {
	return endpoint == "embeddings" || strings.HasSuffix(endpoint, "_rankings")
}

// maxGap, a year, keeps nonsense from being counted.
const maxGap = 365 * 86400

// bump counts key in a map that is made when it is needed.
func (q *requests) bump(m *map[string]int, key string, by int) {
	if *m == nil {
		*m = map[string]int{}
	}
	(*m)[key] += by
}

// any tells whether there is a profiling request.
func (q *requests) any() bool { return len(q.rows)+q.open+q.failed.total > 0 }

func (q *requests) counts() Counts {
	c := Counts{OK: len(q.rows) + q.open, Failed: q.failed.total, Warmup: q.warmup}
	// Numbers of lines, and not ids, are compared: that costs nothing and does not
	// depend on their order. A run without begin lines was filtered.
	for run, begun := range q.begun {
		c.InFlight += max(0, begun-q.runs[run])
	}
	return c
}

func (q *requests) window() *Window {
	s := q.ok
	if s.n == 0 {
		s = q.bad
	}
	if s.n == 0 {
		return nil
	}
	return &Window{s.from, s.to}
}
