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
//	          window, energy, gpus and notes, in base units
//	html      one page for a browser, which loads nothing from anywhere:
//	          distributions; requests, throughput and each GPU's power,
//	          utilization, memory, clock and temperature on one axis of time;
//	          slow requests and what the GPUs did meanwhile; all numbers
//	svg       one chart to paste somewhere, chosen by --chart: latency, ttft,
//	          throughput, concurrency or power over time
//
// A page holds 100,000 requests; of more it draws a uniform sample, and the
// slowest. Of GPU readings it keeps the lowest and the highest of each of 2000
// stretches of time. Numbers count everything, and the page says what it left
// out. There is no png: rsvg-convert or a browser makes one of the svg.
//
// With csv, json and svg the notes go to standard error as well.
//
// # Measures
//
// Requests of the warm-up are not counted. Latencies are those of successful
// requests. Throughput is divided by the time from the first start to the last
// end of these; GPU readings count if they were taken in it. Percentiles are
// exact, interpolated on a straight line; std is that of a population for
// requests and of a sample for GPUs, as in AIPerf.
//
// The tables of GPUs have two means: avg is that of the readings, avg(t) is
// weighted by time and does not depend on how often the exporter was asked.
// Energy and violations are what was added to a counter over the window; XID
// Errors is how often the last error's code changed.
//
// Energy is read from the records that aiperf-merge writes: ± bounds its error,
// and the verdict says whether the readings allow to trust it.
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
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format markdown -o energy.md
//	aiperf-merge load.ndjson gpu.ndjson | aiperf-report --format html -o run.html
//	aiperf-load --model m --url localhost:8000 | tee load.ndjson | aiperf-report
package main
