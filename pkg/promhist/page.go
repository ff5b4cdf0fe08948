package promhist

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"
)

// aligned is by how much the server may have moved a scrape's time to its
// schedule, in seconds.
const aligned = 0.002

// A target is what is remembered of one from page to page.
type target struct {
	parser dcgm.Parser
	at     int64 // of the last page
}

// A feed gives the pages of one target in a window.
type feed struct {
	key    targetKey
	held   *held
	source string
	own    map[string]string // labels of the target itself, for readings that lack them
	heads  [][]byte          // what stands before a series' value on a page
	intros [][]byte          // HELP, if there is one, at the first series of a family; nil at others
	at     int64             // of the next page
}

const never = math.MaxInt64

// pages yields the records of a window's pages, in the order of time and, at
// one time, of the targets.
func (r *reader) pages(w *window, yield func(record.Record, error) bool) error {
	feeds := make([]*feed, 0, len(w.targets))
	for k, h := range w.targets {
		feeds = append(feeds, r.feed(k, h))
	}
	slices.SortFunc(feeds, func(a, b *feed) int {
		return cmp.Or(cmp.Compare(a.key.instance, b.key.instance), cmp.Compare(a.key.job, b.key.job), cmp.Compare(a.key.replica, b.key.replica))
	})
	var page bytes.Buffer
	for len(feeds) > 0 {
		f := slices.MinFunc(feeds, func(a, b *feed) int { return cmp.Compare(a.at, b.at) })
		if f.at == never {
			return nil
		}
		at := f.at
		page.Reset()
		f.next(&page)
		if err := r.page(f, at, page.Bytes(), yield); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) feed(k targetKey, h *held) *feed {
	f := &feed{key: k, held: h, source: r.name + "#" + cmp.Or(k.instance, k.job), own: own(k, h.labels), at: never}
	pushed := pushed(h.series)
	type headed struct {
		series
		name, head string
	}
	all := make([]headed, len(h.series))
	for i, s := range h.series {
		name := s.labels["__name__"]
		all[i] = headed{s, name, name + braced(undo(s.labels, h.labels, pushed)) + " "}
		f.at = min(f.at, s.points[0].ms)
	}
	slices.SortFunc(all, func(a, b headed) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.head, b.head)) })
	for i, s := range all {
		h.series[i] = s.series
		f.heads = append(f.heads, []byte(s.head))
		var intro []byte
		if i == 0 || all[i-1].name != s.name {
			intro = []byte{}
			if help := r.helps[s.name]; help != "" {
				intro = fmt.Appendf(nil, "# HELP %s %s\n", s.name, helpEscaper.Replace(help))
			}
		}
		f.intros = append(f.intros, intro)
	}
	return f
}

var (
	helpEscaper  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func braced(labels map[string]string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(labels)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + `="`)
		labelEscaper.WriteString(&b, labels[name])
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// next appends the page at f.at and moves on.
func (f *feed) next(page *bytes.Buffer) {
	at := f.at
	f.at = never
	family := -1 // whose HELP is to be written
	for i := range f.held.series {
		s := &f.held.series[i]
		if f.intros[i] != nil {
			family = i
		}
		if len(s.points) > 0 && s.points[0].ms == at {
			if family >= 0 {
				page.Write(f.intros[family])
				family = -1
			}
			page.Write(f.heads[i])
			page.Write(strconv.AppendFloat(page.AvailableBuffer(), s.points[0].value, 'g', -1, 64))
			page.WriteByte('\n')
			s.points = s.points[1:]
		}
		if len(s.points) > 0 {
			f.at = min(f.at, s.points[0].ms)
		}
	}
}

// page yields what a page says.
func (r *reader) page(f *feed, at int64, text []byte, yield func(record.Record, error) bool) error {
	now := atMS(at)
	t := r.targets[f.key]
	if t == nil {
		t = &target{parser: dcgm.Parser{Select: r.Select}}
		r.targets[f.key] = t
	}
	t.at = at
	page, err := t.parser.Parse(text)
	visit := &record.Scrape{Source: f.source, Repeat: page.Repeat}
	if err != nil {
		visit.Error = err.Error()
	}
	var within *float64
	if d, ok := f.held.durations[at]; ok && d >= 0 {
		took, half := d, d+aligned
		visit.Took, within = &took, &half
	} else {
		r.note(NoDuration, record.Info, NoDuration, "the server does not have scrape_duration_seconds of "+f.source+": how long after its time a value was read is not known")
	}
	readings := r.replicas.choose(f, at, page.GPUs)
	gpus := len(page.GPUs)
	visit.GPUs, visit.Rejected = &gpus, page.Rejected
	if gpus > 0 && len(readings) == 0 {
		return nil // another server's page of the same target counts
	}
	if page.Rejected > 0 {
		r.note(Rejected+f.source, record.Warning, Rejected, fmt.Sprintf("lines that make no sense are left out (%d of a page): %v", page.Rejected, page.Reason))
	}
	if err := r.tell(now, yield); err != nil {
		return err
	}
	if !give(yield, visit, now) {
		return errLeft
	}
	if visit.Repeat && !r.KeepRepeats {
		return nil
	}
	for i := range readings {
		g := &readings[i]
		g.Source, g.Taken, g.Within, g.Repeat = f.source, now, within, visit.Repeat
		g.Labels = f.label(g.Labels)
		if !give(yield, g, now) {
			return errLeft
		}
	}
	return nil
}

func give(yield func(record.Record, error) bool, rec record.Record, at record.Time) bool {
	rec.Head().Time = at
	return yield(rec, nil)
}

// tell yields the notes that wait.
func (r *reader) tell(at record.Time, yield func(record.Record, error) bool) error {
	for _, n := range r.notes {
		if !give(yield, n, at) {
			return errLeft
		}
	}
	r.notes = nil
	return nil
}

// farewell tells at the end what was observed.
func (r *reader) farewell(yield func(record.Record, error) bool) error {
	if n := r.replicas.dropped; n > 0 {
		r.note(Replicas, record.Info, Replicas, fmt.Sprintf("%d readings are left out, for another server or job had scraped the same GPU at about the same time", n))
	}
	return r.tell(r.Until, yield)
}

func excerptOf(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
