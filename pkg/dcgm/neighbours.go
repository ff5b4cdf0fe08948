package dcgm

import (
	"strings"

	"aiperf/pkg/record"
)

// smi holds the families of nvidia_gpu_exporter, which are in base units. Its
// prefix "nvidia_smi_" is left out.
var smi = table([]row{
	{"power_draw_watts", record.FieldPower, &plain, 0},
	{"power_draw_average_watts", record.FieldPower, &plain, 1},
	{"power_draw_instant_watts", PowerInstant, &plain, 0},
	{"power_limit_watts", PowerLimit, &plain, 0},
	{"power_min_limit_watts", "power_limit_min", &plain, 0},
	{"power_max_limit_watts", "power_limit_max", &plain, 0},
	{"power_default_limit_watts", "power_limit_default", &plain, 0},
	{"enforced_power_limit_watts", PowerEnforced, &plain, 0},
	{"energy_joules_total", record.FieldEnergy, &plain, 0},
	{"utilization_gpu_ratio", record.FieldUtilization, &plain, 0},
	{"utilization_memory_ratio", MemUtilization, &plain, 0},
	{"utilization_encoder_ratio", Encoder, &plain, 0},
	{"utilization_decoder_ratio", Decoder, &plain, 0},
	{"utilization_jpeg_ratio", "jpeg_utilization", &plain, 0},
	{"memory_used_bytes", MemUsed, &plain, 0},
	{"memory_free_bytes", MemFree, &plain, 0},
	{"memory_total_bytes", MemTotal, &plain, 0},
	{"memory_reserved_bytes", MemReserved, &plain, 0},
	{"temperature_gpu", Temperature, &plain, 0},
	{"temperature_memory", MemTemperature, &plain, 0},
	{"clocks_current_sm_clock_hz", record.FieldSMClock, &plain, 0},
	{"clocks_current_memory_clock_hz", MemClock, &plain, 0},
	{"clocks_current_video_clock_hz", VideoClock, &plain, 0},
	{"clocks_max_sm_clock_hz", "max_sm_clock", &plain, 0},
	{"clocks_max_memory_clock_hz", "max_memory_clock", &plain, 0},
	{"fan_speed_ratio", "fan_speed", &plain, 0},
	{"ecc_errors_corrected_volatile_total", "ecc_correctable", &plain, 0},
	{"ecc_errors_uncorrected_volatile_total", "ecc_uncorrectable", &plain, 0},
	{"ecc_errors_corrected_aggregate_total", "ecc_correctable_lifetime", &plain, 0},
	{"ecc_errors_uncorrected_aggregate_total", "ecc_uncorrectable_lifetime", &plain, 0},
	{"pcie_throughput_tx_bytes_per_second", PCIeTx, &plain, 0},
	{"pcie_throughput_rx_bytes_per_second", PCIeRx, &plain, 0},
	{"mig_memory_used_bytes", MemUsed, &plain, 0},
	{"mig_memory_free_bytes", MemFree, &plain, 0},
	{"mig_memory_total_bytes", MemTotal, &plain, 0},
	{"mig_memory_reserved_bytes", MemReserved, &plain, 0},
	{"mig_graphics_activity_ratio", EngineActivity, &plain, 0},
	{"mig_sm_activity_ratio", record.FieldSMUtilization, &plain, 0},
	{"mig_sm_occupancy_ratio", SMOccupancy, &plain, 0},
	{"mig_tensor_activity_ratio", TensorActivity, &plain, 0},
	{"mig_pcie_throughput_tx_bytes_per_second", PCIeTx, &plain, 0},
	{"mig_pcie_throughput_rx_bytes_per_second", PCIeRx, &plain, 0},
})

const smiPrefix = "nvidia_smi_"

// smiField gives the meaning of a family of nvidia_gpu_exporter. Those of
// single processes have none.
func smiField(family string) (f field, ok bool) {
	stem := strings.TrimPrefix(family, smiPrefix)
	if strings.HasPrefix(stem, "compute_app_") {
		return field{}, false
	}
	if f, ok = smi[stem]; !ok {
		f = field{name: family, unit: &plain, platform: NVIDIA, info: stem == "gpu_info" || stem == "mig_info"}
	}
	f.instance = true // it repeats nothing of the GPU's on an instance
	return f, true
}

// amd holds the families of AMD's device metrics exporter, which may have the
// prefix "amd_". Its MB of memory are MiB, and it has power only on the first
// partition of a GPU.
var amd = map[string]field{
	"gpu_package_power":         {name: record.FieldPower, unit: &plain, rank: 0, positive: true},
	"gpu_power_usage":           {name: record.FieldPower, unit: &plain, rank: 1, positive: true},
	"gpu_average_package_power": {name: record.FieldPower, unit: &plain, rank: 2, positive: true},
	"gpu_energy_consumed":       {name: record.FieldEnergy, unit: &micro},
	"gpu_gfx_activity":          {name: record.FieldUtilization, unit: &percent},
	"gpu_umc_activity":          {name: MemUtilization, unit: &percent},
	"gpu_junction_temperature":  {name: Temperature, unit: &plain, positive: true},
	"gpu_edge_temperature":      {name: Temperature, unit: &plain, rank: 1, positive: true},
	"gpu_memory_temperature":    {name: MemTemperature, unit: &plain, positive: true},
	"gpu_used_vram":             {name: MemUsed, unit: &mebi},
	"gpu_free_vram":             {name: MemFree, unit: &mebi},
	"gpu_total_vram":            {name: MemTotal, unit: &mebi},
	"gpu_clock":                 {name: "gpu_clock", unit: &mega},
	"gpu_ecc_correct_total":     {name: "ecc_correctable", unit: &plain},
	"gpu_ecc_uncorrect_total":   {name: "ecc_uncorrectable", unit: &plain},
	"pcie_bandwidth":            {name: PCIeRate, unit: &megabit},
}

// amdField gives the meaning of a family of AMD's exporter. One that is not
// known keeps its name, but for the prefix. That the family is AMD's at all,
// its labels must say.
func amdField(family string) field {
	stem := strings.TrimPrefix(family, "amd_")
	f, ok := amd[stem]
	if !ok {
		f = field{name: stem, unit: &plain}
	}
	f.platform, f.instance = AMD, true
	return f
}

// amdClocks are the clocks of AMD that have a name of their own. Of a GPU's
// several ones of one type the fastest counts.
var amdClocks = map[string]string{
	"system": record.FieldSMClock, "gpu_clock_type_system": record.FieldSMClock,
	"memory": MemClock, "gpu_clock_type_memory": MemClock,
	"video": VideoClock, "gpu_clock_type_video": VideoClock,
}
