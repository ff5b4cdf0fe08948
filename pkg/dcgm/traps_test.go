package dcgm

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// brief is a reading in one line: who, labels, fields.
func brief(g record.GPU) string {
	index := "-"
	if g.GPU != nil {
		index = fmt.Sprint(*g.GPU)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s/%s", index, g.UUID, g.MIG)
	for _, k := range slices.Sorted(maps.Keys(g.Labels)) {
		fmt.Fprintf(&b, " %s=%s", k, g.Labels[k])
	}
	b.WriteString(":")
	for _, k := range slices.Sorted(maps.Keys(g.Fields)) {
		fmt.Fprintf(&b, " %s=%v", k, g.Fields[k])
	}
	return b.String()
}

const (
	oldLabel = `DCGM_FI_DRIVER_VERSION="1"`
	newLabel = `DCGM_FI_SYSTEM_DRIVER_VERSION="1"`
)

func smiSample(family, value string, labels ...string) string {
	return "nvidia_smi_" + family + "{" + strings.Join(append([]string{`uuid="x"`}, labels...), ",") + "} " + value + "\n"
}

func amdSample(family, value string, labels ...string) string {
	return family + "{" + strings.Join(append([]string{`gpu_id="3"`, `serial_number="S"`}, labels...), ",") + "} " + value + "\n"
}

// TestTraps: what is easily got wrong.
func TestTraps(t *testing.T) {
	t.Parallel()
	mig := []string{`GPU_I_ID="7"`, `GPU_I_PROFILE="1g.10gb"`}
	tests := []struct {
		why, page string
		want      []string
	}{
		{"a ratio's name, whole percentages, the label of before 4.9", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "1", oldLabel),
			[]string{"3/GPU-x/ driver_version=1: gpu_utilization=0.01"}},
		{"a ratio with the old label, which a list of one's own may still ask for", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "0.5", oldLabel),
			[]string{"3/GPU-x/ driver_version=1: gpu_utilization=0.5"}},
		{"busy all the time", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "1", newLabel),
			[]string{"3/GPU-x/ driver_version=1: gpu_utilization=1"}},
		{"one GPU at 1 % beside one at 66 %", sample("DCGM_FI_DEV_GPU_UTIL_RATIO", "66") + `DCGM_FI_DEV_GPU_UTIL_RATIO{gpu="4",UUID="GPU-y"} 1` + "\n",
			[]string{"3/GPU-x/: gpu_utilization=0.66", "4/GPU-y/: gpu_utilization=0.01"}},
		{"a profiling ratio that old lists call a percentage", "# HELP DCGM_FI_PROF_PIPE_NEW_ACTIVE Ratio of cycles (in %).\n" + sample("DCGM_FI_PROF_PIPE_NEW_ACTIVE", "0.5"),
			[]string{"3/GPU-x/: DCGM_FI_PROF_PIPE_NEW_ACTIVE=0.5"}},
		{"millijoules and megajoules differ by a letter's size", "# HELP DCGM_FI_A x (in mJ)\n# HELP DCGM_FI_B x (in MJ)\n" + sample("DCGM_FI_A", "2") + sample("DCGM_FI_B", "2"),
			[]string{"3/GPU-x/: DCGM_FI_A=0.002 DCGM_FI_B=2e+06"}},
		{"MB may mean MiB, and Mb/s are bits: no guess", "# HELP DCGM_FI_A x (in MB)\n# HELP DCGM_FI_B x (in Mb/s)\n" + sample("DCGM_FI_A", "2") + sample("DCGM_FI_B", "2"),
			[]string{"3/GPU-x/: DCGM_FI_A=2 DCGM_FI_B=2"}},
		{"the unit is in the second parentheses", "# HELP DCGM_FI_A x (of all) (in %)\n" + sample("DCGM_FI_A", "2"),
			[]string{"3/GPU-x/: DCGM_FI_A=0.02"}},
		{"a HELP that differs, in either order", "# HELP DCGM_FI_A x (in ms)\n" + sample("DCGM_FI_A", "2") + "# HELP DCGM_FI_A x (in us)\n",
			[]string{"3/GPU-x/: DCGM_FI_A=0.002"}},
		{"nanoseconds in the name", "# HELP DCGM_FI_A_NS x (in ns)\n" + sample("DCGM_FI_A_NS", "2"),
			[]string{"3/GPU-x/: DCGM_FI_A_NS=2"}},
		{"both names of a field, whichever is first", sample("DCGM_FI_DEV_FB_USED_BYTES", "7") + sample("DCGM_FI_DEV_FB_USED", "3") + sample("DCGM_FI_DEV_BOARD_POWER_WATTS", "9"),
			[]string{"3/GPU-x/: memory_used=3.145728e+06 power_usage=9"}},
		{"the better name is blank", sample("DCGM_FI_DEV_FB_USED_BYTES", "7") + sample("DCGM_FI_DEV_FB_USED", "2147483632"),
			[]string{"3/GPU-x/: memory_used=7"}},
		{"too large for a base unit", sample("DCGM_FI_DEV_SM_CLOCK", "1e+308") + sample("DCGM_FI_DEV_GPU_TEMP", "1"),
			[]string{"3/GPU-x/: temperature=1"}},
		{"nothing but blanks is no reading", sample("DCGM_FI_DEV_GPU_TEMP", "NaN"), nil},
		{"a whole GPU's power on instances, once", sample("DCGM_FI_DEV_POWER_USAGE", "400", mig...) + sample("DCGM_FI_DEV_POWER_USAGE", "400", `GPU_I_ID="8"`),
			[]string{"3/GPU-x/: power_usage=400"}},
		{"fields of an instance beside those of the GPU", sample("DCGM_FI_PROF_SM_ACTIVE", "0.5", mig...) + sample("DCGM_FI_PROF_PCIE_RX_BYTES", "5", mig...) + sample("DCGM_FI_PROF_NVLINK_L0_TX_BYTES", "6", mig...) +
			sample("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "1", mig...) + sample("DCGM_FI_DEV_BAR1_USED", "1", mig...) + sample("DCGM_FI_DEV_SM_CLOCK_HERTZ", "1", mig...) + sample("DCGM_FI_DEV_FB_CAPACITY_BYTES", "1", mig...) + sample("DCGM_FI_PROF_TENSOR_UTIL_RATIO", "1", mig...),
			[]string{"3/GPU-x/: DCGM_FI_PROF_NVLINK_L0_TX_BYTES=6 pcie_rx_rate=5 remapped_rows_uncorrectable=1 sm_clock=1", "3/GPU-x/7: bar1_used=1.048576e+06 memory_total=1 sm_utilization=0.5 tensor_activity=1"}},
		{"fields of type label hold for the GPU, pods for the instance", sample("DCGM_FI_DEV_POWER_USAGE", "400", `GPU_I_ID="7"`, `pod="p"`, `DCGM_FI_DEV_BRAND="b"`),
			[]string{"3/GPU-x/ DCGM_FI_DEV_BRAND=b: power_usage=400"}},
		{"instances by number", sample("DCGM_FI_DEV_FB_USED_BYTES", "1", `GPU_I_ID="10"`) + sample("DCGM_FI_DEV_FB_USED_BYTES", "1", `GPU_I_ID="9"`, `GPU_CI_ID="1"`) + sample("DCGM_FI_DEV_FB_USED_BYTES", "1", `GPU_I_ID="9"`),
			[]string{"3/GPU-x/9: memory_used=1", "3/GPU-x/9/1: memory_used=1", "3/GPU-x/10: memory_used=1"}},
		{"a link names its GPU otherwise, and a link of a switch names none", sample("DCGM_FI_DEV_GPU_TEMP", "1") + `DCGM_FI_A{nvlink="2",gpu="3",gpu_uuid="GPU-x",model_name="m"} 4` + "\n" + `DCGM_FI_A{nvlink="2",nvswitch="0"} 4` + "\n",
			[]string{"3/GPU-x/: DCGM_FI_A{nvlink=2}=4 temperature=1"}},
		{"a link without the GPU's UUID", `DCGM_FI_A{nvlink="2",gpu="3"} 4` + "\n" + sample("DCGM_FI_DEV_GPU_TEMP", "1"),
			[]string{"3/GPU-x/: DCGM_FI_A{nvlink=2}=4 temperature=1"}},
		{"and when two UUIDs have had the index", `DCGM_FI_A{gpu="3"} 4` + "\n" + sample("DCGM_FI_DEV_GPU_TEMP", "1") + `DCGM_FI_DEV_GPU_TEMP{gpu="3",UUID="GPU-y"} 1` + "\n",
			[]string{"3//: DCGM_FI_A=4", "3/GPU-x/: temperature=1", "3/GPU-y/: temperature=1"}},
		{"a value of the machine is no link's", sample("DCGM_FI_DEV_COUNT", "2") + `DCGM_FI_DEV_COUNT{nvlink="2",gpu="3",gpu_uuid="GPU-x"} 2` + "\n",
			[]string{"3/GPU-x/: DCGM_FI_DEV_COUNT=2"}},
		{"an XID's message on any of its lines, in the order of names", sample("DCGM_FI_DEV_XID_ERRORS", "79", `container="c"`, `err_code="79"`, `err_msg="m"`, `pod="p"`) + sample("DCGM_FI_DEV_GPU_TEMP", "1"),
			[]string{"3/GPU-x/ container=c pod=p xid_message=m: temperature=1 xid_errors=79"}},
		{"a pod's labels are not the GPU's name or index", sample("DCGM_FI_DEV_GPU_TEMP", "1", `name="n"`, `index="9"`, `profile="p"`, `gpu_id="8"`, `serial_number="s"`),
			[]string{"3/GPU-x/ gpu_id=8 index=9 name=n profile=p serial_number=s: temperature=1"}},
		{"a name that is no GPU's", `gpu_thing{gpu="3"} 1` + "\n" + `amd_gpu_package_power{gpu="3"} 1` + "\n" + `dcgm_exporter_up 1` + "\n", nil},

		{"AMD: no power is none, and the next best is taken", amdSample("gpu_package_power", "0") + amdSample("amd_gpu_power_usage", "300"),
			[]string{"3/S/: power_usage=300"}},
		{"AMD: no UUID, no serial number", `gpu_gfx_activity{gpu_id="3",serial_number=""} 50` + "\n",
			[]string{"3//: gpu_utilization=0.5"}},
		{"AMD: a UUID is better than a serial number", amdSample("gpu_used_vram", "1", `gpu_uuid="u"`),
			[]string{"3/u/: memory_used=1.048576e+06"}},
		{"AMD: the fastest of several clocks", amdSample("gpu_clock", "100", `clock_type="system"`, `clock_index="0"`) + amdSample("gpu_clock", "200", `clock_type="system"`, `clock_index="1"`) + amdSample("gpu_clock", "7", `clock_type="soc"`, `clock_index="2"`),
			[]string{"3/S/: gpu_clock{clock_index=2,clock_type=soc}=7e+06 sm_clock=2e+08"}},
		{"AMD: unknown fields by one name, with and without the prefix", amdSample("amd_gpu_new", "1") + amdSample("pcie_new", "2"),
			[]string{"3/S/: gpu_new=1 pcie_new=2"}},

		{"nvidia-smi: the same GPU as DCGM's", smiSample("power_draw_watts", "70") + smiSample("gpu_info", "1", `index="3"`, `driver_version="1"`, `serial="[N/A]"`) + sample("DCGM_FI_DEV_GPU_TEMP", "1"),
			[]string{"3/GPU-x/ driver_version=1: power_usage=70 temperature=1"}},
		{"nvidia-smi: a prefix that is there already", strings.ReplaceAll(smiSample("power_draw_watts", "70"), `"x"`, `"GPU-x"`),
			[]string{"-/GPU-x/: power_usage=70"}},
		{"nvidia-smi: info alone is no reading", smiSample("gpu_info", "1", `index="3"`), nil},
		{"nvidia-smi: a process is no GPU", smiSample("compute_app_used_memory_bytes", "70", `pid="1"`), nil},
		{"nvidia-smi: the average where there is nothing else", smiSample("power_draw_average_watts", "70"),
			[]string{"-/GPU-x/: power_usage=70"}},
	}
	for _, test := range tests {
		for _, text := range []string{test.page, reversed(test.page)} {
			p, err := Parse([]byte(text))
			if err != nil || p.Rejected > 0 {
				t.Errorf("%s: %d lines rejected, %v, error %v", test.why, p.Rejected, p.Reason, err)
				continue
			}
			var got []string
			for _, g := range p.GPUs {
				got = append(got, brief(g))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%s", test.why, diff, text)
			}
		}
	}
}

// reversed is a page with its lines in the other direction.
func reversed(page string) string {
	lines := slices.Collect(strings.Lines(page))
	slices.Reverse(lines)
	return strings.Join(lines, "")
}

// TestBadTexts: the first lines that were rejected are told of with their
// numbers and text, and all are counted.
func TestBadTexts(t *testing.T) {
	t.Parallel()
	good := sample("DCGM_FI_DEV_GPU_TEMP", "36")
	long := sample("DCGM_FI_DEV_GPU_UTIL", strings.Repeat("x", 1000))
	p, err := Parse([]byte(good + "a b\n" + "c 1 2 3\n" + good + long + "d e\n" + `x{gpu="3"} 24240`))
	if err != nil {
		t.Fatal(err)
	}
	want := []BadLine{
		{2, "a b", `expected float as value, got "b"`},
		{3, "c 1 2 3", "what stands after the value is no timestamp"},
		{5, long[:200], `expected float as value, got "` + strings.Repeat("x", 200) + `"`},
	}
	if diff := cmp.Diff(want, p.Bad); diff != "" || p.Rejected != 5 || p.Samples != 2 {
		t.Errorf("%d rejected, %d samples (-want +got):\n%s", p.Rejected, p.Samples, diff)
	}
	if p.Reason == nil || p.Reason.Error() != `line 2: expected float as value, got "b"` {
		t.Errorf("reason %v", p.Reason)
	}
}

// TestHostile: pages that want to cost more than their bytes.
func TestHostile(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	pages := map[string]string{
		"one line":                     repeat("x"),
		"one label":                    `x{gpu="` + repeat("y") + `"} 1` + "\n",
		"many labels":                  `DCGM_FI_A{gpu="1",` + numbered(`a%d="",`) + "} 1\n",
		"many labels of an odd name":   `DCGM_FI_A{gpu="1","x y"="",` + numbered(`a%d="",`) + "} 1\n",
		"odd lines":                    repeat(`{"DCGM_FI_A",` + strings.Repeat(`"`, 500) + "}\n"),
		"quotes":                       repeat(`x{a="\"` + "\n"),
		"braces":                       repeat("{}"),
		"comments":                     numbered("# HELP x%d y\n"),
		"GPUs":                         numbered("DCGM_FI_A{gpu=\"%d\"} 1\n"),
		"pods on one GPU":              numbered("DCGM_FI_A{gpu=\"1\",pod=\"%d\"} 1\n"),
		"series without UUID":          numbered("DCGM_FI_A{gpu=\"%d\"} 1\nDCGM_FI_A{gpu=\"0\",UUID=\"x\"} 1\n"),
		"the same index":               numbered("DCGM_FI_A{gpu=\"1\",UUID=\"%d\"} 1\n"),
		"digits":                       "x " + repeat("1") + "\n",
		"parentheses":                  "# HELP DCGM_FI_A " + repeat("(") + "\nDCGM_FI_A{gpu=\"1\"} 1\n",
		"blanks":                       repeat(" \t"),
		"newlines":                     repeat("\n"),
		"nothing but what expfmt asks": repeat("\"\n"),
	}
	for why, text := range pages {
		var p Parser
		for range 2 {
			got, _ := p.Parse([]byte(text))
			if len(got.Bad) > 3 {
				t.Errorf("%s: %d lines are told of", why, len(got.Bad))
			}
		}
		_, _ = p.Parse([]byte(sample("DCGM_FI_DEV_GPU_TEMP", "36")))
		if len(p.lines) > 300 {
			t.Errorf("%s: %d lines are remembered", why, len(p.lines))
		}
	}
}

// TestSame: readings are the same whatever the order, and differ by any part.
func TestSame(t *testing.T) {
	t.Parallel()
	b := page(t, "pods")
	var p Parser
	first, err := p.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if first.Repeat {
		t.Error("the first page repeats something")
	}
	tests := []struct {
		why  string
		page []byte
		same bool
	}{
		{"another order of families", rotate(b, 7), true},
		{"metrics of the exporter itself", append(slices.Clone(b), "go_goroutines 8\n"...), true},
		{"those gone again", b, true},
		{"a value", bytes.Replace(b, []byte(" 386.022000\n"), []byte(" 386.023000\n"), 1), false},
		{"back", b, false},
		{"a label", bytes.ReplaceAll(b, []byte("dynamo"), []byte("other")), false},
		{"a bad line instead of a value", bytes.Replace(b, []byte(" 386.022000\n"), []byte(" ERROR\n"), 1), false},
		{"again", bytes.Replace(b, []byte(" 386.022000\n"), []byte(" ERR\n"), 1), true},
		{"a blank instead", bytes.Replace(b, []byte(" 386.022000\n"), []byte(" NaN\n"), 1), true},
	}
	before := first
	for _, test := range tests {
		got, err := p.Parse(test.page)
		if err != nil {
			t.Fatal(err)
		}
		if got.Repeat != test.same || Same(before.GPUs, got.GPUs) != test.same {
			t.Errorf("%s: repeat %v, same %v; want %v", test.why, got.Repeat, Same(before.GPUs, got.GPUs), test.same)
		}
		before = got
	}
}
