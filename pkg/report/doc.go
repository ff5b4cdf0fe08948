// Package report computes what is worth printing of a stream of records, and
// notes what it could not.
//
//	var b report.Builder
//	for line, err := range lines {
//		if err == nil {
//			err = b.Add(line)
//		}
//		…
//	}
//	r := b.Report()
//
// Streams may be merged or not, and come in any order. A [Builder] keeps the
// numbers that it needs and no records: 8 bytes for each thing that is known of a
// request, which is some 150 bytes a request and fewer than 4 a metric of it, 8
// bytes a value of a GPU, and for the gaps between chunks 8 bytes each up to two
// million, beyond which it depends on their spread and not on their number.
//
// While records come, [Builder.Live] says how it stands, at a cost that does not
// depend on how many there were.
//
// # What is measured
//
// Requests of the profiling phase. Latencies and lengths are those of requests
// that succeeded; the others count as errors. The window runs from the first
// start to the last end of the successful requests (of all, if none was), and
// throughput is divided by its length. GPU readings count by the instant at
// which they were taken. Without requests the window is all that was read.
//
// Tags, formulas, percentiles and deviations of requests are AIPerf's:
//
//	time_to_first_token               first content − start
//	time_to_second_token              gap between the first two arrivals of content
//	request_latency                   last content − start
//	decode_duration                   request_latency − time_to_first_token
//	inter_token_latency               decode_duration / (output_sequence_length − 1)
//	inter_chunk_latency               gaps between arrivals, those of all requests pooled
//	output_token_throughput_per_user  1 / inter_token_latency
//	prefill_throughput_per_user       input_sequence_length / time_to_first_token
//	e2e_output_token_throughput       output_sequence_length / request_latency
//	request_throughput, …             total / benchmark_duration
//	goodput                           requests that meet all objectives / benchmark_duration
//	credit_to_start_latency           late: start − the instant at which it was due
//	effective_latency                 request_latency + late
//	adj_request_latency, …            with each failure as infinitely long, nearest rank
//	usage_…                           counts of tokens that the server told
//	http_req_…                        parts of a request below its content
//	server_…                          what the server said of itself meanwhile, if it was joined
//	effective_…, active_…             over time: what was in flight, and tokens a second
//
// Percentiles are exact (package stat). The standard deviation is that of a
// population for requests and that of a sample for GPU gauges.
//
// # GPUs
//
// The average of a gauge is the plain mean of its readings in the window, as in
// AIPerf, and beside it stands the time-weighted mean, which does not depend on
// how often the exporter was asked. A counter is given as its increase over the
// window: between its updates on a straight line at both edges, where AIPerf
// takes whole readings and so may count energy from before and after. Where a
// counter went backwards its pieces are added. Of the XID, which is the last
// error's code, the number of changes is counted.
//
// A GPU that several sources report is one GPU; the source with the most
// readings in the window speaks for it.
//
// # Energy
//
// Energy is not computed here but taken from the energy records that a join has
// written, with its uncertainty and verdict.
//
// # Filters, objectives and comparisons
//
// A [Condition] keeps requests or readings, an [SLO] gives a [Verdict] on numbers of
// a report, and [Compare] tells what changed between two sides of one or several
// runs; a [FailIf] is a limit to that. They are written in the language of package
// expr.
//
// Comparisons rest on package stat: over requests the intervals allow for latencies
// that hang on those before them. Over made-up servers (autoregressive latencies,
// a closed loop of four users, 1500 requests) a test finds one that is 3 % slower
// in nine of ten runs at least, and a change between equal ones in at most one of
// twenty comparisons.
package report
