// Package artifact reads and writes the files that AIPerf leaves.
//
// # Written
//
// From a report, so that what reads AIPerf's files reads these.
//
// [JSON] is profile_export_aiperf.json (schema 1.5): one object by tag for each
// metric, in AIPerf's order, in the units it shows (ms, MJ, GB, %). Metrics of
// energy carry the prefix of the GPUs' platform (nvidia_, amd_), if they are of
// one. input_config is AIPerf's own form of a configuration, as far as it is
// known. Beside AIPerf's keys there are some of our own, in base units:
//
//	config       what was given on the load's command line
//	definitions  which definitions of TTFT and ITL, and which objectives, apply
//	requests     how many were answered, failed, cancelled on purpose, …
//	window       {"from","to","seconds"}: what rates and GPU summaries are about
//	energy       what the join found: "total" and "gpus" are energy records of the
//	             stream, "requests" is what each request was charged
//	gpus         one object a GPU: identity, readings in the window, the time-weighted
//	             mean of each gauge, XID codes, further sources
//	groups       those that were asked for: keys, metrics, gpus
//	timeslices   those that were asked for, in AIPerf's form and units, each with
//	             its gpus
//	notes        [{"level","code","message"}]: what was mixed, missing or partial
//
// Times in telemetry_data and at the end are UTC without an offset: AIPerf's
// form, whose times are local.
//
// [CSV] is profile_export_aiperf.csv. Numbers have two decimals, but energies in
// MJ have six, which two would round to nothing. [TimeslicesJSON] and
// [TimeslicesCSV] are profile_export_aiperf_timeslices. A [RequestWriter] writes
// profile_export.jsonl, a [TelemetryWriter] gpu_telemetry_export.jsonl, line by
// line from records; AIPerf's models load both. [Lines] and [Prometheus] write
// the report in forms that are not AIPerf's.
//
// # Read
//
// [Records] makes records of what AIPerf writes line by line. AIPerf measures
// in nanoseconds; its exports have instants in these, and durations as a float64
// of milliseconds, from which they are had back. What is lost is this:
//
//   - how a run ended, and which one it was: the files do not tell, and "complete"
//     is taken for granted;
//   - where its phases began and ended. AIPerf divides numbers by this time, the
//     report by that from the first start to the last end, which is shorter by
//     what AIPerf takes to begin and to end a phase (0.3 to 0.5 % of two
//     seconds). AIPerf's own benchmark_duration is that of the report, less what
//     float64 loses of an instant (256 ns);
//   - the start of a request that AIPerf has cancelled: what stands there is its
//     end. It is put right if the trace, or the instant at which the request was
//     due, shows that;
//   - the end of one that was answered with an error status, but for a trace; and
//     of one that failed in the midst of its answer, as by a timeout: what stands
//     there is when the last of it came, so that "took" is too short;
//   - the model, the URL, and the reason to finish;
//   - when an exporter answered: the instant of a reading is that at which AIPerf
//     had parsed the page, and there is no "within";
//   - types of a server's metrics, and _total in their names;
//   - MIG instances, which AIPerf does not tell apart.
//
// "late" counts from the instant at which AIPerf meant to send a request, with a
// fixed concurrency as well.
package artifact
