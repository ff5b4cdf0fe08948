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
//	table     for people: AIPerf's metrics, columns and order; see Tables
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
//	png       the same where an svg cannot be pasted: 1600 pixels wide, on white;
//	          characters beyond Latin, Greek and Cyrillic are boxes
//
//	none      no report: with --every, to look on only
//
//	aiperf-records          AIPerf's profile_export.jsonl, a line a request
//	aiperf-gpu              gpu_telemetry_export.jsonl, a line a reading
//	aiperf-timeslices-json  profile_export_aiperf_timeslices.json
//	aiperf-timeslices-csv   and .csv; both need --window
//
// A page holds 100,000 requests; of more it draws a uniform sample, and the
// slowest. Of GPU readings it keeps the lowest and the highest of each of 2000
// stretches of time. Numbers count everything, and the page says what it left
// out.
//
// With all but table, markdown and html the notes go to standard error.
//
// # Tables
//
// A table is as wide as the terminal, else 140 columns, or --width. One that does
// not fit has its labels wrapped, single values in a table of their own, and
// fewer columns: std goes first, then min, avg(t), p90, max, p99 and p50, and a
// line under the table tells which are missing and what width shows them. Where
// not even that fits, each row is a paragraph. --percentiles chooses others than
// 50, 90 and 99. Energies are in the unit that has few digits; other metrics in
// AIPerf's. On a terminal headings, verdicts and warnings are coloured unless
// NO_COLOR is set, TERM is dumb or --color says otherwise; what colours say, marks
// and words say too: ✔ and ✘, and "!" before what may make numbers wrong. Notes
// that are alike are one, with their number; json has all.
//
// # Live
//
// --every 2s shows, while records come, how the run stands: what is done, in
// flight and failed, rates and latencies since the picture before and of all, the
// latest reading of each GPU, and how far it has come if aiperf-load's run record
// tells. On a terminal a picture takes the place of the one before, fits its
// size, and is gone when the report comes; elsewhere, and with TERM=dumb, pictures
// stand below each other, each under a line with the time. They are part of what
// table and markdown write to standard output, and else go to standard error.
// The time is that of the records. Percentiles are within 1 %, and what a picture
// costs does not depend on how much was read; one that takes long to make is not
// followed by the next until ten times as long has passed. The report at the end
// is the same as without.
//
// --follow reads files that are still being written, all at once, and waits for
// those that are not there yet. A file is at its end when there is an end record
// for each run record, and nothing more comes for a third of a second; files of
// AIPerf's have none. It looks ten times a second whether a file has grown. The
// first interrupt ends it where the files are, and the report is printed.
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
// # Metrics
//
//	time_to_first_token               start to the first content (--ttft)
//	time_to_second_token              first to second arrival of content
//	time_to_first_output_token        start to the first content that is no reasoning
//	request_latency                   start to the last content
//	decode_duration                   first to last content
//	inter_token_latency               decode duration / (output tokens − 1) (--itl)
//	inter_chunk_latency               gaps between arrivals of content, of all requests
//	output_token_throughput_per_user  1 / inter token latency
//	e2e_output_token_throughput       output tokens / request latency
//	output_sequence_length            output tokens, reasoning included
//	input_sequence_length             input tokens
//	output_token_throughput           all output tokens / benchmark duration
//	input_token_throughput            all input tokens / benchmark duration
//	request_throughput                successful requests / benchmark duration
//	goodput                           good requests / benchmark duration (--goodput)
//	good_request_fraction             good requests / (successful + failed)
//	benchmark_duration                first start to last end of successful requests
//	completed_request_count           successful and failed requests
//	request_error_rate                failed / (successful + failed)
//	cancelled_request_count           cancelled on purpose: neither
//	request_count                     successful requests
//
//	effective_concurrency             requests in flight
//	effective_prefill_concurrency     those before their first token
//	effective_decode_concurrency      and those behind it
//	effective_…_throughput            tokens worked through a second, over all time
//	effective_…_throughput_per_user   the same by the requests in that part
//	active_…_throughput               while there was any such request
//	active_…_throughput_per_user      likewise
//	tokens_in_flight                  tokens of the requests in flight, input included
//
//	http_req_blocked                  waiting for a connection
//	http_req_dns_lookup               looking the host's name up
//	http_req_connecting               opening the connection, TLS included
//	http_req_sending                  start to the request being written
//	http_req_waiting                  from there to the first byte of the answer
//	http_req_receiving                from there to the last content
//	http_req_connection_reused        share of requests on a kept connection
//	http_req_data_sent                size of the body
//	http_req_data_received            size of the answer's
//	http_req_connection_overhead      blocked + name look-up + connecting
//	http_req_duration                 request latency
//	http_req_total                    request latency + connection overhead
//
//	server_requests_waiting           mean over a request, by the server's own
//	                                  metrics, if they were joined
//	server_requests_running           likewise
//	server_kv_cache                   share of the KV cache in use, likewise
//
//	total_gpu_energy                  J of all GPUs over the window of the requests
//	average_gpu_power                 total GPU energy / that window
//	total_gpu_power                   mean power reading of each GPU, added up; it
//	                                  differs from the average if readings are
//	                                  uneven or power lags behind the counter
//	energy_per_request                total GPU energy / successful requests
//	energy_per_output_token           total GPU energy / output tokens
//	energy_per_total_token            total GPU energy / (input + output tokens)
//	energy_per_user                   total GPU energy / --concurrency of the load
//	output_tokens_per_joule           output tokens / total GPU energy
//	performance_per_watt              request throughput / average GPU power
//	output_tps_per_watt               output token throughput / average GPU power
//	goodput_per_watt                  goodput / average GPU power
//	energy_delay_product              energy per request × mean request latency
//	request_energy                    what a request was charged
//	request_energy_per_output_token   that / its output tokens
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
//	aiperf-load --model m --url localhost:8000 | tee load.ndjson | aiperf-report --every 2s
//	aiperf-report --every 1s --follow load.ndjson gpu.ndjson
package main
