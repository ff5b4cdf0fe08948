package dcgm

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite golden files")

func page(t testing.TB, name string) []byte {
	t.Helper()
	file := filepath.Join("testdata", name+".prom")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		b, err = os.ReadFile(file + ".gz")
	}
	if err == nil && bytes.HasPrefix(b, []byte("\x1f\x8b")) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
			b, err = io.ReadAll(z)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pages(t testing.TB) (names []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.prom*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in testdata: %v", err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(strings.TrimSuffix(filepath.Base(f), ".gz"), ".prom"))
	}
	return names
}

// TestPages compares each sample page with its readings, one record a line.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, name := range pages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Parse(page(t, name))
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			for i := range p.GPUs {
				if got, err = record.Append(got, &p.GPUs[i]); err != nil {
					t.Fatal(err)
				}
			}
			golden := filepath.Join("testdata", name+".ndjson")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("readings of %s (-want +got):\n%s", name, diff)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		page                    string
		gpus, samples, rejected int
		reason                  string
	}{
		{"one-gpu", 1, 7, 0, ""},
		{"template", 8, 200, 0, ""},
		{"expfmt", 8, 200, 0, ""},
		{"pods", 8, 200, 0, ""},
		{"mig", 5, 82, 0, ""},
		{"blanks", 1, 25, 0, ""},
		{"bad-value", 2, 12, 2, `line 23: expected float`},
		{"cut", 8, 44, 1, "line 57: cut short"},
		{"nvlink", 2, 76, 0, ""},
		{"profiling", 8, 248, 0, ""},
		{"renamed", 8, 160, 0, ""},
		{"amd", 8, 128, 0, ""},
		{"lower-hostname", 8, 200, 0, ""},
		{"stress", 72, 1800, 0, ""},
	}
	for _, test := range tests {
		p, err := Parse(page(t, test.page))
		if err != nil {
			t.Errorf("%s: %v", test.page, err)
			continue
		}
		if len(p.GPUs) != test.gpus || p.Samples != test.samples || p.Rejected != test.rejected {
			t.Errorf("%s: %d GPUs, %d samples, %d rejected; want %d, %d, %d",
				test.page, len(p.GPUs), p.Samples, p.Rejected, test.gpus, test.samples, test.rejected)
		}
		if (p.Reason != nil) != (test.rejected > 0) || p.Reason != nil && !strings.HasPrefix(p.Reason.Error(), test.reason) {
			t.Errorf("%s: reason %v, want %q", test.page, p.Reason, test.reason)
		}
	}
}

// TestWritersAgree: both writers of one exporter say the same, but for the
// digits that the older one prints.
func TestWritersAgree(t *testing.T) {
	t.Parallel()
	a, err := Parse(page(t, "template"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(page(t, "expfmt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.GPUs, b.GPUs, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("template and expfmt (-a +b):\n%s", diff)
	}
}

// sample is a page of one sample on GPU 3.
func sample(family, value string, labels ...string) string {
	return family + `{` + strings.Join(append([]string{`gpu="3"`, `UUID="GPU-x"`}, labels...), ",") + "} " + value + "\n"
}

func TestFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why   string
		page  string
		field string
		want  float64
	}{
		{"mJ, divided rather than multiplied", sample("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "237463871"), "energy_consumption", 237463.871},
		{"joules since 4.9.0", sample("DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", "237463"), "energy_consumption", 237463},
		{"both: the one with more digits", sample("DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", "237464") + sample("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "237463871"), "energy_consumption", 237463.871},
		{"1.x", sample("dcgm_total_energy_consumption", "5000"), "energy_consumption", 5},
		{"nanoseconds whatever HELP says", "# HELP DCGM_FI_DEV_POWER_VIOLATION Throttling (in us).\n" + sample("DCGM_FI_DEV_POWER_VIOLATION", "1500000000"), "power_violation", 1.5},
		{"MiB", sample("DCGM_FI_DEV_FB_USED", "3"), "memory_used", 3 << 20},
		{"bytes by suffix", sample("DCGM_FI_DEV_FB_USED_BYTES", "3145728"), "memory_used", 3 << 20},
		{"bytes, whatever HELP says", "# HELP DCGM_FI_DEV_FB_USED_BYTES Used (in MiB).\n" + sample("DCGM_FI_DEV_FB_USED_BYTES", "3145728"), "memory_used", 3 << 20},
		{"MHz", sample("DCGM_FI_DEV_SM_CLOCK", "1980"), "sm_clock", 1980e6},
		{"Hz by suffix", sample("DCGM_FI_DEV_SM_CLOCK_HERTZ", "1.98e+09"), "sm_clock", 1980e6},
		{"percent", sample("DCGM_FI_DEV_GPU_UTIL", "66"), "gpu_utilization", 0.66},
		{"ratio by HELP", "# HELP DCGM_FI_DEV_GPU_UTIL_RATIO Busy (ratio 0-1).\n" + sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "0.66"), "gpu_utilization", 0.66},
		{"percent by HELP under the ratio's name", "# HELP DCGM_FI_DEV_GPU_UTIL_RATIO GPU utilization (in %).\n" + sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "1"), "gpu_utilization", 0.01},
		{"percent for want of another possibility", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "66"), "gpu_utilization", 0.66},
		{"ratio by its name", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "0.5"), "gpu_utilization", 0.5},
		{"a name nobody has seen yet: known stem, base unit", sample("DCGM_FI_DEV_MEM_COPY_UTIL_RATIO", "0.25"), "memory_utilization", 0.25},
		{"unit by HELP", "# HELP DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL NVLink (in MB/s)\n" + sample("DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL", "2"), "nvlink_rate", 2e6},
		{"no unit, no guess", sample("DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL", "2"), "DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL", 2},
		{"unknown", sample("DCGM_FI_DEV_NEW_THING", "17.5"), "DCGM_FI_DEV_NEW_THING", 17.5},
		{"several values of a field", sample("DCGM_EXP_XID_ERRORS_COUNT", "2", `xid="43"`, `window_size_in_ms="300000"`), "DCGM_EXP_XID_ERRORS_COUNT{xid=43}", 2},
		{"the device's value beside a pod's", sample("DCGM_FI_DEV_GPU_UTIL", "20", `pod="a"`) + sample("DCGM_FI_DEV_GPU_UTIL", "70"), "gpu_utilization", 0.7},
		{"a timestamp", sample("DCGM_FI_DEV_GPU_TEMP", "36 1795437373934"), "temperature", 36},
		{"carriage returns", strings.ReplaceAll("# HELP x y\n"+sample("DCGM_FI_DEV_GPU_TEMP", "36"), "\n", "\r\n"), "temperature", 36},
	}
	for _, test := range tests {
		p, err := Parse([]byte(test.page))
		if err != nil || len(p.GPUs) != 1 {
			t.Errorf("%s: %d GPUs, error %v", test.why, len(p.GPUs), err)
			continue
		}
		if diff := cmp.Diff(map[string]float64{test.field: test.want}, p.GPUs[0].Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	values := []string{"NaN", "+Inf", "-Inf",
		"2147483632", "2147483633", "2147483634", "2147483635", "2.147483632e+09",
		"9223372036854775792", "9223372036854775793", "9223372036854775794", "9223372036854775795", "9.223372036854776e+18",
		"140737488355328.000000", "140737488355329.000000", "140737488355330.000000", "140737488355331.000000", "1.40737488355328e+14"}
	for _, v := range values {
		p, err := Parse([]byte(sample("DCGM_FI_DEV_GPU_TEMP", "36") + sample("DCGM_FI_DEV_MEMORY_TEMP", v)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]float64{"temperature": 36}, p.GPUs[0].Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v, diff)
		}
	}
	for _, v := range []string{"0", "2147483631", "2147483636", "9223372036854774000", "140737488355327"} {
		p, err := Parse([]byte(sample("DCGM_FI_DEV_NEW_THING", v)))
		if err != nil || len(p.GPUs) != 1 || len(p.GPUs[0].Fields) != 1 {
			t.Errorf("%s was not taken: %v, %v", v, p.GPUs, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	index := func(n int) *int { return &n }
	power := map[string]float64{"power_usage": 70}
	none := map[string]string{}
	tests := []struct {
		why  string
		page string
		want []record.GPU
	}{
		{"no GPU", `DCGM_FI_DEV_CPU_TEMP_CURRENT{cpu="1",Hostname="n"} 46.5` + "\n", []record.GPU{}},
		{"another exporter", `go_goroutines 8` + "\n" + `node_thing{gpu="0"} 8` + "\n", []record.GPU{}},
		{"2.4: neither model nor bus", `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",device="nvidia0",Hostname="n"} 70` + "\n", []record.GPU{
			{GPU: index(0), UUID: "GPU-a", Host: "n", Platform: NVIDIA, Fields: power, Labels: map[string]string{"device": "nvidia0"}},
		}},
		{"no UUID", `DCGM_FI_DEV_POWER_USAGE{gpu="1"} 70` + "\n" + `DCGM_FI_DEV_POWER_USAGE{gpu="0"} 70` + "\n", []record.GPU{
			{GPU: index(0), Platform: NVIDIA, Fields: power, Labels: none},
			{GPU: index(1), Platform: NVIDIA, Fields: power, Labels: none},
		}},
		{"labels that say the same", `dcgm_power_usage{gpu="0",uuid="GPU-a",pod_name="p",pod_namespace="s",container_name="",DCGM_FI_SYSTEM_DRIVER_VERSION="580"} 70` + "\n", []record.GPU{
			{GPU: index(0), UUID: "GPU-a", Platform: NVIDIA, Fields: power, Labels: map[string]string{"pod": "p", "namespace": "s", "driver_version": "580"}},
		}},
		{"two jobs on a GPU", sample("DCGM_FI_DEV_POWER_USAGE", "70", `hpc_job="22"`) + sample("DCGM_FI_DEV_POWER_USAGE", "70", `hpc_job="11"`), []record.GPU{
			{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, Fields: power, Labels: map[string]string{"hpc_job": "11,22"}},
		}},
		{"the power of the GPU is read on its instances, whose pods are not the GPU's",
			sample("DCGM_FI_DEV_POWER_USAGE", "70", `GPU_I_ID="10"`, `GPU_I_PROFILE="1g.10gb"`, `device="nvidia3"`, `pod="a"`) +
				sample("DCGM_FI_DEV_POWER_USAGE", "70", `GPU_I_ID="9"`, `GPU_I_PROFILE="2g.20gb"`, `pod="b"`) +
				sample("DCGM_FI_DEV_FB_USED", "1", `GPU_I_ID="10"`, `GPU_I_PROFILE="1g.10gb"`, `pod="a"`) +
				sample("DCGM_FI_PROF_DRAM_ACTIVE", "0.5", `GPU_I_ID="9"`, `GPU_CI_ID="0"`, `GPU_I_PROFILE="2g.20gb"`, `pod="b"`),
			[]record.GPU{
				{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, Fields: power, Labels: map[string]string{"device": "nvidia3"}},
				{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, MIG: "9/0", MIGProfile: "2g.20gb", Fields: map[string]float64{"dram_activity": 0.5}, Labels: map[string]string{"pod": "b"}},
				{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, MIG: "10", MIGProfile: "1g.10gb", Fields: map[string]float64{"memory_used": 1 << 20}, Labels: map[string]string{"pod": "a"}},
			}},
		{"an XID and what it says", sample("DCGM_FI_DEV_XID_ERRORS", "79", `err_code="79"`, `err_msg="GPU has fallen off the bus"`), []record.GPU{
			{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, Fields: map[string]float64{"xid_errors": 79}, Labels: map[string]string{"xid_message": "GPU has fallen off the bus"}},
		}},
		{"no XID", sample("DCGM_FI_DEV_XID_ERRORS", "0", `err_code="0"`, `err_msg="No Error"`), []record.GPU{
			{GPU: index(3), UUID: "GPU-x", Platform: NVIDIA, Fields: map[string]float64{"xid_errors": 0}, Labels: none},
		}},
		{"AMD with its prefix", `amd_gpu_package_power{gpu_id="2",serial_number="77",card_model="m",card_series="MI300X",gpu_partition_id="0",hostname="n",pod=""} 70` + "\n", []record.GPU{
			{GPU: index(2), UUID: "77", Model: "MI300X", Host: "n", Platform: AMD, Fields: power, Labels: none},
		}},
	}
	for _, test := range tests {
		p, err := Parse([]byte(test.page))
		if err != nil {
			t.Errorf("%s: %v", test.why, err)
		}
		if diff := cmp.Diff(test.want, p.GPUs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.why, diff)
		}
	}
}

// TestBadLines: each costs itself, and the page's other values stay.
func TestBadLines(t *testing.T) {
	t.Parallel()
	good := sample("DCGM_FI_DEV_GPU_TEMP", "36")
	bad := []string{
		sample("DCGM_FI_DEV_POWER_USAGE", "N/A"),
		sample("DCGM_FI_DEV_POWER_USAGE", ""),
		sample("DCGM_FI_DEV_POWER_USAGE", "535.104.05"),
		sample("DCGM_FI_DEV_POWER_USAGE", "-nan"),
		sample("DCGM_FI_DEV_POWER_USAGE", "0x10"),
		sample("DCGM_FI_DEV_POWER_USAGE", "70", `pod="a"b"`),
		sample("DCGM_FI_DEV_POWER_USAGE", "70", `pod="a\d"`),
		sample("DCGM_FI_DEV_POWER_USAGE", "70", `gpu="4"`), // twice
		sample("DCGM_FI_DEV_POWER_USAGE", "70", "pod=\"\xff\""),
		"DCGM_FI_DEV_POWER_USAGE{gpu=\"3\",UUID=\"GPU-x\"} 7", // cut
	}
	for _, b := range bad {
		p, err := Parse([]byte(good + b))
		if err != nil || p.Rejected != 1 || p.Samples != 1 || len(p.GPUs) != 1 {
			t.Errorf("%q: %+v, %v", b, p, err)
			continue
		}
		if diff := cmp.Diff(map[string]float64{"temperature": 36}, p.GPUs[0].Fields); diff != "" {
			t.Errorf("%q (-want +got):\n%s", b, diff)
		}
	}
	p, err := Parse([]byte(good + "# HELP DCGM_FI_DEV_GPU_TEMP again\n# HELP DCGM_FI_DEV_GPU_TEMP and again\n"))
	if err != nil || p.Rejected != 0 || len(p.GPUs) != 1 {
		t.Errorf("a repeated HELP: %+v, %v", p, err)
	}
}

func TestNotPage(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"<!DOCTYPE html>\n<html></html>\n", `{"error":"no"}`, "\x1f\x8b\x08\x00\n\x00", "GPU 7"} {
		if p, err := Parse([]byte(s)); !errors.Is(err, ErrNotPage) || len(p.GPUs) != 0 {
			t.Errorf("%q: %+v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "\n", "# nothing\n", "# EOF\n"} {
		if p, err := Parse([]byte(s)); err != nil || p.Samples != 0 || p.Rejected != 0 {
			t.Errorf("%q: %+v, %v", s, p, err)
		}
	}
}

// readingKey is one number of a page.
type readingKey struct {
	uuid, mig, field string
	value            float64
}

func numbers(p Page) map[readingKey]bool {
	m := map[readingKey]bool{}
	for _, g := range p.GPUs {
		for f, v := range g.Fields {
			m[readingKey{g.UUID, g.MIG, f, v}] = true
		}
	}
	return m
}

// TestCutAnywhere: a page cut at any byte has no number that the whole page
// does not have, and loses at most the line that was cut.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	// Every byte of a small page; of longer ones as many bytes as time allows,
	// in steps that meet a line at any place.
	for name, step := range map[string]int{"one-gpu": 1, "blanks": 29, "mig": 431} {
		b := page(t, name)
		all, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		want := numbers(all)
		for n := 0; n < len(b); n += step {
			p, err := Parse(b[:n])
			if err != nil && !errors.Is(err, ErrNotPage) {
				t.Fatal(err)
			}
			lines := 0
			for l := range bytes.Lines(b[:n]) {
				if l[0] != '#' && bytes.HasSuffix(l, []byte{'\n'}) {
					lines++
				}
			}
			if p.Samples != lines {
				t.Errorf("%s cut at %d: %d samples of %d whole lines", name, n, p.Samples, lines)
			}
			for k := range numbers(p) {
				if !want[k] {
					t.Fatalf("%s cut at %d: invented %+v", name, n, k)
				}
			}
		}
	}
}

// reference is what expfmt makes of a page: its samples, sorted. It is false
// for a page that expfmt rejects.
func reference(b []byte) (samples []string, ok bool) {
	parser := newExpfmt()
	families, err := parser.TextToMetricFamilies(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			var v float64
			switch {
			case m.Gauge != nil:
				v = m.Gauge.GetValue()
			case m.Counter != nil:
				v = m.Counter.GetValue()
			case m.Untyped != nil:
				v = m.Untyped.GetValue()
			default:
				return nil, false // histograms are passed over
			}
			var labels []label
			for _, l := range m.GetLabel() {
				labels = append(labels, label{l.GetName(), l.GetValue()})
			}
			samples = append(samples, show(name, labels, v))
		}
	}
	slices.Sort(samples)
	return samples, true
}

func show(family string, labels []label, v float64) string {
	if v == 0 {
		v += 0 // of either sign, which two equal series may differ in
	}
	return fmt.Sprintf("%q %q %x", family, labels, v)
}

// understood is what a Parser made of the page it read last, sorted and each
// once: a series that is printed twice is one.
func understood(p *Parser) (samples []string) {
	for _, l := range p.lines {
		if l.sample && l.seen == p.page {
			l.understand()
			samples = append(samples, show(l.family, l.labels, l.value))
			l.forget()
		}
	}
	slices.Sort(samples)
	return samples
}

func TestExpfmtAgrees(t *testing.T) {
	t.Parallel()
	for _, name := range pages(t) {
		agree(t, page(t, name))
	}
}

// agree compares a page with expfmt's answer: all samples are accepted, with
// the same labels and values to the bit.
func agree(t *testing.T, b []byte) {
	t.Helper()
	want, ok := reference(b)
	if !ok {
		return
	}
	var p Parser
	got, _ := p.Parse(b)
	if got.Rejected > 0 || got.Samples != len(want) {
		t.Fatalf("%d of %d samples, %d lines rejected of a page that expfmt accepts: %v", got.Samples, len(want), got.Rejected, got.Reason)
	}
	have := understood(&p)
	for _, s := range have {
		if _, ok := slices.BinarySearch(want, s); !ok {
			t.Errorf("expfmt has no %s", s)
		}
	}
	// Lines without labels and of an odd form are counted only.
	for _, s := range want {
		if _, ok := slices.BinarySearch(have, s); !ok && !twiceIn(want, s) && !strings.Contains(s, "[] ") {
			t.Errorf("only expfmt has %s", s)
		}
	}
}

// twiceIn tells whether a series is in a page more than once.
func twiceIn(samples []string, s string) bool {
	series := s[:strings.LastIndexByte(s, ' ')+1]
	n := 0
	for _, o := range samples {
		if strings.HasPrefix(o, series) {
			n++
		}
	}
	return n > 1
}

func FuzzParse(f *testing.F) {
	for _, name := range pages(f) {
		if b := page(f, name); len(b) < 4_000 {
			f.Add(b)
		}
	}
	f.Add([]byte(sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "66") + sample("DCGM_FI_DEV_XID_ERRORS", "79", `err_msg="a \"b\""`)))
	f.Add([]byte(" ")) // blank and unterminated, which is not cut short
	f.Add([]byte("# TYPE a histogram\na_bucket{gpu=\"1\",le=\"+Inf\"} 3\na_sum 1\na_count 3\n"))
	f.Add([]byte("{\"DCGM_FI_DEV_GPU_TEMP\",gpu=\"1\",\"a b\"=\"c\"} 3\na{b = \"c\" , } 1e3 5\nx-1 3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil && len(p.GPUs) > 0 {
			t.Errorf("readings beside the error %v", err)
		}
		if err != nil && !errors.Is(err, ErrNotPage) {
			t.Errorf("error of no known type: %v", err)
		}
		for i := range p.GPUs {
			if _, err := record.Append(nil, &p.GPUs[i]); err != nil {
				t.Errorf("a reading cannot be written: %v", err)
			}
		}
		agree(t, b)
		// Samples of a cut page are some of the whole one's.
		var whole, cut Parser
		_, _ = whole.Parse(append(slices.Clip(b), '\n'))
		_, _ = cut.Parse(b[:len(b)/2])
		for text, l := range cut.lines {
			if o := whole.lines[text]; l.seen == cut.page && o == nil {
				t.Errorf("a cut page has %q, which the whole one has not", text)
			}
		}
	})
}
