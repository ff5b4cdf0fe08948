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
// last line gets its newline. From what cannot be, such as a reading taken after
// its line was written or a power of 1e308 W, nothing is taken but the line.
//
// A FILE may be a pipe that is still being written, gzip or zstd data
// (recognised by its first bytes), or "-" for standard input, which is also
// what is read if there is no FILE. A line can only be written when every other
// input has shown its next line or has ended.
//
// If there are GPU readings (from aiperf-scrape) and requests (from
// aiperf-load), requests gain the key "gpu", and "energy" lines follow the last
// line: for each phase one per GPU and one for all. If there are metrics of an
// inference server (aiperf-scrape --server), requests gain the key "server". What
// an earlier merge has added is replaced, so that merging twice is merging once,
// by the flags of the last merge: none are remembered. To look at a merged file
// and change nothing, give --no-attribute, or take cat, zcat or zstdcat.
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
// A share divides what the GPUs take at each instant among the requests that are
// in flight then, of any phase; what they take while nothing is in flight is idle.
//
//	equal   evenly: with n requests in flight each is charged an n-th
//	token   by the tokens that each produces at that instant. Those of a prompt,
//	        less what the server had in its cache, are produced evenly until the
//	        first chunk, those of an answer over the gap before the chunk that
//	        they come in, the same number in each. An answer that is not
//	        streamed is produced evenly over the request's life
//	phase   by two weights, PREFILL until the first token and DECODE from then
//	        on; what never got a token counts as prefill, an answer that was not
//	        streamed as decode
//
// Only the ratio of the weights counts. They are found by a run of prompts only
// (--osl 1) and one of long answers to short prompts, of equal concurrency and
// without a queue: each weight is the watts of a request in flight, which is the
// requests' joules by equal shares over the seconds that they took together. The
// first of the examples below prints it.
//
// A share is a convention of accounting. It adds up: requests, others (warm-up
// and failed requests inside the window) and idle make up the energy of the
// window, which is checked on every run, to 1e-9. It is not a causal cost: leaving
// one request out of a full batch would save far less than its share. A request's
// share depends on who else was in flight, so compare runs of equal concurrency.
// Whatever the convention, the sum of all is the same; which it was is in the key
// "share".
// A GPU that serves others too has their energy shared out here; --gpu chooses the
// GPUs that served, as --gpu host=node1,gpu=0-3 or --gpu 'pod=vllm-*'. A value may
// have the wildcards * and ?, and a word without "=" is one more value of the key
// before it.
//
// With token and phase a request's weights are known when it has ended: lines are
// held since the start of the oldest request in flight, 256 MB of them at most; a
// request that is in flight for longer is charged nothing, and a warning tells of
// it.
//
// # Energy
//
// The window of a phase runs from the first start to the last end of its requests
// that succeeded (of all, if none did), and if there are several runs, over the
// time between them too. The energy of a GPU is the difference of its energy counter,
// read between its updates on a straight line, or, without a counter, power over
// time by the trapezoid rule; both are given where both exist.
// "plus_minus" is meant to hold the true energy in at least 95 of 100 runs: it
// covers that readings come late and far between and that the power steps where the
// load begins and ends, but no sensor that is itself wrong, late or averaging. It
// is absent if power alone is known and no reading lies inside the window, and
// narrowest when the scraper has watched a few idle seconds before the load. A GPU
// that two exporters report counts once.
//
// The "verdict" is invalid for these reasons, each a cause and a cure:
//
//	no-bracket  no reading at or before the window's begin, or none at or
//	            after its end: start aiperf-scrape before the load and stop it
//	            afterwards
//	gap         no new reading for longer than --max-gap inside the window: the
//	            scrape lines there tell whether visits failed; if telemetry is as
//	            slow as that always, raise --max-gap
//	reset       the counter went backwards, as after a driver was loaded anew;
//	            its pieces are added up, and what lies between them is taken from
//	            the power: measure again
//	gpu-lost    the GPU was not on its exporter's pages any more, or fell off
//	            the bus (XID 79): measure again, or leave it out with --gpu
//	mig         the GPU is divided into instances, whose energy is not known:
//	            this is the whole GPU's; measure with MIG off
//	stale       the GPU's refresh is slower than a tenth of the window: measure
//	            for longer, or set a shorter interval, of aiperf-scrape
//	            (--interval) and of the exporter (dcgm-exporter -c)
//	skew        the instant of a reading ("within") beside an edge of the window
//	            is known to no better than --max-skew, for the visit took long:
//	            see what held it up
//	no-success  no request of the phase succeeded: the window is that of all
//
// --require-energy makes an invalid verdict of the profiling phase, or none at
// all, an exit status of 3. The error names the GPUs and the cure.
//
// A request is written when every GPU has shown a reading at or after its end.
// A GPU that is silent for longer than --max-gap, or for three of its own
// refreshes if that is more, is not waited for, and the requests it leaves out
// have no "energy".
//
// # State
//
// The key "gpu" of a request has, beside its energy, means over its life and the
// GPUs, weighted by time: power (W), utilization, sm_utilization and
// memory_utilization (0 to 1; of the DRAM where its activity is known), sm_clock
// (Hz), temperature (°C); "throttled", if a violation counter moved, the driver
// gave a reason to hold the clock down, or the SM clock under load fell below nine
// tenths of the highest before; and "xid", the error codes that came up. A mean
// needs half of the life to be known.
//
// The key "server" has the requests "running" and "waiting" and the use of the KV
// cache, "kv_cache" (0 to 1), as means over the request's life and, with _start,
// as in "waiting_start", when it began: of the server at the request's host and port, or else of all together.
// vLLM, SGLang, TensorRT-LLM, TGI, Dynamo and llama.cpp are known.
//
// "lag" on energy lines is by how many seconds the power of a source follows the
// load, found by cross-correlation over ±5 s, and how strongly (Pearson's r; the
// lag is absent below 0.5). Above 0.7 a lag that the refresh does not explain is
// told as a warning, and --align takes it off the instants of readings. It is not
// only a clock's: power needs time to rise, and recent boards average it over a
// second. A load that repeats itself, as at a constant rate, fits at several lags:
// to find a clock's error let it come and go by chance.
//
// # Regimes
//
// The total of each phase says what that looked like, and by which numbers, in its
// key "regime"; with --resolution notes of code "regime" among the lines say it of
// every slot. A slot's note comes when readings have gone past its end; its own
// time is in .regime.from and .regime.seconds. Notes of an earlier merge stay
// until --resolution makes others. Of those whose condition holds the first is the name, and the others are in "also":
//
//	idle            nothing in flight for a share of the time (idle)
//	throttled       violations for a share of the time (throttled), or, where they
//	                are not counted, a hot GPU (temperature) with a clock below
//	                its highest (clock)
//	queue-bound     as many requests waiting in the server's queue (waiting)
//	compute-bound   SMs busy (sm), memory not
//	memory-bound    memory busy (memory), SMs not
//	balanced        both
//	underutilised   neither
//
// The words in brackets are the keys of --regime; shares of time and use may be
// percentages, as in --regime sm=80%,waiting=4. Violations for less than a tenth
// of the time are called intermittent, for less than half significant, for more
// severe.
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
// written while the clock was set, or put together by cat. The warning names the
// line: split the file there, name both parts, and give one whose clock was wrong
// its offset.
//
// # Windows
//
// --from and --to cut a window out of any amount of telemetry, in one pass. Lines
// whose "time" is inside stay. Of what lies outside, these do: the run lines and
// phases that were going on, the ends of these runs, the begin lines of requests
// that were in flight, and the readings around the window that its energy is
// interpolated with. A request that began before the window and ended inside
// stays as a whole, but is told no energy, for those that it shared with are gone.
// One that ended behind the window is gone, but counts as in flight. Files are
// read no further than the end of the runs in the window and one more reading of
// each GPU.
//
// # Flags
//
// # Exit status
//
// 0 when all was merged, lines that are no records included: those are told on
// standard error and left out. 1 when an input could not be opened, or not be
// read (the others are merged to their ends), or the output not be written. 2 for
// a mistake in the command line. 3 when --require-energy is not met; all is written
// then too. The first interrupt is ignored, for the producers in front will end
// their streams; the second kills.
//
// # Examples
//
// The watts of a request in flight; the requests that met trouble; a timeline:
//
//	aiperf-merge load.ndjson gpu.ndjson | jq -s 'map(select(.type == "request" and .gpu.energy)) | (map(.gpu.energy) | add) / (map(.took) | add)'
//	aiperf-merge load.ndjson gpu.ndjson | jq -c 'select(.type == "request" and (.gpu.throttled or .gpu.xid or .server.waiting >= 1)) | [.id, .gpu, .server]'
//	aiperf-merge --resolution 1s load.ndjson gpu.ndjson | jq -r 'select(.code == "regime") | .regime.from + " " + .message'
//
// Others:
//
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report
//	aiperf-merge -o all.ndjson.zst node1.ndjson.zst node2.ndjson.zst load.ndjson
//	aiperf-merge --offset node2=+400ms node1.ndjson node2.ndjson >all.ndjson
//	aiperf-merge --from 2026-11-25T12:00:00Z --to 2026-11-25T13:00:00Z gpu-*.ndjson.zst load.ndjson | aiperf-report
//	aiperf-load --model m --url localhost:8000 | aiperf-merge - gpu.ndjson | aiperf-report
//	aiperf-merge artifacts/x/profile_export.jsonl artifacts/x/gpu_telemetry_export.jsonl | aiperf-report
package main
