package dcgm

import (
	"aiperf/pkg/record"
)

// A unit leads to a base unit: times mul, then divided by div. Dividing by a
// power of ten gives the float64 next to the decimal number, which multiplying
// by its inverse does not.
type unit struct{ mul, div float64 }

func (u unit) base(v float64) float64 {
	if u == ratio {
		if v > 1 {
			return percent.base(v)
		}
		return v
	}
	return v * u.mul / u.div
}

var (
	plain   = unit{1, 1}
	kilo    = unit{1e3, 1}
	mega    = unit{1e6, 1}
	giga    = unit{1e9, 1}
	mebi    = unit{1 << 20, 1}
	percent = unit{1, 100}
	milli   = unit{1, 1e3}
	micro   = unit{1, 1e6}
	nano    = unit{1, 1e9}

	// ratio is a ratio by its name that might yet be a percentage, which above
	// 1 it is sure to be.
	ratio = unit{1, -1}
)

// Names of fields beside those in [record].
const (
	PowerInstant   = "power_usage_instant"  // W, not averaged over a second
	PowerLimit     = "power_limit"          // W, as asked for
	PowerEnforced  = "power_limit_enforced" // W
	Temperature    = "temperature"          // °C
	MemTemperature = "memory_temperature"   // °C
	MemClock       = "memory_clock"         // Hz
	VideoClock     = "video_clock"          // Hz
	MemUtilization = "memory_utilization"   // 0..1, share of time with traffic
	Encoder        = "encoder_utilization"  // 0..1
	Decoder        = "decoder_utilization"  // 0..1
	MemUsed        = "memory_used"          // bytes
	MemFree        = "memory_free"          // bytes
	MemTotal       = "memory_total"         // bytes
	MemReserved    = "memory_reserved"      // bytes
	MemUsedRatio   = "memory_used_ratio"    // 0..1
	EngineActivity = "engine_activity"      // 0..1
	SMOccupancy    = "sm_occupancy"         // 0..1
	TensorActivity = "tensor_activity"      // 0..1
	DRAMActivity   = "dram_activity"        // 0..1
	PCIeTx         = "pcie_tx_rate"         // bytes/s
	PCIeRx         = "pcie_rx_rate"         // bytes/s
	PCIeReplays    = "pcie_replays"         // a counter
	NVLinkTx       = "nvlink_tx_rate"       // bytes/s
	NVLinkRx       = "nvlink_rx_rate"       // bytes/s
	NVLinkRate     = "nvlink_rate"          // bytes/s, both ways, all links
)

// A field says what the samples of a family are.
type field struct {
	name string // in a record
	unit unit   // of the page
	rank int    // of two families with one name the lower rank counts
}

// nvidia holds the families of dcgm-exporter whose meaning is sure. A family's
// unit is DCGM's, whatever its HELP says, which anybody may write: exporters
// called the violations microseconds for years, and they were nanoseconds.
var nvidia = map[string]field{
	"DCGM_FI_DEV_POWER_USAGE":              {record.FieldPower, plain, 0},
	"DCGM_FI_DEV_POWER_USAGE_INSTANT":      {PowerInstant, plain, 0},
	"DCGM_FI_DEV_POWER_MGMT_LIMIT":         {PowerLimit, plain, 0},
	"DCGM_FI_DEV_ENFORCED_POWER_LIMIT":     {PowerEnforced, plain, 0},
	"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": {record.FieldEnergy, milli, 0},
	"DCGM_FI_DEV_GPU_TEMP":                 {Temperature, plain, 0},
	"DCGM_FI_DEV_MEMORY_TEMP":              {MemTemperature, plain, 0},
	"DCGM_FI_DEV_SM_CLOCK":                 {record.FieldSMClock, mega, 0},
	"DCGM_FI_DEV_MEM_CLOCK":                {MemClock, mega, 0},
	"DCGM_FI_DEV_VIDEO_CLOCK":              {VideoClock, mega, 0},
	"DCGM_FI_DEV_GPU_UTIL":                 {record.FieldUtilization, percent, 0},
	"DCGM_FI_DEV_MEM_COPY_UTIL":            {MemUtilization, percent, 0},
	"DCGM_FI_DEV_ENC_UTIL":                 {Encoder, percent, 0},
	"DCGM_FI_DEV_DEC_UTIL":                 {Decoder, percent, 0},
	"DCGM_FI_DEV_FB_USED":                  {MemUsed, mebi, 0},
	"DCGM_FI_DEV_FB_FREE":                  {MemFree, mebi, 0},
	"DCGM_FI_DEV_FB_TOTAL":                 {MemTotal, mebi, 0},
	"DCGM_FI_DEV_FB_RESERVED":              {MemReserved, mebi, 0},
	"DCGM_FI_DEV_FB_USED_PERCENT":          {MemUsedRatio, plain, 0}, // 0..1 in spite of its name
	"DCGM_FI_DEV_XID_ERRORS":               {record.FieldXID, plain, 0},
	"DCGM_FI_DEV_POWER_VIOLATION":          {record.FieldPowerViol, nano, 0},
	"DCGM_FI_DEV_THERMAL_VIOLATION":        {record.FieldThermalViol, nano, 0},
	"DCGM_FI_DEV_SYNC_BOOST_VIOLATION":     {"sync_boost_violation", nano, 0},
	"DCGM_FI_DEV_BOARD_LIMIT_VIOLATION":    {"board_limit_violation", nano, 0},
	"DCGM_FI_DEV_LOW_UTIL_VIOLATION":       {"low_utilization_violation", nano, 0},
	"DCGM_FI_DEV_RELIABILITY_VIOLATION":    {"reliability_violation", nano, 0},
	"DCGM_FI_DEV_PCIE_REPLAY_COUNTER":      {PCIeReplays, plain, 0},
	"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL":   {NVLinkRate, mega, 0}, // MB/s, though typed a counter

	"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": {"remapped_rows_uncorrectable", plain, 0},
	"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS":   {"remapped_rows_correctable", plain, 0},
	"DCGM_FI_DEV_ROW_REMAP_FAILURE":           {"row_remap_failed", plain, 0},

	"DCGM_FI_PROF_GR_ENGINE_ACTIVE":   {EngineActivity, plain, 0},
	"DCGM_FI_PROF_SM_ACTIVE":          {record.FieldSMUtilization, plain, 0},
	"DCGM_FI_PROF_SM_OCCUPANCY":       {SMOccupancy, plain, 0},
	"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": {TensorActivity, plain, 0},
	"DCGM_FI_PROF_DRAM_ACTIVE":        {DRAMActivity, plain, 0},
	"DCGM_FI_PROF_PCIE_TX_BYTES":      {PCIeTx, plain, 0},
	"DCGM_FI_PROF_PCIE_RX_BYTES":      {PCIeRx, plain, 0},
	"DCGM_FI_PROF_NVLINK_TX_BYTES":    {NVLinkTx, plain, 0},
	"DCGM_FI_PROF_NVLINK_RX_BYTES":    {NVLinkRx, plain, 0},

	// Names of 4.9.0 that are not an older one and a unit.
	"DCGM_FI_DEV_BOARD_POWER_WATTS":                 {record.FieldPower, plain, 1},
	"DCGM_FI_DEV_BOARD_POWER_RAW_WATTS":             {PowerInstant, plain, 1},
	"DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS": {PowerLimit, plain, 1},
	"DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS":  {PowerEnforced, plain, 1},
	// Whole joules at worst; the older counter has three more digits.
	"DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL":       {record.FieldEnergy, plain, 1},
	"DCGM_FI_DEV_MEMORY_CLOCK_HERTZ":            {MemClock, plain, 1},
	"DCGM_FI_DEV_FB_CAPACITY_BYTES":             {MemTotal, plain, 1},
	"DCGM_FI_DEV_FB_USED_RATIO":                 {MemUsedRatio, plain, 1},
	"DCGM_FI_DEV_XID_ERROR":                     {record.FieldXID, plain, 1},
	"DCGM_FI_DEV_PCIE_REPLAY_TOTAL":             {PCIeReplays, plain, 1},
	"DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL": {"remapped_rows_uncorrectable", plain, 1},
	"DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL":   {"remapped_rows_correctable", plain, 1},
	"DCGM_FI_DEV_ROW_REMAP_FAILED":              {"row_remap_failed", plain, 1},
	"DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO":         {EngineActivity, plain, 1},
	"DCGM_FI_PROF_SM_UTIL_RATIO":                {record.FieldSMUtilization, plain, 1},
	"DCGM_FI_PROF_SM_OCCUPANCY_RATIO":           {SMOccupancy, plain, 1},
	"DCGM_FI_PROF_TENSOR_UTIL_RATIO":            {TensorActivity, plain, 1},
	"DCGM_FI_PROF_DRAM_UTIL_RATIO":              {DRAMActivity, plain, 1},

	// Names of the 1.x exporter, which --use-old-namespace still prints.
	"dcgm_power_usage":              {record.FieldPower, plain, 2},
	"dcgm_total_energy_consumption": {record.FieldEnergy, milli, 2},
	"dcgm_gpu_utilization":          {record.FieldUtilization, percent, 2},
	"dcgm_mem_copy_utilization":     {MemUtilization, percent, 2},
	"dcgm_enc_utilization":          {Encoder, percent, 2},
	"dcgm_dec_utilization":          {Decoder, percent, 2},
	"dcgm_gpu_temp":                 {Temperature, plain, 2},
	"dcgm_memory_temp":              {MemTemperature, plain, 2},
	"dcgm_sm_clock":                 {record.FieldSMClock, mega, 2},
	"dcgm_memory_clock":             {MemClock, mega, 2},
	"dcgm_fb_used":                  {MemUsed, mebi, 2},
	"dcgm_fb_free":                  {MemFree, mebi, 2},
	"dcgm_xid_errors":               {record.FieldXID, plain, 2},
	"dcgm_power_violation":          {record.FieldPowerViol, nano, 2},
	"dcgm_thermal_violation":        {record.FieldThermalViol, nano, 2},
}

// amd holds the families of AMD's device metrics exporter, which may have the
// prefix "amd_". Its MB of memory are MiB.
var amd = map[string]field{
	"gpu_package_power":         {record.FieldPower, plain, 0},
	"gpu_power_usage":           {record.FieldPower, plain, 1},
	"gpu_energy_consumed":       {record.FieldEnergy, micro, 0},
	"gpu_gfx_activity":          {record.FieldUtilization, percent, 0},
	"gpu_umc_activity":          {MemUtilization, percent, 0},
	"gpu_junction_temperature":  {Temperature, plain, 0},
	"gpu_edge_temperature":      {Temperature, plain, 1},
	"gpu_memory_temperature":    {MemTemperature, plain, 0},
	"gpu_used_vram":             {MemUsed, mebi, 0},
	"gpu_free_vram":             {MemFree, mebi, 0},
	"gpu_total_vram":            {MemTotal, mebi, 0},
	"gpu_clock":                 {"gpu_clock", mega, 0}, // several, by clock_type
	"gpu_ecc_correct_total":     {"ecc_correctable", plain, 0},
	"gpu_ecc_uncorrect_total":   {"ecc_uncorrectable", plain, 0},
	"gpu_average_package_power": {"average_package_power", plain, 0},
	"gpu_health":                {"gpu_health", plain, 0},
}
