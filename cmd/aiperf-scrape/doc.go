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
// # Files
//
// With --rotate, --output is a pattern of names in strftime's %Y %m %d %H %M %S %j
// %s, in UTC: a file begins at every full multiple of a time, at a size (of what is
// on the disk), or at whichever comes first, and is named for the instant of its
// first line. Each is a stream of its own, from "run" to "end"; the "run" of a later
// one has the id of the one before as "continues". A file has its name when it is
// whole and on the disk, and is NAME.part until then. A name that is taken gets _2,
// _3 and so on: nothing is written over. What a killed process leaves stays NAME.part,
// is told by a note, and can be read as far as it goes. --max-files counts finished
// files of the pattern, and removes no other file.
//
// A full disk ends no run. What it does not take is kept in memory, up to 8 MB, and
// written when there is room; a note tells how long that took and how many records
// are lost, if any. A file that is not whole at the end keeps its temporary name.
//
// Two processes do not write one file or one pattern: the second fails and names the
// first.
//
// # From Prometheus
//
// With --prometheus nothing is visited: the raw samples that a Prometheus, Thanos,
// Mimir or VictoriaMetrics has of the time from --since to --until become the records
// that a scrape would have written then. "time" is that of the samples, so that the
// stream can be merged with that of a load which ran then; the "run" record's config
// has as "read" when they were read. "source" is the server's URL, "#" and the target's
// instance; "taken" is when the server began to scrape, "within" how long that took
// (scrape_duration_seconds) and 2 ms, by which the server may have moved it to its
// schedule.
//
// --match picks series, as in {job="dcgm"}; without a metric's name it means those of
// GPU exporters. Labels of a workload that the server had renamed to exported_pod and
// the like have their own names again, and those of the exporter's own pod are gone.
// Of two servers that scraped the same GPU (labels replica, prometheus_replica,
// __replica__, thanos_replica) one counts as long as it has samples. A window that is
// too much for the server is divided. The flags of access hold for it, too.
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
//
// Telemetry for a load that ran yesterday:
//
//	aiperf-scrape --prometheus http://prometheus:9090 --since 26h --until 23h --match '{job="dcgm"}' -o gpu.ndjson
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report
package main
