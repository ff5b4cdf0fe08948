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
//	          config, definitions, requests, window, energy, gpus, groups, slo,
//	          comparison and notes, in base units, and timeslices in AIPerf's
//	ndjson    a line for each metric, group, slice and field of a GPU, in base
//	          units; each begins as a record does, with the type "metric"; then
//	          verdicts and changes, with the types "slo", "change" and "limit"
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
// # Filters
//
// --where counts only what meets a condition on its keys, as they stand in the
// records. Those of requests:
//
//	--where 'took > 2s and not error'
//	--where 'model =~ "llama" and tokens.out >= 100'
//	--where 'gpu.throttled or server.waiting_start > 0'
//
// and those of GPU readings: source, host, platform, uuid, gpu (the index),
// gpu_model, mig, mig_profile, labels.NAME and fields.NAME:
//
//	--where 'host == "node1" and gpu in (0, 1)'
//	--where 'labels.pod =~ "^llm-"'
//
// A condition is about one type of record, and the others stay; several --where
// must all be met. Numbers may have units (2s, 300W, 90%, 1500MHz), and are else
// in base units: seconds, watts, joules, bytes, shares of 1. A comparison with a
// key that a record does not have is false. There are and, or, not, < <= > >= ==
// !=, =~ and !~ (a regular expression is found in it, or not), in (a, b), has(key),
// + - * / and parentheses. A key that no record has is told in a note, as is how
// many are left.
//
// Energy is computed by aiperf-merge for all GPUs and the whole run: its total
// stays as it is, and what would divide it by the part that is left is left out.
// What requests were charged is that of those that are left.
//
// # Objectives
//
// --slo tells whether numbers of the report are within bounds; all that are given
// are judged, in a table with the value, the bound and the margin, which is by
// which share of the bound the value is on the right side of it.
//
//	--slo 'ttft.p99 < 200ms and errors < 0.1%'
//	--slo 'energy_per_output_token < 40mJ' --slo 'energy.valid == true'
//	--slo 'gpu.temperature.max < 85'
//
// The language is that of filters. A name is METRIC.STAT, with a tag of AIPerf's
// (those of json) and avg, min, max, std, sum, count, or any percentile such as p99
// and p99.9; of a single value, such as request_throughput, the tag alone. Short
// names are ttft, ttst, ttfo, itl (tpot), icl, latency (e2e), isl, osl, rps, tps,
// errors (the share of failed requests), energy and power. A number needs a unit
// where people are shown another than the base unit, as ms or %.
//
// gpu.FIELD.STAT has a field of GPU readings (gpu.power, gpu.utilization,
// gpu.memory for short), also time_weighted; an increase is gpu.FIELD alone. Such
// an objective must hold for each GPU, and the one that is furthest off is shown.
//
// What was not measured is missed, and why is told. Percentiles that objectives and
// limits name are in files too.
//
// # Comparison
//
// --baseline OLD compares what the operands hold with what OLD holds. Both sides
// may be several files, each of which is a run; the table shows old, new, the
// change, its interval at a confidence of 95 %, the probability p of as much by
// chance, and the verdict: better, worse, changed (where more is neither), same (no
// difference was found) or too little data, which a note explains.
//
// With three or more runs on each side, numbers are means over runs, and the
// interval (Student's t, Behrens and Fisher) covers what differs from run to run.
// With fewer it is over requests in the order of time, by means of batches, for
// those of one server hang together; it says whether these two runs differ, and not
// whether another pair would. Rates are those of short parts of the run. Intervals
// of energy are widened by the error that aiperf-merge bounds, and those of
// percentiles beyond --max-memory by the sketch's; an energy that is not valid is
// not compared.
//
// Among twenty numbers one is often changed by chance. A verdict with a question
// mark rests on its own interval alone; without, it holds when all numbers of the
// table are taken together (Holm). Other models, versions, settings of the load, or
// lengths of prompts and answers on both sides are warned of.
//
// --fail-if 'ttft.p50 +5%' (and 'request_throughput -3%', 'latency.p99 +20ms') fails
// if the number grew, or shrank, by more than that and its interval is without 0:
// a change that may be chance does not fail. One that cannot be told, for lack of
// data or because it was not measured, does: a gate that does not see must not open.
// Beyond p99 and for numbers that a run has one of, such as average_gpu_power, give
// three runs on each side.
//
// Table and markdown show the comparison alone. json, ndjson, prom and html have
// the report on all new files too, html that on the baseline as well.
//
// # Flags
//
// # Exit status
//
// 0 when a report was printed, even if it tells of nothing but failed requests:
// that a load has failed is said by aiperf-load's own status. 1 when there was
// nothing to report on, an input could not be read (what the others hold is still
// reported, but not compared), a side of a comparison has no requests or the same
// run twice, or the output could not be written. 2 for a mistake in the command
// line. 3 if an objective of --slo was missed or a limit of --fail-if was exceeded,
// or if that could not be told; the report is written all the same. The first
// interrupt is ignored, for the commands in front will end their streams; the
// second kills.
//
// # Examples
//
//	aiperf-report run.ndjson.zst
//	aiperf-report --format json run.ndjson | jq .request_latency.p99
//	aiperf-report --by model --percentiles 50,90,99.9 run.ndjson
//	aiperf-report --window 10s --goodput "time_to_first_token:200" run.ndjson
//	aiperf-report --where 'model == "m" and not error' run.ndjson
//	aiperf-report --slo 'ttft.p99 < 200ms' --slo 'errors < 0.1%' run.ndjson
//	aiperf-report --baseline old.ndjson --fail-if 'latency.p99 +5%' new.ndjson
//	aiperf-report --baseline old1.ndjson,old2.ndjson,old3.ndjson new?.ndjson
//	aiperf-report --format ndjson --window 1 run.ndjson | jq -c 'select(.tag=="gpu.power_usage")'
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format markdown -o energy.md
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format html -o run.html
//	aiperf-load --model m --url localhost:8000 | tee load.ndjson | aiperf-report
package main
