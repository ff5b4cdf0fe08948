package dcgm

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"aiperf/pkg/record"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// A Page is what an exporter's page says.
type Page struct {
	// GPUs has one reading for each GPU and MIG instance, in the order of host,
	// index, UUID and instance. Header, Source, Taken and Within are left to the
	// caller.
	GPUs     []record.GPU
	Samples  int   // on the page, also those of no GPU
	Rejected int   // lines that were no sample, or were cut short
	Reason   error // why the first of them was rejected
}

// ErrNotPage is wrapped by the error of a page that has lines, and not one
// that makes sense.
var ErrNotPage = errors.New("not a page of metrics")

// Parse reads a page in the Prometheus text format. An empty page is no error,
// nor is one without a GPU.
func Parse(page []byte) (Page, error) {
	parser := newParser()
	samples, helps, err := whole(&parser, page)
	if err == nil {
		return Page{GPUs: assemble(samples, helps), Samples: len(samples)}, nil
	}
	var p Page
	samples, helps, p.Rejected, p.Reason = byLine(&parser, page)
	p.Samples = len(samples)
	if p.Samples == 0 && p.Rejected > 0 {
		return p, fmt.Errorf("%w: %w", ErrNotPage, p.Reason)
	}
	p.GPUs = assemble(samples, helps)
	return p, nil
}

// newParser: the zero TextParser panics.
func newParser() expfmt.TextParser { return expfmt.NewTextParser(model.UTF8Validation) }

type label struct{ name, value string }

// A sample is one line.
type sample struct {
	family string
	labels []label
	value  float64
}

// whole parses a page without a bad line, in the order of family names.
func whole(parser *expfmt.TextParser, page []byte) (samples []sample, helps map[string]string, err error) {
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		// What came back beside the error has a sample without a value in it,
		// which would read as 0.
		return nil, nil, err
	}
	helps = make(map[string]string, len(families))
	for _, name := range slices.Sorted(maps.Keys(families)) {
		family := families[name]
		helps[name] = family.GetHelp()
		for _, m := range family.GetMetric() {
			s := sample{family: name}
			switch {
			case m.Gauge != nil:
				s.value = m.Gauge.GetValue()
			case m.Counter != nil:
				s.value = m.Counter.GetValue()
			case m.Untyped != nil:
				s.value = m.Untyped.GetValue()
			default:
				continue // no exporter has a GPU's value in a histogram
			}
			s.labels = make([]label, len(m.Label))
			for i, l := range m.Label {
				s.labels[i] = label{l.GetName(), l.GetValue()}
			}
			samples = append(samples, s)
		}
	}
	return samples, helps, nil
}

// byLine parses each line as a page of its own, so that a bad one costs itself
// only. A last line without its newline was cut short and is never taken: the
// number at its end may go on.
func byLine(parser *expfmt.TextParser, page []byte) (samples []sample, helps map[string]string, rejected int, reason error) {
	helps = map[string]string{}
	skip := map[string]bool{} // parts of histograms and summaries
	reject := func(n int, why string) {
		if rejected++; reason == nil {
			reason = fmt.Errorf("line %d: %s", n, why)
		}
	}
	n := 0
	for line := range bytes.Lines(page) {
		n++
		terminated := bytes.HasSuffix(line, []byte{'\n'})
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if !terminated {
			reject(n, "cut short")
			break
		}
		if line[0] == '#' {
			comment(string(line), helps, skip)
			continue
		}
		one, _, err := whole(parser, append(slices.Clip(line), '\n'))
		if err != nil {
			reject(n, why(err))
		}
		for _, s := range one {
			if !skip[s.family] {
				samples = append(samples, s)
			}
		}
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return strings.Compare(a.family, b.family) })
	return samples, helps, rejected, reason
}

// comment takes HELP, the first of a family, and notes the names that belong
// to a histogram or summary.
func comment(line string, helps map[string]string, skip map[string]bool) {
	word := strings.Fields(line)
	if len(word) < 4 || word[0] != "#" {
		return
	}
	name := word[2]
	switch word[1] {
	case "HELP":
		if _, ok := helps[name]; !ok {
			helps[name] = strings.Join(word[3:], " ")
		}
	case "TYPE":
		if t := strings.ToLower(word[3]); t == "histogram" || t == "summary" {
			for _, end := range []string{"", "_bucket", "_sum", "_count"} {
				skip[name+end] = true
			}
		}
	}
}

// why is err without expfmt's own line number, which counts from the line.
func why(err error) string {
	var p expfmt.ParseError
	if errors.As(err, &p) {
		return p.Msg
	}
	return err.Error()
}
