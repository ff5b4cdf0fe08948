// Package artifact writes the files that AIPerf leaves, from a report, so that
// what reads AIPerf's files reads these.
//
// [JSON] is profile_export_aiperf.json (schema 1.5): one object by tag for each
// metric, in AIPerf's order, in the units it shows (ms, MJ, GB, %). Metrics of
// energy carry the prefix of the GPUs' platform (nvidia_, amd_), if they are of
// one. Beside AIPerf's keys there are four of our own, all in base units:
//
//	window   {"from","to","seconds"}: what rates and GPU summaries are about
//	energy   what the join found: "total" and "gpus" are energy records of the
//	         stream, "requests" is what each request was charged
//	gpus     one object a GPU: identity, readings in the window, the time-weighted
//	         mean of each gauge, XID codes, further sources
//	notes    [{"level","code","message"}]: what was mixed, missing or partial
//
// Times in telemetry_data and at the end are UTC without an offset: AIPerf's
// form, whose times are local.
//
// [CSV] is profile_export_aiperf.csv. Numbers have two decimals, but energies in
// MJ have six, which two would round to nothing.
package artifact
