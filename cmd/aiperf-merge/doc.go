// aiperf-merge brings streams together on time and tells whose joules were
// spent.
//
// Usage: aiperf-merge [flags] [FILE…]
//
// It reads any number of record streams (newline-delimited JSON), each sorted
// by "time" as its producer leaves it, and writes one stream in the order of
// time. Lines of equal time come in the order of their bytes, so that the
// result does not depend on the order of the operands, and is what
// LC_ALL=C sort -m gives. Lines of any type pass, byte for byte; an unterminated
// last line gets its newline.
//
// A FILE may be a pipe that is still being written, gzip or zstd data
// (recognised by its first bytes), or "-" for standard input, which is also
// what is read if there is no FILE. A line can only be written when every other
// input has shown its next line or has ended.
//
// If there are GPU readings (from aiperf-scrape) and requests (from
// aiperf-load), requests gain the key "gpu", and "energy" lines follow the last
// line: one per GPU and one for all. What an earlier merge has added is
// replaced, so that merging twice is merging once.
//
// # Inputs
//
// AIPerf's own files are inputs too, known by their first line:
// profile_export.jsonl, gpu_telemetry_export.jsonl and
// server_metrics_export.jsonl become the records that aiperf-load and
// aiperf-scrape would have written, as far as AIPerf tells, with a "run" before
// and an "end" behind them. Their readings have the instant at which AIPerf had
// read a page, not that at which the exporter answered.
//
// # Shares
//
// With n requests in flight, each is charged a n-th of the energy that the GPUs
// take at that time; what they take while nothing is in flight is idle.
//
// A share is a convention of accounting. It adds up: requests, others (warm-up
// and failed requests inside the window) and idle make up the energy of the
// window, which is checked on every run. It is not a causal cost: leaving one
// request out of a full batch would save far less than its share. A request's
// share depends on who else was in flight, so compare runs of equal
// concurrency. A GPU that serves others too has their energy shared out here.
//
// # Energy
//
// The window runs from the first start to the last end of the profiling
// requests that succeeded. The energy of a GPU is the difference of its energy
// counter, read between its updates on a straight line, or, without a counter,
// power over time by the trapezoid rule; both are given where both exist.
// "plus_minus" bounds what is uncertain because readings come late and far
// between. The mean power, utilisation and clock of a request are time-weighted
// over its life and averaged over the GPUs.
//
// The "verdict" is invalid for these reasons:
//
//	no-bracket  no reading at or before the window's begin, or none at or
//	            after its end: start aiperf-scrape before the load and stop it
//	            afterwards
//	gap         no new reading for longer than --max-gap inside the window
//	reset       the counter went backwards, as after a driver was loaded anew;
//	            its pieces are added up
//
// A request is written when every GPU has shown a reading at or after its end.
// A GPU that is silent for longer than --max-gap, or for three of its own
// refreshes if that is more, is not waited for, and the requests it leaves out
// have no "energy".
//
// # Flags
//
// # Exit status
//
// 0 when all was merged, lines that are no records included: those are told on
// standard error and left out. 1 when an input could not be read (the others
// are merged to their ends) or the output not be written. 2 for a mistake in
// the command line. The first interrupt is ignored, for the producers in front
// will end their streams; the second kills.
//
// # Examples
//
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report
//	aiperf-merge -o all.ndjson.zst node1.ndjson.zst node2.ndjson.zst load.ndjson
//	aiperf-load --model m --url localhost:8000 | aiperf-merge - gpu.ndjson | aiperf-report
//	aiperf-merge artifacts/x/profile_export.jsonl artifacts/x/gpu_telemetry_export.jsonl | aiperf-report
package main
