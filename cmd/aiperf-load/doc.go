// Aiperf-load sends requests to an inference server and writes one JSON line
// for each, with the instants at which its tokens arrived.
//
//	aiperf-load --model NAME [--url URL] [flags] > requests.ndjson
//
// It writes records as they happen: "run" first; "begin" when a request has
// been sent; "request" when it has finished, successfully or not; "phase" where
// the warm-up and the profiling phase begin and end; "note" for what is worth
// telling; "end" last. A stream without "end" is that of a run which crashed,
// and still usable.
//
// # When requests are sent
//
// Without a rate, --concurrency conversations are under way at once, and each
// is followed by the next: a closed loop, which a slow server slows down. With
// --request-rate or --request-rate-series requests are due at instants of their
// own, whatever the server does: an open loop. --concurrency then is a cap, and
// a request that waits for it stays due when it was: "late" says by how much it
// started later. No schedule slips without that being seen.
//
// Conversations hold their place between turns. Under a rate, each turn takes
// an arrival, and those of conversations that are under way go first. A turn is
// sent when the answer before has come and the think time has passed, with all
// that was said before, the server's live answers included. A conversation of
// which a turn fails is not continued.
//
// --fixed-schedule replays a trace by its timestamps, --user-centric-rate has
// users who ask at intervals and wait for their answers. A phase ends when the
// first of its limits is reached. Requests that were due then and still had no
// room were never sent; a note tells how many. After --benchmark-duration what is in flight
// may still end within --benchmark-grace-period; what does not is cancelled and
// says so.
//
// # What is measured
//
// "start" is when the first byte was about to leave over a connection that was
// open: looking up a name, connecting and the TLS handshake are in "http", and
// not in "ttft". The instant of a token is that of the socket read that
// completed its event; "gaps" are between such instants, and all pieces of
// content that one read brought have the same. "took" ends with the last
// content. Durations are seconds.
//
// Reasoning and tool calls are content; "kinds" tells them apart ("r12c80":
// twelve pieces of reasoning, then 80 of text), and "ttfo" is the time to the
// first that is no reasoning.
//
// Token counts say where they come from: "usage", the server's own, which
// streams ask for; "tokenizer"; or "chunks", one for each piece of content. A
// server that refuses to be asked for usage is satisfied by --extra-inputs
// stream_options:null. Prompts are English words, exactly as many tokens of the
// vocabulary of --tokenizer as asked for; a server's chat template adds its
// own. An answer may end early; --extra-inputs ignore_eos:true makes vLLM and
// SGLang give as many tokens as --osl asks for. The warm-up asks other prompts
// than what is measured.
//
// A failed request has an "error" with a class: connect, tls, timeout, status,
// decode (no answer of this kind), stream (an error event after HTTP 200),
// truncated (it ended without its terminator), empty (no token) or cancelled.
//
// # Datasets
//
// Files are read as they are asked for, not loaded: millions of rows take no
// memory. Compressed files and standard input are read once, from front to
// back. A row that makes no sense is told by its line and left out. Formats:
//
//	single_turn      {"text":"…","output_length":50}
//	multi_turn       {"session_id":"a","turns":[{"text":"…"},{"text":"…","delay":500}]}
//	random_pool      as single_turn; one or more files, from which turns are drawn
//	mooncake_trace   {"timestamp":0,"input_length":655,"output_length":52,"hash_ids":[0,1]}
//	burst_gpt_trace  CSV with Timestamp, Request tokens and Response tokens
//	raw_payload      a request's body, or {"payload":…}
//	inputs_json      {"data":[{"session_id":"a","payloads":[…]}]}
//	sharegpt         [{"id":"a","conversations":[{"from":"human","value":"…"},…]}]
//
// Of ShareGPT conversations those are left out, and counted, that have a prompt
// of less than 4 or more than 1024 tokens, a reply of less than 4, or more than
// 2048 of both, as other tools do. The reply's length is what is asked for.
//
// "timestamp" and "delay" are milliseconds. Equal hash_ids are equal text.
//
// # Can the numbers be trusted?
//
// The last record holds "health", and a note tells it: how late requests left
// that had to wait for nothing but this process (99th percentile; more than 10
// ms is "late"), the longest time that a goroutine which was due did not run
// (100 ms: "stall"), how long goroutines waited for a processor (99th
// percentile, 5 ms: "scheduling"), pauses for garbage collection (10 ms: "gc"),
// the share of the processors (90 %: "cpu"), waiting for the reader of the
// records (100 ms: "output"), and descriptors or ports that ran out
// ("descriptors"). Any of them makes the verdict client-bound: the numbers
// measure this client too. --require-healthy makes that an error.
//
// # Several processes
//
// With --shard I/N and all other flags the same, N processes on any hosts send
// together what one would have sent: the same conversations, at the same
// instants. Numbers (--request-rate, --concurrency, --request-count, …) are
// those of the whole. --start-at lets them begin together; clocks should agree.
// Conversations of several turns should be counted by --num-sessions then: shares
// of a number of requests would end in the middle of others.
// Put the streams together with aiperf-merge.
//
// # Interrupts
//
// On a terminal it shows its progress on standard error. The first interrupt
// (Ctrl-C) stops sending and waits for what is in flight, the second ends the
// program at once.
//
// # Flags
//
// A time is a number of seconds or has a unit: 90, 1.5m, 500ms. AIPerf's other
// names of flags are known too, such as --num-requests, --request-rate-mode and
// --session-turns-mean.
//
// # Environment
//
// OPENAI_API_KEY is the API key unless --api-key gives one. HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY are followed. HF_HUB_CACHE or HF_HOME say where
// --tokenizer finds models.
//
// # Exit status
//
// 0 when at least one profiling request succeeded, 1 when none did or the run
// could not begin, 2 for a mistake in the flags, 3 when more requests failed
// than --failed-request-threshold allows, or --require-healthy is not met.
//
// # Examples
//
// Four users, 64 requests, and the 99th percentile of their latency:
//
//	aiperf-load --model Qwen/Qwen3-0.6B --url localhost:8000 --streaming \
//	  --isl 100 --osl 200 --concurrency 4 --request-count 64 |
//	  aiperf-report
//
// Ten requests a second for a minute, as they come by chance:
//
//	aiperf-load -m Qwen/Qwen3-0.6B -u localhost:8000 --streaming --isl 100 --osl 200 \
//	  --request-rate 10 --benchmark-duration 60 -o requests.ndjson.zst
//
// Conversations of four turns with two seconds of thought between them:
//
//	aiperf-load -m Qwen/Qwen3-0.6B -u localhost:8000 --streaming --num-sessions 20 \
//	  --conversation-turn-mean 4 --conversation-turn-delay-mean 2000 --concurrency 5 |
//	  aiperf-report
package main
