package dcgm

import "aiperf/pkg/record"

// Names of fields beside those in [record]. [Catalogue] has them all, with
// their units.
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
	PCIeRate       = "pcie_rate"            // bytes/s, both ways
	PCIeReplays    = "pcie_replays"         // a counter
	NVLinkTx       = "nvlink_tx_rate"       // bytes/s
	NVLinkRx       = "nvlink_rx_rate"       // bytes/s
	NVLinkRate     = "nvlink_rate"          // bytes/s, both ways, all links
)

// A unit leads to a base unit: times mul, then divided by div. Dividing by a
// power of ten gives the float64 next to the decimal number, which multiplying
// by its inverse does not.
type unit struct{ mul, div float64 }

func (u unit) base(v float64) float64 { return v * u.mul / u.div }

var (
	plain   = unit{1, 1}
	kilo    = unit{1e3, 1}
	mega    = unit{1e6, 1}
	giga    = unit{1e9, 1}
	kibi    = unit{1 << 10, 1}
	mebi    = unit{1 << 20, 1}
	gibi    = unit{1 << 30, 1}
	percent = unit{1, 100}
	milli   = unit{1, 1e3}
	micro   = unit{1, 1e6}
	nano    = unit{1, 1e9}
	megabit = unit{1e6, 8}

	// ratio is a ratio by its name that might yet be a percentage. What it is
	// shows on each page; see settleRatio.
	ratio = unit{1, -1}
)

// A field says what the samples of a family are.
type field struct {
	name string // in a record
	unit *unit  // of the page
	rank int8   // of two families with one name the lower rank counts

	platform string
	instance bool // on a MIG instance the value is the instance's own
	positive bool // zero is how the exporter writes that there is no value
	info     bool // only the labels matter
}

// settleRatio finds the unit of a family that has the name of a ratio, and is
// one since 4.9.0, but was a whole percentage under the same name in DCGM 4.6.
// Above 1 it is a percentage. Just 1 is 1 % if the driver's version has the
// label of exporters before 4.9.0.
func settleRatio(family []*line) {
	u := &plain
	old, whole := false, true
	for _, l := range family {
		if blank(l.value) {
			continue
		}
		if l.value > 1 {
			u = &percent
		}
		whole = whole && l.value == float64(int(l.value))
		old = old || l.oldDriver
	}
	if old && whole {
		u = &percent
	}
	for _, l := range family {
		l.unit = u
	}
}

// tableField is a field of a table.
func tableField(name string, u *unit, rank int8) field {
	return field{name: name, unit: u, rank: rank, platform: NVIDIA, instance: catalogued[name].Instance}
}

// nvidia holds the families of dcgm-exporter whose meaning is sure. A family's
// unit is DCGM's, whatever its HELP says, which anybody may write: exporters
// called the violations microseconds for years, and they were nanoseconds.
var nvidia = table([]row{
	{"DCGM_FI_DEV_POWER_USAGE", record.FieldPower, &plain, 0},
	{"DCGM_FI_DEV_POWER_USAGE_INSTANT", PowerInstant, &plain, 0},
	{"DCGM_FI_DEV_POWER_MGMT_LIMIT", PowerLimit, &plain, 0},
	{"DCGM_FI_DEV_POWER_MGMT_LIMIT_MIN", "power_limit_min", &plain, 0},
	{"DCGM_FI_DEV_POWER_MGMT_LIMIT_MAX", "power_limit_max", &plain, 0},
	{"DCGM_FI_DEV_POWER_MGMT_LIMIT_DEF", "power_limit_default", &plain, 0},
	{"DCGM_FI_DEV_ENFORCED_POWER_LIMIT", PowerEnforced, &plain, 0},
	{"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", record.FieldEnergy, &milli, 0},
	{"DCGM_FI_DEV_GPU_TEMP", Temperature, &plain, 0},
	{"DCGM_FI_DEV_MEMORY_TEMP", MemTemperature, &plain, 0},
	{"DCGM_FI_DEV_SLOWDOWN_TEMP", "slowdown_temperature", &plain, 0},
	{"DCGM_FI_DEV_SHUTDOWN_TEMP", "shutdown_temperature", &plain, 0},
	{"DCGM_FI_DEV_GPU_MAX_OP_TEMP", "max_temperature", &plain, 0},
	{"DCGM_FI_DEV_MEM_MAX_OP_TEMP", "max_memory_temperature", &plain, 0},
	{"DCGM_FI_DEV_SM_CLOCK", record.FieldSMClock, &mega, 0},
	{"DCGM_FI_DEV_MEM_CLOCK", MemClock, &mega, 0},
	{"DCGM_FI_DEV_VIDEO_CLOCK", VideoClock, &mega, 0},
	{"DCGM_FI_DEV_APP_SM_CLOCK", "app_sm_clock", &mega, 0},
	{"DCGM_FI_DEV_APP_MEM_CLOCK", "app_memory_clock", &mega, 0},
	{"DCGM_FI_DEV_MAX_SM_CLOCK", "max_sm_clock", &mega, 0},
	{"DCGM_FI_DEV_MAX_MEM_CLOCK", "max_memory_clock", &mega, 0},
	{"DCGM_FI_DEV_MAX_VIDEO_CLOCK", "max_video_clock", &mega, 0},
	{"DCGM_FI_DEV_FAN_SPEED", "fan_speed", &percent, 0},
	{"DCGM_FI_DEV_GPU_UTIL", record.FieldUtilization, &percent, 0},
	{"DCGM_FI_DEV_MEM_COPY_UTIL", MemUtilization, &percent, 0},
	{"DCGM_FI_DEV_ENC_UTIL", Encoder, &percent, 0},
	{"DCGM_FI_DEV_DEC_UTIL", Decoder, &percent, 0},
	{"DCGM_FI_DEV_FB_USED", MemUsed, &mebi, 0},
	{"DCGM_FI_DEV_FB_FREE", MemFree, &mebi, 0},
	{"DCGM_FI_DEV_FB_TOTAL", MemTotal, &mebi, 0},
	{"DCGM_FI_DEV_FB_RESERVED", MemReserved, &mebi, 0},
	{"DCGM_FI_DEV_FB_USED_PERCENT", MemUsedRatio, &plain, 0}, // 0..1 in spite of its name
	{"DCGM_FI_DEV_BAR1_USED", "bar1_used", &mebi, 0},
	{"DCGM_FI_DEV_BAR1_FREE", "bar1_free", &mebi, 0},
	{"DCGM_FI_DEV_BAR1_TOTAL", "bar1_total", &mebi, 0},
	{"DCGM_FI_DEV_XID_ERRORS", record.FieldXID, &plain, 0},
	{"DCGM_FI_DEV_POWER_VIOLATION", record.FieldPowerViol, &nano, 0},
	{"DCGM_FI_DEV_THERMAL_VIOLATION", record.FieldThermalViol, &nano, 0},
	{"DCGM_FI_DEV_SYNC_BOOST_VIOLATION", "sync_boost_violation", &nano, 0},
	{"DCGM_FI_DEV_BOARD_LIMIT_VIOLATION", "board_limit_violation", &nano, 0},
	{"DCGM_FI_DEV_LOW_UTIL_VIOLATION", "low_utilization_violation", &nano, 0},
	{"DCGM_FI_DEV_RELIABILITY_VIOLATION", "reliability_violation", &nano, 0},
	{"DCGM_FI_DEV_TOTAL_APP_CLOCKS_VIOLATION", "app_clocks_violation", &nano, 0},
	{"DCGM_FI_DEV_TOTAL_BASE_CLOCKS_VIOLATION", "base_clocks_violation", &nano, 0},
	{"DCGM_FI_DEV_PCIE_REPLAY_COUNTER", PCIeReplays, &plain, 0},
	{"DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", NVLinkRate, &mega, 0}, // MB/s, though typed a counter

	{"DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "ecc_correctable", &plain, 0},
	{"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "ecc_uncorrectable", &plain, 0},
	{"DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "ecc_correctable_lifetime", &plain, 0},
	{"DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", "ecc_uncorrectable_lifetime", &plain, 0},
	{"DCGM_FI_DEV_RETIRED_SBE", "retired_pages_correctable", &plain, 0},
	{"DCGM_FI_DEV_RETIRED_DBE", "retired_pages_uncorrectable", &plain, 0},
	{"DCGM_FI_DEV_RETIRED_PENDING", "retired_pages_pending", &plain, 0},
	{"DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "remapped_rows_uncorrectable", &plain, 0},
	{"DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "remapped_rows_correctable", &plain, 0},
	{"DCGM_FI_DEV_ROW_REMAP_FAILURE", "row_remap_failed", &plain, 0},

	{"DCGM_FI_PROF_GR_ENGINE_ACTIVE", EngineActivity, &plain, 0},
	{"DCGM_FI_PROF_SM_ACTIVE", record.FieldSMUtilization, &plain, 0},
	{"DCGM_FI_PROF_SM_OCCUPANCY", SMOccupancy, &plain, 0},
	{"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", TensorActivity, &plain, 0},
	{"DCGM_FI_PROF_DRAM_ACTIVE", DRAMActivity, &plain, 0},
	{"DCGM_FI_PROF_PIPE_FP64_ACTIVE", "fp64_activity", &plain, 0},
	{"DCGM_FI_PROF_PIPE_FP32_ACTIVE", "fp32_activity", &plain, 0},
	{"DCGM_FI_PROF_PIPE_FP16_ACTIVE", "fp16_activity", &plain, 0},
	{"DCGM_FI_PROF_PIPE_INT_ACTIVE", "int_activity", &plain, 0},
	{"DCGM_FI_PROF_PCIE_TX_BYTES", PCIeTx, &plain, 0},
	{"DCGM_FI_PROF_PCIE_RX_BYTES", PCIeRx, &plain, 0},
	{"DCGM_FI_PROF_NVLINK_TX_BYTES", NVLinkTx, &plain, 0},
	{"DCGM_FI_PROF_NVLINK_RX_BYTES", NVLinkRx, &plain, 0},

	// The driver's own samples of 20 ms, where there is no profiling.
	{"DCGM_FI_DEV_PCIE_TX_THROUGHPUT", PCIeTx, &kilo, 3},
	{"DCGM_FI_DEV_PCIE_RX_THROUGHPUT", PCIeRx, &kilo, 3},

	// Names of 4.9.0 that are not an older one and a unit.
	{"DCGM_FI_DEV_BOARD_POWER_WATTS", record.FieldPower, &plain, 1},
	{"DCGM_FI_DEV_BOARD_POWER_RAW_WATTS", PowerInstant, &plain, 1},
	{"DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS", PowerLimit, &plain, 1},
	{"DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS", PowerEnforced, &plain, 1},
	// Whole joules at worst; the older counter has three more digits.
	{"DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", record.FieldEnergy, &plain, 1},
	{"DCGM_FI_DEV_MEMORY_CLOCK_HERTZ", MemClock, &plain, 1},
	{"DCGM_FI_DEV_FB_CAPACITY_BYTES", MemTotal, &plain, 1},
	{"DCGM_FI_DEV_FB_USED_RATIO", MemUsedRatio, &plain, 1},
	{"DCGM_FI_DEV_BAR1_CAPACITY_BYTES", "bar1_total", &plain, 1},
	{"DCGM_FI_DEV_XID_ERROR", record.FieldXID, &plain, 1},
	{"DCGM_FI_DEV_PCIE_REPLAY_TOTAL", PCIeReplays, &plain, 1},
	{"DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL", "remapped_rows_uncorrectable", &plain, 1},
	{"DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL", "remapped_rows_correctable", &plain, 1},
	{"DCGM_FI_DEV_ROW_REMAP_FAILED", "row_remap_failed", &plain, 1},
	{"DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO", EngineActivity, &plain, 1},
	{"DCGM_FI_PROF_SM_UTIL_RATIO", record.FieldSMUtilization, &plain, 1},
	{"DCGM_FI_PROF_SM_OCCUPANCY_RATIO", SMOccupancy, &plain, 1},
	{"DCGM_FI_PROF_TENSOR_UTIL_RATIO", TensorActivity, &plain, 1},
	{"DCGM_FI_PROF_DRAM_UTIL_RATIO", DRAMActivity, &plain, 1},

	// Names of the 1.x exporter, which --use-old-namespace still prints.
	{"dcgm_power_usage", record.FieldPower, &plain, 2},
	{"dcgm_total_energy_consumption", record.FieldEnergy, &milli, 2},
	{"dcgm_gpu_utilization", record.FieldUtilization, &percent, 2},
	{"dcgm_mem_copy_utilization", MemUtilization, &percent, 2},
	{"dcgm_enc_utilization", Encoder, &percent, 2},
	{"dcgm_dec_utilization", Decoder, &percent, 2},
	{"dcgm_gpu_temp", Temperature, &plain, 2},
	{"dcgm_memory_temp", MemTemperature, &plain, 2},
	{"dcgm_sm_clock", record.FieldSMClock, &mega, 2},
	{"dcgm_memory_clock", MemClock, &mega, 2},
	{"dcgm_fb_used", MemUsed, &mebi, 2},
	{"dcgm_fb_free", MemFree, &mebi, 2},
	{"dcgm_fb_total", MemTotal, &mebi, 2},
	{"dcgm_xid_errors", record.FieldXID, &plain, 2},
	{"dcgm_power_violation", record.FieldPowerViol, &nano, 2},
	{"dcgm_thermal_violation", record.FieldThermalViol, &nano, 2},
	{"dcgm_sync_boost_violation", "sync_boost_violation", &nano, 2},
	{"dcgm_board_limit_violation", "board_limit_violation", &nano, 2},
	{"dcgm_low_util_violation", "low_utilization_violation", &nano, 2},
	{"dcgm_reliability_violation", "reliability_violation", &nano, 2},
	{"dcgm_ecc_sbe_volatile_total", "ecc_correctable", &plain, 2},
	{"dcgm_ecc_dbe_volatile_total", "ecc_uncorrectable", &plain, 2},
	{"dcgm_ecc_sbe_aggregate_total", "ecc_correctable_lifetime", &plain, 2},
	{"dcgm_ecc_dbe_aggregate_total", "ecc_uncorrectable_lifetime", &plain, 2},
	{"dcgm_retired_pages_sbe", "retired_pages_correctable", &plain, 2},
	{"dcgm_retired_pages_dbe", "retired_pages_uncorrectable", &plain, 2},
	{"dcgm_retired_pages_pending", "retired_pages_pending", &plain, 2},
	{"dcgm_pcie_replay_counter", PCIeReplays, &plain, 2},
	{"dcgm_nvlink_bandwidth_total", NVLinkRate, &mega, 2},
})

// A row of a table gives a family its meaning.
type row struct {
	family, name string
	unit         *unit
	rank         int8
}

func table(rows []row) map[string]field {
	m := make(map[string]field, len(rows))
	for _, r := range rows {
		m[r.family] = tableField(r.name, r.unit, r.rank)
	}
	return m
}
