package report

// A measure is a metric that a request has a value of.
type measure struct {
	tag, header string
	unit        Unit
	order       int
	of          func(r *row) (float64, bool)
}

// measures are the record metrics.
var measures = []measure{
	{"time_to_first_token", "Time to First Token", Milliseconds, 100, func(r *row) (float64, bool) { return known(r.ttft) }},
	{"time_to_second_token", "Time to Second Token", Milliseconds, 200, func(r *row) (float64, bool) { return known(r.second) }},
	{"time_to_first_output_token", "Time to First Output Token", Milliseconds, 210, func(r *row) (float64, bool) { return known(r.ttfo) }},
	{"request_latency", "Request Latency", Milliseconds, 300, func(r *row) (float64, bool) { return known(r.took) }},
	{"decode_duration", "Decode Duration", Milliseconds, 350, func(r *row) (float64, bool) { return known(r.took - r.ttft) }},
	{"inter_token_latency", "Inter Token Latency", Milliseconds, 400, (*row).interToken},
	{"output_token_throughput_per_user", "Output Token Throughput Per User", TokensPerUser, 500, func(r *row) (float64, bool) {
		itl, ok := r.interToken()
		return 1 / itl, ok && itl > 0
	}},
	{"e2e_output_token_throughput", "E2E Output Token Throughput", TokensPerUser, 510, func(r *row) (float64, bool) {
		return float64(r.out) / r.took, r.out > 0 && r.took > 0
	}},
	{"prefill_throughput_per_user", "Prefill Throughput Per User", TokensPerUser, 0, func(r *row) (float64, bool) {
		return float64(r.in) / r.ttft, r.in > 0 && r.ttft > 0
	}},
	{"output_sequence_length", "Output Sequence Length", Tokens, 600, func(r *row) (float64, bool) { return count(r.out) }},
	{"input_sequence_length", "Input Sequence Length", Tokens, 700, func(r *row) (float64, bool) { return float64(r.in), r.in >= 0 }},
	{"output_token_count", "Output Token Count", Tokens, 0, func(r *row) (float64, bool) { return count(r.out - max(r.reasoning, 0)) }},
	{"reasoning_token_count", "Reasoning Token Count", Tokens, 0, func(r *row) (float64, bool) { return count(r.reasoning) }},
	{"osl_mismatch_diff_pct", "OSL Mismatch Diff", Percent, 0, func(r *row) (float64, bool) {
		return float64(r.out-r.asked) / float64(r.asked), r.asked > 0 && r.out > 0
	}},
}

// known is false for NaN, by which a row tells that it has no value.
func known(x float64) (float64, bool) { return x, x == x }

// count takes no tokens for no value, as AIPerf does.
func count(n int32) (float64, bool) { return float64(n), n > 0 }

func (r *row) interToken() (float64, bool) {
	d := r.took - r.ttft
	return d / float64(r.out-1), r.out >= 2 && d == d
}

// mismatched tells whether the answer's length is not what was asked for: off
// by more than 5 % or 50 tokens, whichever is less.
func (r *row) mismatched() bool {
	if r.asked <= 0 || r.out <= 0 {
		return false
	}
	off := max(r.out-r.asked, r.asked-r.out)
	return float64(off) > min(0.05*float64(r.asked), 50)
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
	{"jpg_utilization", "JPEG Utilization", Percent, false, false},
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
