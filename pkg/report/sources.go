package report

import (
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// sources are the exporters that scrape records tell of.
type sources struct{ byURL map[string]*Source }

// defaults are the exporters that aiperf-scrape tries whether it is told to or
// not.
var defaults = []string{"http://localhost:9400/metrics", "http://localhost:9401/metrics"}

func (s *sources) source(url string) *Source {
	if s.byURL == nil {
		s.byURL = map[string]*Source{}
	}
	if s.byURL[url] == nil {
		s.byURL[url] = &Source{URL: url}
	}
	return s.byURL[url]
}

func (s *sources) add(l record.Line) error {
	var r record.Scrape
	if err := l.Decode(&r); err != nil {
		return err
	}
	src := s.source(r.Source)
	if r.Error != "" {
		src.Failed++
		src.Error = r.Error
		return nil
	}
	src.OK++
	src.server = src.server || r.Series != nil && r.GPUs == nil
	if r.GPUs != nil {
		src.GPUs = *r.GPUs
	}
	return nil
}

// list gives the sources, those that only readings tell of included.
func (s *sources) list(b *Builder, runs []Run) []Source {
	for _, g := range b.gpus.list {
		s.source(g.id.source).Reachable = true
	}
	var list []Source
	for _, src := range s.byURL {
		if src.server {
			continue
		}
		c := *src
		c.Reachable = c.Reachable || c.OK > 0
		c.Default = slices.Contains(defaults, c.URL) && !asked(runs, c.URL)
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Source) int { return strings.Compare(a.URL, b.URL) })
	return list
}

// asked tells whether a default exporter was named on a command line.
func asked(runs []Run, url string) bool {
	place := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	for _, r := range runs {
		for _, arg := range r.Command {
			if strings.Contains(arg, place) {
				return true
			}
		}
	}
	return false
}
