// aiperf-merge brings streams together on time and tells whose joules were
// spent.
//
// Usage: aiperf-merge [flags] [FILE…]
//
// It reads any number of record streams (newline-delimited JSON), each sorted
// by "time" as its producer leaves it, or nearly so, and writes one stream in the
// order of time. Lines of equal time come in the order of their bytes, so that the
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
// # Clocks
//
// Lines of a file that are out of order by no more than 5 s are put in order; a
// pipe is not held back for that before its first line that is out of order. What
// comes later still is passed on where it stands, with a warning. A line that
// comes twice at one instant, as when inputs overlap, counts once.
//
// --offset adds a time to the instants of all lines of a file, named as in the
// command line or by its last part, or else of a host: of its GPUs' readings, of
// its runs, and of visits to its sources. The offset of a file goes before that of
// a host, and that of a GPU's own host before that of the host of its scraper,
// whose clock its instants come from. Runs are known from their run line, which
// must be in the same input. Merging with --offset and then with the opposite one
// gives each line as it was. With the offset of a host a pipe is held back by as
// much.
//
// A file in which the time jumps back by more than 5 s and stays there was
// written while the clock was set. The warning names the line: split the file
// there and give the wrong part its offset.
//
// # Windows
//
// --from and --to cut a window out of any amount of telemetry, in one pass. Lines
// whose "time" is inside stay. Of what lies outside, these do: the run lines and
// phases that were going on, the ends of these runs, the begin lines of requests
// that were in flight, and the readings around the window that its energy is
// interpolated with. A request that began before the window and ended inside
// stays as a whole, but shares what was spent before the window with fewer
// others than it had then. One that ended behind the window is gone, but counts
// as in flight. Files are read no further than the end of the runs in the window
// and one more reading of each GPU.
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
//	aiperf-merge --offset node2=+400ms node1.ndjson node2.ndjson >all.ndjson
//	aiperf-merge --from 2026-11-25T12:00:00Z --to 2026-11-25T13:00:00Z gpu-*.ndjson.zst load.ndjson | aiperf-report
//	aiperf-load --model m --url localhost:8000 | aiperf-merge - gpu.ndjson | aiperf-report
//	aiperf-merge artifacts/x/profile_export.jsonl artifacts/x/gpu_telemetry_export.jsonl | aiperf-report
package main
