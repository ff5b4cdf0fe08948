package report

import (
	"cmp"
	"strings"

	"aiperf/pkg/dcgm"
)

// FieldNamed says what a field is, by its name in records. One that is not in
// the catalogue is described as package dcgm does, under a header that is made
// of its name, and is for files only; what nobody knows counts as a gauge
// without a unit.
func FieldNamed(name string) Field {
	bare, part, _ := strings.Cut(name, "{")
	part = strings.TrimSuffix(part, "}")
	if i, ok := fieldRank[bare]; ok {
		f := gpuFields[i]
		return Field{Name: name, Header: headed(f.header, part), Unit: f.unit, Counter: f.counter, Quiet: f.quiet}
	}
	f := Field{Name: name, Header: headed(title(bare), part), Unit: Unit{Factor: 1}, Quiet: true}
	if d, ok := dcgm.Describe(name); ok {
		f.Unit, f.Counter = fieldUnits[d.Unit], d.Counter
		if d.Unit == dcgm.Second && d.Counter {
			f.Unit = Microseconds
		}
	}
	return f
}

// headed adds the part of the GPU that a field is about.
func headed(header, part string) string {
	if part == "" {
		return header
	}
	return header + " (" + part + ")"
}

// fieldUnits are the units of package dcgm as they are shown.
var fieldUnits = map[string]Unit{
	dcgm.Watt: Watts, dcgm.Joule: Megajoules, dcgm.Second: Seconds, dcgm.Byte: Gigabytes, dcgm.ByteSec: Megabytes,
	dcgm.Hertz: Megahertz, dcgm.Celsius: Celsius, dcgm.Ratio: Percent, dcgm.Number: Count,
}

// acronyms are words that are written in capitals, or in their own way.
var acronyms = map[string]string{"gpu": "GPU", "sm": "SM", "pcie": "PCIe", "nvlink": "NVLink", "ecc": "ECC", "xid": "XID", "dram": "DRAM",
	"fp64": "FP64", "fp32": "FP32", "fp16": "FP16", "int": "INT", "bar1": "BAR1", "app": "Application", "fb": "FB", "hbm": "HBM", "vgpu": "vGPU"}

// title makes a header of a name.
func title(name string) string {
	for _, p := range []string{"DCGM_FI_DEV_", "DCGM_FI_PROF_", "DCGM_FI_"} {
		name = strings.TrimPrefix(name, p)
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == ' ' })
	for i, w := range words {
		if a, ok := acronyms[w]; ok {
			words[i] = a
		} else {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// fieldRank is where a field is in the catalogue.
var fieldRank = func() map[string]int {
	m := map[string]int{}
	for i, f := range gpuFields {
		m[f.name] = i
	}
	return m
}()

// CompareFields puts fields into the order of the catalogue, and others behind
// them by name.
func CompareFields(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

func rank(name string) int {
	name, _, _ = strings.Cut(name, "{")
	if i, ok := fieldRank[name]; ok {
		return i
	}
	return len(gpuFields)
}

// A gpuField is a quantity of a GPU that has a name of its own.
type gpuField struct {
	name, header string
	unit         Unit
	counter      bool
	quiet        bool // left out of tables
}

// gpuFields are in AIPerf's order, then what it does not know.
var gpuFields = []gpuField{
	{"power_usage", "GPU Power Usage", Watts, false, false},
	{"energy_consumption", "Energy Consumption", Megajoules, true, false},
	{"gpu_utilization", "GPU Utilization", Percent, false, false},
	{"memory_utilization", "Memory Utilization", Percent, false, false},
	{"memory_used", "GPU Memory Used", Gigabytes, false, false},
	{"temperature", "GPU Temperature", Celsius, false, false},
	{"sm_utilization", "SM Utilization", Percent, false, false},
	{"decoder_utilization", "Decoder Utilization", Percent, false, false},
	{"encoder_utilization", "Encoder Utilization", Percent, false, false},
	{"jpeg_utilization", "JPEG Utilization", Percent, false, false},
	{"xid_errors", "XID Errors", Count, true, false},
	{"power_violation", "Power Violation", Microseconds, true, false},

	{"thermal_violation", "Thermal Violation", Microseconds, true, false},
	{"sm_clock", "SM Clock", Megahertz, false, false},
	{"memory_clock", "Memory Clock", Megahertz, false, false},
	{"memory_temperature", "Memory Temperature", Celsius, false, false},
	{"engine_activity", "Engine Activity", Percent, false, false},
	{"sm_occupancy", "SM Occupancy", Percent, false, false},
	{"tensor_activity", "Tensor Activity", Percent, false, false},
	{"dram_activity", "DRAM Activity", Percent, false, false},
	{"pcie_tx_rate", "PCIe Transmit Rate", Megabytes, false, false},
	{"pcie_rx_rate", "PCIe Receive Rate", Megabytes, false, false},
	{"nvlink_tx_rate", "NVLink Transmit Rate", Megabytes, false, false},
	{"nvlink_rx_rate", "NVLink Receive Rate", Megabytes, false, false},
	{"nvlink_rate", "NVLink Rate", Megabytes, false, false},
	{"ecc_uncorrectable", "ECC Uncorrectable", Count, true, false},
	{"throttle_status", "Throttle Status", Count, false, false},

	{"power_usage_instant", "Instant Power Usage", Watts, false, true},
	{"average_package_power", "Average Package Power", Watts, false, true},
	{"power_limit", "Power Limit", Watts, false, true},
	{"power_limit_enforced", "Enforced Power Limit", Watts, false, true},
	{"memory_free", "GPU Memory Free", Gigabytes, false, true},
	{"memory_total", "GPU Memory Total", Gigabytes, false, true},
	{"memory_reserved", "GPU Memory Reserved", Gigabytes, false, true},
	{"memory_used_ratio", "GPU Memory Used Ratio", Percent, false, true},
	{"video_clock", "Video Clock", Megahertz, false, true},
	{"sync_boost_violation", "Sync Boost Violation", Microseconds, true, true},
	{"board_limit_violation", "Board Limit Violation", Microseconds, true, true},
	{"low_utilization_violation", "Low Utilization Violation", Microseconds, true, true},
	{"reliability_violation", "Reliability Violation", Microseconds, true, true},
	{"pcie_replays", "PCIe Replays", Count, true, true},
	{"ecc_correctable", "ECC Correctable", Count, true, true},
	{"remapped_rows_uncorrectable", "Remapped Rows Uncorrectable", Count, true, true},
	{"remapped_rows_correctable", "Remapped Rows Correctable", Count, true, true},
	{"row_remap_failed", "Row Remap Failed", Count, false, true},
	{"gpu_health", "GPU Health", Count, false, true},
}
