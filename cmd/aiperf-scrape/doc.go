// Aiperf-scrape reads GPU telemetry from DCGM exporters and writes one JSON line
// for each new reading of each GPU.
//
//	aiperf-scrape [flags] [URL…] > gpu.ndjson
//
// It visits every URL at a fixed cadence, and http://localhost:9400/metrics and
// http://localhost:9401/metrics besides. A URL may be short: node1 and node1:9400
// stand for http://node1:9400/metrics. User and password in a URL are sent, and
// never written.
//
// It writes "run" first; "scrape" for each visit, failed ones and repeats
// included; "gpu" for each GPU and MIG instance of a page that says something
// new; "note" for what is worth telling, which standard error is told too; "end"
// last. A stream without "end" is that of a run which crashed, and still usable.
//
// Values are in watts, joules, bytes, hertz, seconds, degrees Celsius and ratios
// from 0 to 1. What an exporter did not print has no key. "taken" is the middle
// between the request's leaving and the answer's first byte, "within" half of
// that time.
//
// An exporter refreshes its values at an interval of its own, often every 30
// seconds; visiting it more often gives repeats, which a note tells. Reading the
// sensors fast costs the GPUs something: at 100 ms and less a few percent of
// speed have been seen.
//
// A source that cannot be reached is told once, tried again after longer and
// longer pauses of at most 10 seconds, and never ends the run.
//
// The first interrupt (Ctrl-C) or the end of --duration makes it take closing
// readings: it goes on until every GPU has shown one new value, or --settle has
// passed, so that a load which ended before lies between two readings. The
// second interrupt ends the program at once.
//
// # Flags
//
// # Environment
//
// HTTP_PROXY, HTTPS_PROXY and NO_PROXY are followed.
//
// # Exit status
//
// 0 when at least one source answered, 1 when none did or the output could not
// be written, 2 for a mistake in the flags.
//
// # Examples
//
// Two nodes for ten minutes, and the mean power of each GPU:
//
//	aiperf-scrape --duration 10m --no-default node1 node2:9400 |
//	  jq -r 'select(.type == "gpu") | [.uuid, .fields.power_usage] | @tsv' |
//	  awk '{ n[$1]++; w[$1] += $2 } END { for (g in n) print g, w[g] / n[g] }'
package main
