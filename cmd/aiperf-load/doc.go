// Aiperf-load sends requests to an OpenAI-compatible server and writes one JSON
// line for each, with the instants at which its tokens arrived.
//
//	aiperf-load --model NAME [--url URL] [flags] > requests.ndjson
//
// It writes records as they happen: "run" first; "begin" when a request is
// being sent; "request" when it has finished, successfully or not; "phase"
// where the warm-up and the profiling phase begin and end; "end" last. A stream
// without "end" is that of a run which crashed, and still usable.
//
// The instant of a token is that of the socket read which completed its event.
// Durations are seconds. Token counts are those of the server's usage where it
// sends one; streams ask for it. Prompts are English words, exactly as many
// tokens of the o200k_base vocabulary as asked for.
//
// On a terminal it shows its progress on standard error. The first interrupt
// (Ctrl-C) stops sending and waits for what is in flight, the second ends the
// program at once.
//
// # Flags
//
// # Environment
//
// OPENAI_API_KEY is the API key unless --api-key gives one. HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY are followed.
//
// # Exit status
//
// 0 when at least one profiling request succeeded, 1 when none did or the run
// could not begin, 2 for a mistake in the flags.
//
// # Examples
//
// Four users, 64 requests, and the 99th percentile of their latency:
//
//	aiperf-load --model Qwen/Qwen3-0.6B --url localhost:8000 --streaming \
//	  --isl 100 --osl 200 --concurrency 4 --request-count 64 |
//	  aiperf-report
package main
