package dcgm

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

func TestReadMetrics(t *testing.T) {
	t.Parallel()
	got, err := ReadMetrics(strings.NewReader(`# Clocks,,
DCGM_FI_DEV_SM_CLOCK, gauge, SM clock frequency (in MHz).
  DCGM_FI_DEV_GPU_TEMP ,  gauge,   GPU temperature (in °C).

# DCGM_FI_DEV_FB_FREE, gauge, no
DCGM_FI_DEV_POWER_VIOLATION, counter,"Throttling, due to power (in us)."
DCGM_FI_DRIVER_VERSION, label, Driver Version
DCGM_EXP_XID_ERRORS_COUNT, gauge, XIDs
`))
	want := []Metric{
		{"DCGM_FI_DEV_SM_CLOCK", "gauge", "SM clock frequency (in MHz).", 2},
		{"DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (in °C).", 3},
		{"DCGM_FI_DEV_POWER_VIOLATION", "counter", "Throttling, due to power (in us).", 6},
		{"DCGM_FI_DRIVER_VERSION", "label", "Driver Version", 7},
		{"DCGM_EXP_XID_ERRORS_COUNT", "gauge", "XIDs", 8},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestReadMetricsErrors(t *testing.T) {
	t.Parallel()
	const good = "DCGM_FI_DEV_GPU_TEMP, gauge, Temperature\n"
	tests := []struct{ why, list, want string }{
		{"a comma in the help", good + "DCGM_FI_DEV_GPU_UTIL, gauge, Busy, or not", "line 2, column 35: 4 columns, want 3: name, type, help (a help with a comma in it must be quoted)"},
		{"no help", good + "DCGM_FI_DEV_GPU_UTIL, gauge", "line 2, column 1: 2 columns, want 3: name, type, help"},
		{"no type of the exporter's", "\n" + good + "DCGM_FI_DEV_GPU_UTIL, gage, Busy", `line 3, column 22: "gage" is no type; want gauge, counter, histogram, summary, untyped or label`},
		{"a tab", "DCGM_FI_DEV_GPU_UTIL,\tgauge, Busy", `line 1, column 22: "\tgauge" is no type; want gauge, counter, histogram, summary, untyped or label (a tab is not taken away, only spaces are)`},
		{"another exporter's name", "node_load1, gauge, Load", `line 1, column 1: "node_load1" is no field of DCGM; want DCGM_FI_… or DCGM_EXP_…`},
		{"a number is no name", "DCGM_FI_DEV-1, gauge, x", `line 1, column 1: "DCGM_FI_DEV-1" is no field of DCGM; want DCGM_FI_… or DCGM_EXP_…`},
		{"twice", good + good, "line 2, column 1: DCGM_FI_DEV_GPU_TEMP is on line 1 already"},
		{"a blank before the quote", `DCGM_FI_DEV_GPU_UTIL, gauge, "Busy"`, `line 1, column 30: bare " in non-quoted-field (a quoted help begins right after the comma)`},
		{"a quote that does not end", good + "DCGM_FI_DEV_GPU_UTIL, gauge,\"Busy", `line 2, column 34: extraneous or missing " in quoted-field`},
	}
	for _, test := range tests {
		_, err := ReadMetrics(strings.NewReader(test.list))
		if e := (*MetricsError)(nil); !errors.As(err, &e) || err.Error() != test.want {
			t.Errorf("%s: %v; want %s", test.why, err, test.want)
		}
	}
	if _, err := ReadMetrics(brokenReader{}); !errors.Is(err, errBroken) {
		t.Errorf("a reader's error: %v", err)
	}
}

var errBroken = errors.New("broken")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func FuzzReadMetrics(f *testing.F) {
	f.Add("DCGM_FI_DEV_GPU_TEMP, gauge, \"a, b\"\n# x\nDCGM_FI_DRIVER_VERSION, label, v")
	f.Add("\ufeffDCGM_FI_DEV_GPU_TEMP,\tgauge,\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ReadMetrics(strings.NewReader(s))
		if e := (*MetricsError)(nil); err != nil && !errors.As(err, &e) {
			t.Errorf("error of no known type: %v", err)
		}
		if _, err := NewSelect(list, nil); err != nil {
			t.Errorf("a list that was read is refused: %v", err)
		}
	})
}

func TestSelect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, list string
		globs     []string
		page      string
		fields    []string // of the first GPU
		unmet     []string
	}{
		{"everything", "", nil, "one-gpu", []string{"energy_consumption", "gpu_utilization", "memory_used", "memory_utilization", "power_usage", "temperature", "xid_errors"}, nil},
		{"a list limits", "DCGM_FI_DEV_POWER_USAGE, gauge, x\nDCGM_FI_DEV_GPU_TEMP, gauge, x", nil, "template", []string{"power_usage", "temperature"}, nil},
		{"by the names of 4.8 what 4.9 prints", "DCGM_FI_DEV_POWER_USAGE, gauge, x\nDCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION, counter, x\nDCGM_FI_DRIVER_VERSION, label, x", nil, "v490", []string{"energy_consumption", "power_usage"}, nil},
		{"what is on no page", "DCGM_FI_DEV_POWER_USAGE, gauge, x\nDCGM_FI_DEV_NO, gauge, x\nDCGM_FI_DEV_FB_TOTAL, gauge, x\nDCGM_FI_DEV_BRAND, label, x", nil, "template", []string{"power_usage"}, []string{"DCGM_FI_DEV_NO", "DCGM_FI_DEV_FB_TOTAL", "DCGM_FI_DEV_BRAND"}},
		{"a list of labels only", "DCGM_FI_DRIVER_VERSION, label, x", nil, "template", nil, nil},
		{"globs", "", []string{"power*", "sm_*"}, "profiling", []string{"power_usage", "power_usage_instant", "power_violation", "sm_clock", "sm_occupancy", "sm_utilization"}, nil},
		{"globs of the exporter's names", "", []string{"DCGM_FI_DEV_FB_*"}, "template", []string{"memory_free", "memory_reserved", "memory_used"}, nil},
		{"a field with a part, by its name and whole", "", []string{"gpu_clock", "no{*}"}, "amd-prefix", []string{"gpu_clock{clock_index=9,clock_type=soc}"}, nil},
		{"both limit", "DCGM_FI_DEV_POWER_USAGE, gauge, x\nDCGM_FI_DEV_GPU_TEMP, gauge, x", []string{"power*"}, "template", []string{"power_usage"}, nil},
		{"nothing", "", []string{"no"}, "template", nil, nil},
	}
	for _, test := range tests {
		list, err := ReadMetrics(strings.NewReader(test.list))
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSelect(list, test.globs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&Parser{Select: s}).Parse(page(t, test.page))
		if err != nil {
			t.Fatal(err)
		}
		var fields, unmet []string
		if len(got.GPUs) > 0 {
			fields = slices.Sorted(maps.Keys(got.GPUs[0].Fields))
		}
		for _, m := range s.Unmet() {
			unmet = append(unmet, m.Family)
		}
		if diff := cmp.Diff(test.fields, fields); diff != "" {
			t.Errorf("%s: fields (-want +got):\n%s", test.why, diff)
		}
		if diff := cmp.Diff(test.unmet, unmet); diff != "" {
			t.Errorf("%s: unmet (-want +got):\n%s", test.why, diff)
		}
	}
	if _, err := NewSelect(nil, []string{"ok", "[x"}); err == nil || !strings.Contains(err.Error(), `field pattern "[x"`) {
		t.Errorf("a bad glob: %v", err)
	}
}

// TestSelectShared: Parsers in several goroutines share a Select.
func TestSelectShared(t *testing.T) {
	t.Parallel()
	s, err := NewSelect([]Metric{{"DCGM_FI_DEV_POWER_USAGE", "gauge", "", 1}, {"DCGM_FI_DEV_FB_TOTAL", "gauge", "", 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, name := range []string{"template", "expfmt", "profiling", "v490"} {
		wg.Go(func() {
			if p, err := (&Parser{Select: s}).Parse(page(t, name)); err != nil || len(p.GPUs[0].Fields) == 0 {
				t.Errorf("%s: %+v, %v", name, p.GPUs, err)
			}
		})
	}
	wg.Wait()
	if got := s.Unmet(); len(got) > 0 {
		t.Errorf("unmet: %v", got)
	}
}

// TestSelectHelp: the list's help has the unit of a field that is unknown, if
// the page has none.
func TestSelectHelp(t *testing.T) {
	t.Parallel()
	s, err := NewSelect([]Metric{{"DCGM_FI_DEV_NEW", "gauge", "New (in MHz).", 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]float64{
		sample("DCGM_FI_DEV_NEW", "3"):                                            3e6,
		"# HELP DCGM_FI_DEV_NEW New (in kHz).\n" + sample("DCGM_FI_DEV_NEW", "3"): 3e3,
	} {
		p, err := (&Parser{Select: s}).Parse([]byte(text))
		if err != nil || len(p.GPUs) != 1 || p.GPUs[0].Fields["DCGM_FI_DEV_NEW"] != want {
			t.Errorf("%q: %+v, %v; want %v", text, p.GPUs, err, want)
		}
	}
	if got := s.Unmet(); len(got) > 0 {
		t.Errorf("unmet: %v", got)
	}
	var none *Select
	if got := none.Unmet(); got != nil {
		t.Errorf("of no selection unmet: %v", got)
	}
}

// TestCatalogue: every name of a table is in the catalogue once, and what is a
// MIG instance's own is so by either name of a field.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	if len(catalogued) != len(catalogue) {
		t.Errorf("%d names in a catalogue of %d fields", len(catalogued), len(catalogue))
	}
	for family, f := range nvidia {
		c, ok := Describe(f.name)
		if !ok {
			t.Errorf("%s is %s, which is not in the catalogue", family, f.name)
		}
		if c.Instance != perInstance(family) {
			t.Errorf("%s of a MIG instance: the catalogue says %v, the family's name %v", f.name, c.Instance, perInstance(family))
		}
	}
	for _, m := range []map[string]field{smi, amd} {
		for family, f := range m {
			if _, ok := Describe(f.name); !ok && f.name != family {
				t.Errorf("%s is %s, which is not in the catalogue", family, f.name)
			}
		}
	}
	for _, name := range []string{record.FieldEnergy, record.FieldPowerViol, record.FieldThermalViol} {
		if f, _ := Describe(name); !f.Counter {
			t.Errorf("%s is no counter", name)
		}
	}
	if f, ok := Describe("gpu_clock{clock_index=9,clock_type=soc}"); !ok || f.Unit != Hertz {
		t.Errorf("a field with a part: %+v, %v", f, ok)
	}
	Catalogue()[0].Name = "x"
	if Catalogue()[0].Name == "x" {
		t.Error("the catalogue can be changed from outside")
	}
}
