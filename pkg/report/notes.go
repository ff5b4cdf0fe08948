package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// notes are the warnings in the stream itself.
type notes struct {
	seen map[noteKey]*noted
	list []*noted
}

type noteKey struct{ code, source, uuid string }

type noted struct {
	first record.Note
	n     int
	same  bool // all say the same
}

func (s *notes) add(l record.Line) error {
	var n record.Note
	if err := l.Decode(&n); err != nil {
		return err
	}
	if n.Level != record.Warning {
		return nil
	}
	k := noteKey{n.Code, n.Source, n.UUID}
	if s.seen[k] == nil {
		if s.seen == nil {
			s.seen = map[noteKey]*noted{}
		}
		s.seen[k] = &noted{first: n, same: true}
		s.list = append(s.list, s.seen[k])
	}
	s.seen[k].n++
	s.seen[k].same = s.seen[k].same && n.Message == s.seen[k].first.Message
	return nil
}

// remarks are the notes of a report, in the making.
type remarks []Note

func (n *remarks) warn(code, format string, a ...any) {
	*n = append(*n, Note{record.Warning, code, printable(fmt.Sprintf(format, a...))})
}

func (n *remarks) info(code, format string, a ...any) {
	*n = append(*n, Note{record.Info, code, printable(fmt.Sprintf(format, a...))})
}

// remark notes what was mixed, missing or partial.
func (b *Builder) remark(r *Report, v *view) []Note {
	var n remarks
	n = append(n, b.filter.Notes()...)
	b.aboutInput(&n, r)
	b.aboutRuns(&n, r)
	b.aboutRequests(&n, r, v)
	b.aboutGPUs(&n, r)
	b.aboutThrottling(&n, r)
	b.aboutEnergy(&n, r)
	b.fromStream(&n, r)
	slices.SortStableFunc(n, func(a, b Note) int { return strings.Compare(b.Level, a.Level) }) // warnings first
	return n
}

func (b *Builder) aboutInput(n *remarks, r *Report) {
	for _, file := range b.cut {
		n.warn("truncated", "%s breaks off; what came before is counted", file)
	}
	if b.skipped > 0 {
		n.warn("skipped", "%s could not be read and are left out", many(b.skipped, "line"))
	}
	if b.newer > 0 {
		n.warn("version", "%s of a later version than %d of the record contract: some of what they say may be missed", many(b.newer, "line"), record.Version)
	}
}

func (b *Builder) aboutRuns(n *remarks, r *Report) {
	hosts := map[string]bool{}
	for _, run := range r.Runs {
		if run.Host != "" {
			hosts[run.Host] = true
		}
		switch {
		case b.twice[run.ID]:
			n.warn("twice", "run %s of %s begins twice: its records were given twice and count twice", run.ID, run.Tool)
		case run.End == "":
			n.warn("partial", "partial: run %s of %s has no end (crashed, killed, or still running)", run.ID, run.Tool)
		case run.End == record.Interrupted && run.Tool != "aiperf-scrape":
			n.info("interrupted", "run %s of %s was interrupted", run.ID, run.Tool)
		case run.End == record.Failed:
			n.warn("failed", "run %s of %s ended as failed", run.ID, run.Tool)
		}
	}
	if len(hosts) > 1 {
		n.info("hosts", "records of %d hosts are put together by their own clocks: %s", len(hosts), list(hosts))
	}
}

func (b *Builder) aboutRequests(n *remarks, r *Report, v *view) {
	q := &b.requests
	runs, models, urls := b.finished.all(), q.models.all(), q.urls.all()
	if whole, missing := r.shards(); len(runs) > 1 && whole > 0 && len(missing) == 0 {
		n.info("shards", "requests of the %d shards of one load are put together", whole)
	} else if whole > 0 && len(missing) > 0 {
		n.warn("shards", "of %d shards of the load these are missing: %s; rates and counts are those of a part", whole, strings.Join(missing, ", "))
	} else if len(runs) > 1 {
		n.warn("runs", "requests of %d runs are pooled, and the time between the runs counts as part of the window", len(runs))
	}
	if len(models) > 1 {
		n.warn("models", "requests to %d models are pooled: %s", len(models), list(models))
	}
	if len(urls) > 1 {
		n.info("urls", "requests to %d URLs are pooled: %s", len(urls), list(urls))
	}
	if c := r.Requests.InFlight; c > 0 {
		n.warn("in-flight", "%s in flight when the stream ended and not counted", was(c, "request"))
	}
	if w := r.Requests.Warmup; w > 0 {
		n.info("warmup", "%s not counted", are(w, "warm-up request"))
	}
	for _, phase := range keys(b.elsewhere) {
		n.warn("phase", "%s of phase %q not counted", are(b.elsewhere[phase], "request"), phase)
	}
	for _, c := range r.Stopped {
		n.info("cancelled", "%s cancelled on purpose, which is neither an answer nor a failure: %s", was(c.Count, "request"), c.Message)
	}
	d := v.digest()
	open := d.counts.OK - d.timed
	if r.Requests.OK == 0 && q.failed.total > 0 {
		n.warn("no-success", "no request succeeded: there is nothing to measure but errors")
	}
	if open > 0 {
		n.warn("no-took", "%s without \"took\": counted, but not timed", many(open, "successful request"))
	}
	for _, d := range b.Options.Definitions() {
		n.info("definition", "%s", d)
	}
	b.aboutAsked(n, r, v)
	v.aboutTokens(n)
}

// aboutAsked tells of what was asked for and cannot be had.
func (b *Builder) aboutAsked(n *remarks, r *Report, v *view) {
	if b.requests.digests != nil {
		n.info("sketch", "requests take more than %d MiB (--max-memory): percentiles are off by %.2g %% at most, and there is nothing on what was in flight over time, on time slices and with failures counted in", b.Options.MaxMemory>>20, 100*sketchError)
	} else if b.requests.gaps.counted {
		n.info("many-gaps", "there are more than %d gaps between chunks: they are counted to the microsecond, and what was in flight over time is computed as if the tokens of an answer came evenly", mostGaps)
	}
	if b.tooFine(v, r.Window) {
		n.warn("slices", "time slices of %g s would be more than %d: there are none", b.Options.Window, mostSlices)
	}
	if b.grouped.rest {
		n.warn("groups", "there are more than %d groups: the later ones are one, %s", mostGroups, rest)
	}
}

func (v *view) aboutTokens(n *remarks) {
	d, q := v.digest(), v.requests
	all, ttft := d.timed, d.streamed
	if all == 0 {
		return
	}
	if ttft < all {
		n.info("no-ttft", "%d of %d successful requests have no time to first token; answers that are not streamed have none", all-ttft, all)
	}
	if missing := all - d.bare - d.some; missing > 0 {
		n.warn("no-tokens", "%d of %d successful requests have no count of output tokens", missing, all)
	}
	v.aboutLateness(n)
	if d.off > 0 {
		n.info("osl-mismatch", "%d of %d answers are not as long as was asked for (by more than 5 %% or 50 tokens)", d.off, d.asked)
	}
	if ways := q.counters.all(); len(ways) > 1 {
		n.warn("token-sources", "output tokens were counted in %d ways: %s", len(ways), list(ways))
	} else if ways[record.FromChunks] > 0 {
		n.warn("token-sources", "output tokens are numbers of chunks: the server told no usage; a chunk may hold several tokens")
	}
	if q.gaps.negative > 0 {
		n.warn("negative-gap", "%s with arrivals that run backwards left out of inter chunk latency", are(q.gaps.negative, "request"))
	}
}

// fromStream passes on the warnings of other commands. That a source is
// unreachable is said by the list of sources.
func (b *Builder) fromStream(n *remarks, r *Report) {
	for _, s := range b.notes.list {
		src := b.sources.byURL[s.first.Source]
		if src != nil && (s.first.Code == "unreachable" || s.first.Code == "bad-answer") {
			continue
		}
		text := s.first.Message
		if s.first.Source != "" && !strings.Contains(text, s.first.Source) {
			text = s.first.Source + ": " + text
		}
		switch {
		case s.n > 1 && s.same:
			text += fmt.Sprintf(" (%d times)", s.n)
		case s.n > 1:
			text += fmt.Sprintf(" (and %s like it)", many(s.n-1, "other note"))
		}
		n.warn(s.first.Code, "%s", text)
	}
}

// many is a number of things.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func are(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return many(n, thing) + " are"
}

func was(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " was"
	}
	return many(n, thing) + " were"
}

// list names some keys of a map, in order.
func list[V any](m map[string]V) string {
	const most = 5
	keys := slices.Sorted(maps.Keys(m))
	if len(keys) > most {
		return strings.Join(keys[:most], ", ") + fmt.Sprintf(" and %d more", len(keys)-most)
	}
	return strings.Join(keys, ", ")
}

// mostLate is how late requests may start before their latencies, which count
// from the start, must not be read as those of the schedule.
const mostLate = 0.05

// aboutLateness tells of requests that started later than they were due.
func (v *view) aboutLateness(n *remarks) {
	s, _ := v.of("credit_to_start_latency")
	p50, _ := s.Percentile(50)
	p99, ok := s.Percentile(99)
	if !ok || p99 <= mostLate {
		return
	}
	n.warn("late", "requests started later than they were due: %s (p50), %s (p99), %s at most; latencies count from the start and leave this out",
		duration(p50), duration(p99), duration(s.Max))
}

func duration(seconds float64) string {
	return time.Duration(seconds * 1e9).Round(time.Millisecond).String()
}

// shards tells of how many shards the loads say that they are parts, and which
// of these are missing; 0 if they do not agree.
func (r *Report) shards() (of int, missing []string) {
	there := map[int]bool{}
	for _, run := range r.Runs {
		if run.Tool != "aiperf-load" {
			continue
		}
		text, _ := run.Config["shard"].(string)
		index, n, ok := strings.Cut(text, "/")
		i, err := strconv.Atoi(index)
		all, nerr := strconv.Atoi(n)
		if !ok || err != nil || nerr != nil || of != 0 && all != of || there[i] {
			return 0, nil
		}
		of, there[i] = all, true
	}
	for i := range of {
		if !there[i] {
			missing = append(missing, fmt.Sprintf("%d/%d", i, of))
		}
	}
	return of, missing
}
