// Aiperf-scrape reads GPU telemetry from DCGM exporters, and the metrics of
// inference servers, and writes one JSON line for each new reading.
//
//	aiperf-scrape [flags] [URL…] > gpu.ndjson
//
// It visits every URL at a fixed cadence, and http://localhost:9400/metrics and
// http://localhost:9401/metrics besides. A URL may be short: node1 and node1:9400
// stand for http://node1:9400/metrics. unix:///run/dcgm.sock is a Unix socket,
// unix:///run/dcgm.sock:/metrics one with a path.
//
// It writes "run" first; "scrape" for each visit, failed ones and repeats
// included; "gpu" for each GPU and MIG instance of a page that says something
// new; "server" for each new page of an inference server; "note" for what is
// worth telling, which standard error is told too; "end" last. A stream without
// "end" is that of a run which crashed, and still usable.
//
// Values of GPUs are in watts, joules, bytes, hertz, seconds, degrees Celsius and
// ratios from 0 to 1. What an exporter did not print has no key. "taken" is the
// middle between the request's leaving and the answer's first byte, "within" half
// of that time.
//
// # Sources
//
// --targets names a list of sources: Prometheus's file_sd as JSON or YAML, whose
// labels go to the records, or one source a line. It is looked at every five
// seconds; sources come and go with a note, and a list that makes no sense leaves
// all as it was. __scheme__, __metrics_path__ and __param_NAME are followed.
//
// A source that cannot be reached is told once, tried again after longer and
// longer pauses of at most 10 seconds, and never ends the run. A page that is cut
// short is an error and gives no reading. A bad line costs itself only. An empty
// page is not that GPUs are gone; a GPU that is gone from a page is told once, and
// so is one that two sources show.
//
// # Inference servers
//
// --server reads the metrics of vLLM, SGLang, TensorRT-LLM, Triton, llama.cpp, TGI
// and Dynamo: queue depth, what is running, the use of the KV cache, preemptions,
// token counters and latencies, or what --match says. A URL that was given as an
// exporter's may be one too, unless --gpu-only is given. "series" has the names and
// units of the page; each record has all of them, so that it stands alone. Buckets
// are pairs of an upper bound and a count, cumulative; the one without a bound is
// "count". A server that answers JSON is asked once for /prometheus/metrics, where
// TensorRT-LLM has its page, and else left alone.
//
// # Access
//
// User and password in a URL are sent, and never written; they show in the list of
// processes, where those in a file do not. Credentials from files and headers go to
// all sources but the two that are tried by default. A redirect to another host is
// an error. Pages are asked for compressed, by gzip or zstd, except from this
// machine.
//
// # Time
//
// An exporter refreshes its values at an interval of its own, often every 30
// seconds; visiting it more often gives repeats, which are written as visits only,
// and which a note tells, with the cure. Reading the sensors fast costs the GPUs
// something: at 100 ms and less a few percent of speed have been seen.
//
// Visits of many sources are spread over the interval, each at an instant that its
// name decides. "late" says how long after it was due a visit began. Instants count
// monotonic time from the start of the run; a note tells when the wall clock is set
// meanwhile.
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
// # What it costs
//
// "end" has, for each source, the requests, failures and bytes, how long answers
// took and how late visits were (mean, 99th percentile), and the interval at which
// new values came; and for this process the processor time, its share of one
// processor, and the most memory that it held.
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
// be written, 2 for a mistake in the flags, 3 when --strict is not met.
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
//
// How many requests wait in a server, once a second:
//
//	aiperf-scrape --no-default --interval 1s --server localhost:8000 |
//	  jq -r 'select(.type == "server") | .taken as $t | .series[] |
//	    select(.name == "vllm:num_requests_waiting") | [$t, .value] | @tsv'
//
// All nodes of a cluster, with a token and a certificate authority:
//
//	aiperf-scrape --no-default --targets nodes.json --interval 1s \
//	  --bearer-token-file /var/run/secrets/token --ca-cert ca.pem -o gpu.ndjson.zst
package main
