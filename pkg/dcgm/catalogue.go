package dcgm

import (
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// Units of fields.
const (
	Watt    = "W"
	Joule   = "J"
	Second  = "s"
	Byte    = "B"
	ByteSec = "B/s"
	Hertz   = "Hz"
	Celsius = "°C"
	Ratio   = "ratio" // 0..1
	Number  = ""      // a count, a code
)

// A Field is what is known of a field of a record.
type Field struct {
	Name     string
	Unit     string
	Counter  bool // only differences mean something
	Instance bool // a MIG instance has its own; else it is the whole GPU's
}

// Catalogue lists the fields that have a name of this project, in the order in
// which a reader would look for them. Fields beyond them have the exporter's
// own name.
func Catalogue() []Field { return slices.Clone(catalogue) }

// Describe gives what is known of a field by its name in a record, which may
// have a part behind it as in "gpu_clock{clock_type=soc}".
func Describe(name string) (Field, bool) {
	name, _, _ = strings.Cut(name, "{")
	f, ok := catalogued[name]
	return f, ok
}

var catalogue = []Field{
	{record.FieldPower, Watt, false, false},
	{PowerInstant, Watt, false, false},
	{record.FieldEnergy, Joule, true, false},
	{PowerLimit, Watt, false, false},
	{PowerEnforced, Watt, false, false},
	{"power_limit_min", Watt, false, false},
	{"power_limit_max", Watt, false, false},
	{"power_limit_default", Watt, false, false},
	{record.FieldUtilization, Ratio, false, false},
	{record.FieldSMUtilization, Ratio, false, true},
	{SMOccupancy, Ratio, false, true},
	{EngineActivity, Ratio, false, true},
	{TensorActivity, Ratio, false, true},
	{"fp64_activity", Ratio, false, true},
	{"fp32_activity", Ratio, false, true},
	{"fp16_activity", Ratio, false, true},
	{"int_activity", Ratio, false, true},
	{DRAMActivity, Ratio, false, true},
	{MemUtilization, Ratio, false, false},
	{Encoder, Ratio, false, false},
	{Decoder, Ratio, false, false},
	{"jpeg_utilization", Ratio, false, false},
	{MemUsed, Byte, false, true},
	{MemFree, Byte, false, true},
	{MemTotal, Byte, false, true},
	{MemReserved, Byte, false, true},
	{MemUsedRatio, Ratio, false, true},
	{"bar1_used", Byte, false, true},
	{"bar1_free", Byte, false, true},
	{"bar1_total", Byte, false, true},
	{Temperature, Celsius, false, false},
	{MemTemperature, Celsius, false, false},
	{"slowdown_temperature", Celsius, false, false},
	{"shutdown_temperature", Celsius, false, false},
	{"max_temperature", Celsius, false, false},
	{"max_memory_temperature", Celsius, false, false},
	{"fan_speed", Ratio, false, false},
	{record.FieldSMClock, Hertz, false, false},
	{MemClock, Hertz, false, false},
	{VideoClock, Hertz, false, false},
	{"app_sm_clock", Hertz, false, false},
	{"app_memory_clock", Hertz, false, false},
	{"max_sm_clock", Hertz, false, false},
	{"max_memory_clock", Hertz, false, false},
	{"max_video_clock", Hertz, false, false},
	{"gpu_clock", Hertz, false, false},
	{record.FieldPowerViol, Second, true, false},
	{record.FieldThermalViol, Second, true, false},
	{"sync_boost_violation", Second, true, false},
	{"board_limit_violation", Second, true, false},
	{"low_utilization_violation", Second, true, false},
	{"reliability_violation", Second, true, false},
	{"app_clocks_violation", Second, true, false},
	{"base_clocks_violation", Second, true, false},
	{PCIeTx, ByteSec, false, false},
	{PCIeRx, ByteSec, false, false},
	{PCIeRate, ByteSec, false, false},
	{PCIeReplays, Number, true, false},
	{NVLinkTx, ByteSec, false, false},
	{NVLinkRx, ByteSec, false, false},
	{NVLinkRate, ByteSec, false, false},
	{record.FieldXID, Number, false, true}, // the last code
	{"ecc_correctable", Number, true, false},
	{"ecc_uncorrectable", Number, true, false},
	{"ecc_correctable_lifetime", Number, true, false},
	{"ecc_uncorrectable_lifetime", Number, true, false},
	{"remapped_rows_correctable", Number, true, false},
	{"remapped_rows_uncorrectable", Number, true, false},
	{"row_remap_failed", Number, false, false},
	{"retired_pages_correctable", Number, true, false},
	{"retired_pages_uncorrectable", Number, true, false},
	{"retired_pages_pending", Number, false, false},
}

var catalogued = func() map[string]Field {
	m := make(map[string]Field, len(catalogue))
	for _, f := range catalogue {
		m[f.Name] = f
	}
	return m
}()
