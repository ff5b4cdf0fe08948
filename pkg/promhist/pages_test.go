package promhist

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Every sample page comes out of a Prometheus as it comes out of its exporter,
// but for the target's own labels.
func TestPagesSurviveAPrometheus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../dcgm/testdata/*.prom")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	compared := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{helps: map[string]string{}}
		if err := f.scrape(text); err != nil {
			continue // a Prometheus does not take the page either
		}
		page, err := dcgm.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		compared++
		want := []record.GPU{}
		for _, g := range page.GPUs {
			g.Labels = maps.Clone(g.Labels)
			if g.Labels == nil {
				g.Labels = map[string]string{}
			}
			g.Labels["instance"], g.Labels["job"] = ofExporter["instance"], ofExporter["job"]
			want = append(want, g)
		}
		got := []record.GPU{}
		for _, g := range only[*record.GPU](collect(t, f.config(t))) {
			g.Header, g.Source, g.Taken, g.Within = record.Header{}, "", 0, nil
			got = append(got, *g)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filepath.Base(name), diff)
		}
	}
	if compared < 10 {
		t.Errorf("only %d of %d pages were compared", compared, len(files))
	}
}

// ofExporter are the labels of the exporter's pod.
var ofExporter = map[string]string{"instance": "10.0.0.1:9400", "job": "dcgm", "pod": "exporter-x", "namespace": "gpu-operator", "container": "exporter"}

// scrape takes a page as a Prometheus does that does not honour labels.
func (f *fake) scrape(page []byte) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return err
	}
	add := func(name string, labels map[string]string, v float64) {
		s := series{labels: maps.Clone(ofExporter), points: []point{{base, v}}}
		s.labels["__name__"] = name
		for k, v := range labels {
			if _, ok := ofExporter[k]; ok && v != "" {
				k = exported + k
			}
			if v != "" {
				s.labels[k] = v
			}
		}
		f.series = append(f.series, s)
	}
	for name, family := range families {
		f.helps[name] = family.GetHelp()
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			switch {
			case strings.HasPrefix(name, "go_"):
			case m.Gauge != nil:
				add(name, labels, m.Gauge.GetValue())
			case m.Counter != nil:
				add(name, labels, m.Counter.GetValue())
			case m.Untyped != nil:
				add(name, labels, m.Untyped.GetValue())
			}
		}
	}
	add("scrape_duration_seconds", nil, 0.1)
	return nil
}
