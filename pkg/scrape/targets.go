package scrape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A group is what a file of Prometheus's file_sd has a list of.
type group struct {
	Targets []string          `json:"targets" yaml:"targets"`
	Labels  map[string]string `json:"labels" yaml:"labels"`
}

// ParseTargets reads a list of sources in one of three forms, which it tells
// apart by their beginning: Prometheus's file_sd as JSON, the same as YAML, or
// a plain list of one source a line, in which "#" begins a comment. Each source
// is as [ParseSource] takes it. Labels of a group go to the records of its
// sources; __scheme__, __metrics_path__ and __param_NAME say what to ask for,
// other labels that begin with "__" are left out. A list may be empty. The error
// names the line, or the group counted from 1.
func ParseTargets(data []byte) ([]Source, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var list []Source
	var err error
	switch form(data) {
	case '{':
		err = errors.New("the file is a JSON object; file_sd is a list of objects with targets and labels")
	case '[':
		list, err = groups(data, decodeJSON)
	case '-':
		list, err = groups(data, decodeYAML)
	default:
		list, err = plainList(data)
	}
	if err != nil {
		return nil, err
	}
	return unique(list), nil
}

// form is that of the first line that says anything: a bracket, "-" for YAML,
// or 0.
func form(data []byte) byte {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#' || line[0] == '%':
		case line[0] == '[' && bytes.IndexByte(line, ']') > 0 && !bytes.ContainsAny(line, `{"`) && len(bytes.TrimSpace(line[1:bytes.IndexByte(line, ']')])) > 0:
			return 0 // a list that begins with an IPv6 address
		case line[0] == '[' || line[0] == '{':
			return line[0]
		case line[0] == '-':
			return '-'
		default:
			return 0
		}
	}
	return 0
}

func decodeJSON(data []byte) (list []group, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		at := d.InputOffset()
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			at = syntax.Offset
		} else if errors.Is(err, io.ErrUnexpectedEOF) {
			at = int64(len(data))
		}
		line := 1 + bytes.Count(data[:min(at, int64(len(data)))], []byte("\n"))
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something behind the list")
	}
	return list, nil
}

func decodeYAML(data []byte) (list []group, err error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil && err != io.EOF {
		return nil, err // names the line
	}
	return list, nil
}

func groups(data []byte, decode func([]byte) ([]group, error)) ([]Source, error) {
	list, err := decode(data)
	if err != nil {
		return nil, err
	}
	var all []Source
	for i, g := range list {
		for _, t := range g.Targets {
			s, err := g.source(t)
			if err != nil {
				return nil, fmt.Errorf("group %d: %w", i+1, err)
			}
			if all = append(all, s); len(all) > mostSources {
				return nil, errTooMany
			}
		}
	}
	return all, nil
}

// source is one target of the group.
func (g group) source(target string) (Source, error) {
	if strings.HasPrefix(target, "unix://") {
		s, err := ParseSource(target)
		s.Labels = g.labels()
		return s, err
	}
	scheme := g.Labels["__scheme__"]
	if scheme != "" && !strings.Contains(target, "://") {
		if scheme != "http" && scheme != "https" {
			return Source{}, fmt.Errorf("__scheme__ %q is neither http nor https", scheme)
		}
		target = scheme + "://" + target
	}
	u, err := parseURL(target, exporterPort)
	if err != nil {
		return Source{}, err
	}
	if page := g.Labels["__metrics_path__"]; page != "" {
		if page[0] != '/' {
			return Source{}, fmt.Errorf("__metrics_path__ %q does not begin with a slash", page)
		}
		u.Path = page
	}
	u.RawQuery = g.query(u.RawQuery)
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path == "" {
		u.Path = "/metrics"
	}
	s := named(u)
	s.Labels = g.labels()
	return s, nil
}

// query adds the parameters that labels name, in the order of their names.
func (g group) query(q string) string {
	for _, k := range slices.Sorted(maps.Keys(g.Labels)) {
		if name, ok := strings.CutPrefix(k, "__param_"); ok {
			if q != "" {
				q += "&"
			}
			q += url.QueryEscape(name) + "=" + url.QueryEscape(g.Labels[k])
		}
	}
	return q
}

// labels are those for records.
func (g group) labels() map[string]string {
	var labels map[string]string
	for k, v := range g.Labels {
		if !strings.HasPrefix(k, "__") && v != "" {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[k] = v
		}
	}
	return labels
}

func plainList(data []byte) ([]Source, error) {
	var all []Source
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text, _, _ := strings.Cut(" "+string(line), " #")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		s, err := ParseSource(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if all = append(all, s); len(all) > mostSources {
			return nil, errTooMany
		}
	}
	return all, nil
}
