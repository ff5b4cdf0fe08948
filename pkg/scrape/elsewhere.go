package scrape

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"aiperf/pkg/record"
)

// elsewhere deals with an inference server whose page is not one of metrics. It
// is asked once where TensorRT-LLM has its page, and else left alone: what
// /metrics answers there is emptied by being read.
func (l *loop) elsewhere(v *visit) bool {
	if l.board == nil || l.answered || !errors.As(v.err, new(rejection)) {
		return false
	}
	notMetrics := errors.Is(v.err, errNotMetrics) || v.status/100 == 2
	u, err := url.Parse(l.web.url)
	if err != nil || !notMetrics && v.status != 404 {
		return false
	}
	if base, ok := strings.CutSuffix(u.Path, "/metrics"); ok && !l.probed && !strings.HasSuffix(base, "/prometheus") {
		l.probed = true
		plain := l.web.url
		u.Path = base + "/prometheus/metrics"
		l.web.url = u.String()
		w := l.web.visit(l.work)
		if w.err == nil {
			_, w.err = newBoard(nil).look(w.body)
		}
		if w.err == nil {
			l.batch = append(l.batch, l.moved(u))
			l.report(&w, time.Time{})
			w.release()
			return true
		}
		w.release()
		l.web.url = plain
	}
	if notMetrics {
		l.left = true
		l.note(record.Warning, NoMetrics, "%v; it is left alone", v.err)
	}
	return notMetrics
}

// moved notes that the page of a server is elsewhere.
func (l *loop) moved(u *url.URL) *record.Note {
	old := l.source.Name
	s := named(u)
	l.source.Name = s.Name
	return &record.Note{Level: record.Info, Code: Moved, Source: old,
		Message: "the page of metrics is at " + u.Path + ", and the source is called " + s.Name + " from here"}
}
