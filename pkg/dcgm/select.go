package dcgm

import (
	"fmt"
	"path"
	"strings"
	"sync"
)

// A Select says which fields are read, and remembers which it has met. It may
// be used by several Parsers in several goroutines. The nil Select is every
// field.
type Select struct {
	globs  []string
	rows   []Metric
	fields map[string]bool // of the rows, by their names in a record
	helps  map[string]string

	mu  sync.Mutex
	met map[string]bool // families, fields, and labels of DCGM's
}

// NewSelect makes a Select of an exporter's list of metrics and of globs, of
// which either may be empty and is then no limit.
//
// A metric selects the field that it is in a record, by whatever name an
// exporter prints it: DCGM_FI_DEV_POWER_USAGE selects power_usage, which 4.9.0
// prints as DCGM_FI_DEV_BOARD_POWER_WATTS. Its help gives the unit of a field
// that is unknown, if the page has no HELP.
//
// A glob is one of path.Match, for the name of a field in a record with or
// without its part in braces, or in the exporter.
func NewSelect(metrics []Metric, globs []string) (*Select, error) {
	s := &Select{globs: globs, rows: metrics, fields: map[string]bool{}, helps: map[string]string{}, met: map[string]bool{}}
	for _, g := range globs {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("field pattern %q: %w", g, err)
		}
	}
	for _, m := range metrics {
		s.helps[m.Family] = m.Help
		if m.Type != "label" {
			s.fields[fieldOf(m)] = true
		}
	}
	return s, nil
}

func fieldOf(m Metric) string {
	if m.Type == "label" {
		return renamed[m.Family]
	}
	f, _ := meaning(m.Family, m.Help)
	return f.name
}

// Unmet lists the metrics that were on no page so far, neither under their own
// name nor under another name of the same field.
func (s *Select) Unmet() []Metric {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Metric
	for _, m := range s.rows {
		if f := fieldOf(m); !s.met[m.Family] && (f == "" || !s.met[f]) {
			out = append(out, m)
		}
	}
	return out
}

// note remembers a sample's family, field and labels.
func (s *Select) note(l *line, field string) {
	if s == nil || len(s.rows) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[l.family], s.met[field] = true, true
	for _, x := range l.labels {
		if strings.HasPrefix(x.name, "DCGM_") {
			s.met[x.name] = true
			if name, ok := renamed[x.name]; ok {
				s.met[name] = true
			}
		}
	}
}

func (s *Select) help(family string) string {
	if s == nil {
		return ""
	}
	return s.helps[family]
}

// keeps tells whether a field is read; full is its name with the part.
func (s *Select) keeps(family, field, full string) bool {
	if s == nil {
		return true
	}
	if len(s.rows) > 0 && !s.fields[field] {
		return false
	}
	for _, g := range s.globs {
		for _, name := range []string{field, full, family} {
			if ok, _ := path.Match(g, name); ok {
				return true
			}
		}
	}
	return len(s.globs) == 0
}
