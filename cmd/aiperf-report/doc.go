// aiperf-report prints what a load did and what the GPUs did meanwhile.
//
// Usage: aiperf-report [flags] [FILE…]
//
// It reads any number of record streams (newline-delimited JSON) of
// aiperf-load, aiperf-scrape and aiperf-merge, merged or not, and prints one
// report on all of them: latencies, throughput, errors, a table for each GPU,
// and, if aiperf-merge has joined the streams, the energy that tokens and
// requests took.
//
// A FILE may be gzip or zstd data (recognised by its first bytes) or "-" for
// standard input, which is also what is read if there is no FILE. AIPerf's
// profile_export.jsonl and gpu_telemetry_export.jsonl are read as well. A stream
// may be a part of one: of a run that crashed, or what grep has left. What is
// missing, mixed or partial is told in notes under the tables.
//
// # Formats
//
//	table     for people: AIPerf's metrics, columns and order
//	markdown  the same for a pull request
//	csv       AIPerf's profile_export_aiperf.csv
//	json      AIPerf's profile_export_aiperf.json, for example
//	          .request_latency.p99 (ms); our own additions are under the keys
//	          config, definitions, requests, window, energy, gpus, groups and
//	          notes, in base units, and timeslices in AIPerf's
//	ndjson    a line for each metric, group, slice and field of a GPU, in base
//	          units; each begins as a record does, with the type "metric"
//	prom      Prometheus text for a textfile collector: summaries and gauges that
//	          begin with aiperf_ and end with a base unit
//	html      one page for a browser, which loads nothing from anywhere:
//	          distributions; requests, throughput and each GPU's power,
//	          utilization, memory, clock and temperature on one axis of time;
//	          slow requests and what the GPUs did meanwhile; all numbers
//	svg       one chart to paste somewhere, chosen by --chart: latency, ttft,
//	          throughput, concurrency or power over time
//
//	aiperf-records          AIPerf's profile_export.jsonl, a line a request
//	aiperf-gpu              gpu_telemetry_export.jsonl, a line a reading
//	aiperf-timeslices-json  profile_export_aiperf_timeslices.json
//	aiperf-timeslices-csv   and .csv; both need --window
//
// A page holds 100,000 requests; of more it draws a uniform sample, and the
// slowest. Of GPU readings it keeps the lowest and the highest of each of 2000
// stretches of time. Numbers count everything, and the page says what it left
// out. There is no png: rsvg-convert or a browser makes one of the svg.
//
// With all but table, markdown and html the notes go to standard error.
//
// # Measures
//
// Requests of the warm-up are not counted (json has them under
// warmup_metrics). Latencies are those of successful requests. What was
// cancelled on purpose, by --request-cancellation-rate or because the run was
// over, is no failure and is counted apart; AIPerf counts it as failed.
// Throughput is divided by the time from the first start to the last end of
// successful requests; GPU readings count if they were taken in it. Percentiles
// are exact, interpolated on a straight line; std is that of a population for
// requests and of a sample for GPUs, as in AIPerf.
//
// --ttft and --itl choose what tools define in two ways; what is not AIPerf's is
// told in a note, and json has both under definitions.
//
//	--ttft content  the first chunk with content, reasoning included
//	--ttft any      the first byte of the answer, such as that of a chunk that
//	                only tells the role; decode duration, inter token latency
//	                and what follows from them begin there too
//	--itl token     decode duration / (output tokens − 1)
//	--itl chunk     decode duration / (arrivals of content − 1)
//
// Concurrency and throughput over time are AIPerf's sweep-line metrics: each
// request spreads its input tokens evenly over the time to its first token, and
// each later chunk its part of the output tokens over the gap before it. Their
// statistics are weighted by time, over the time from the first start to the
// last end, failures included; those called active, over the parts of it in
// which the phase had a request. Beyond two million gaps between chunks (of all
// requests) tokens are spread evenly over a whole answer instead, and the gaps'
// own percentiles are those of whole microseconds; a note tells.
//
// Beyond --max-memory requests are put into sketches: counts, sums, means and
// extremes stay exact, percentiles are off by less than 1 % of their value, and
// there is nothing on what was in flight over time, no time slices, and no
// latencies with failures counted in. A note tells.
//
// --goodput "request_latency:250 inter_token_latency:10" counts the requests
// that meet all objectives, in the units in which metrics are shown: at most the
// value for latencies, at least for throughputs and lengths. What a request was
// not measured for it does not meet. Goodput is good requests a second, and
// good_request_fraction is good / (successful + failed).
//
// The tables of GPUs have two means: avg is that of the readings, avg(t) is
// weighted by time and does not depend on how often the exporter was asked.
// Energy and violations are what was added to a counter over the window; XID
// Errors is how often the last error's code changed.
//
// Energy is read from the records that aiperf-merge writes: ± bounds its error,
// and the verdict says whether the readings allow to trust it. What requests
// were charged is a convention (see aiperf-merge), and so are the joules of a
// group of requests, which are the sum of that.
//
// # Groups and slices
//
// --by takes keys of requests (model, url, endpoint, phase, run, host,
// conversation, turn, finish) or of GPUs (gpu, uuid, gpu_model, platform,
// source, mig, host, and label.NAME for a label of the exporter's), with commas
// between them. There is a table with a row for each group, and one for each of
// the main metrics. A request's host is that of its load. With phase, the
// warm-up is a group too. There are a thousand groups at most.
//
// --window 10s cuts the time from the first start to the last end into slices;
// only the last one may be shorter. A request belongs to the slice in which it
// began, what was in flight, the tokens that were decoded and the GPUs' readings
// and energy to that in which they were. mJ/tok is the energy of the slice by
// the tokens decoded in it. Energy is there if all GPUs were read before and
// behind the slice.
//
// # Flags
//
// # Exit status
//
// 0 when a report was printed, even if it tells of nothing but failed requests:
// that a load has failed is said by aiperf-load's own status. 1 when there was
// nothing to report on, an input could not be read (what the others hold is
// still reported) or the output not be written. 2 for a mistake in the command
// line. The first interrupt is ignored, for the commands in front will end
// their streams; the second kills.
//
// # Examples
//
//	aiperf-report run.ndjson.zst
//	aiperf-report --format json run.ndjson | jq .request_latency.p99
//	aiperf-report --by model --percentiles 50,90,99.9 run.ndjson
//	aiperf-report --window 10s --goodput "time_to_first_token:200" run.ndjson
//	aiperf-report --format ndjson --window 1 run.ndjson | jq -c 'select(.tag=="gpu.power_usage")'
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format markdown -o energy.md
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format html -o run.html
//	aiperf-load --model m --url localhost:8000 | tee load.ndjson | aiperf-report
package main
