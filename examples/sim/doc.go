// Sim is a model server whose GPUs react to load, and a DCGM exporter that
// watches them, in one process.
//
//	sim [flags]
//
// It prints a line "llm URL" for each port of the model server and a line "dcgm
// URL", and serves until it is interrupted. Tokens are the words of a prompt.
//
// A request that has a place in the batch waits --ttft and --ttft-per-token for
// each token of its prompt, and then --itl between tokens. The power of a GPU
// approaches a target with a time constant, --tau; the target grows with what
// is in flight. Energy is the exact integral. The exporter's page changes only
// every --refresh.
//
// # Endpoints
//
// Answers have tokens, streamed or not, at /v1/chat/completions,
// /v1/completions, /v1/responses, /v1/messages (Anthropic's), /generate and
// /generate_stream (text-generation-inference's). Prompts are worked through
// and no more at /v1/embeddings, /v1/rerank and /v2/rerank (Cohere's), /rerank
// (text-embeddings-inference's) and /v1/ranking (NIM's). All of them share the
// batch, the GPUs, faults and the truth.
//
// /tokenize and /detokenize know the forms of vLLM and llama.cpp, /v1/models
// lists the model, /reset_prefix_cache empties the cache of --prefix-cache, and
// /health and /metrics are vLLM's.
//
// # Ports
//
// With several --listen, or --instances N, there are several ports and one
// machine behind them: one batch, one set of GPUs, one truth, which tells where
// each request came to. Each port speaks HTTP/1.1 and HTTP/2; the latter needs
// --tls, or a client that knows it beforehand (h2c).
//
// # Truth
//
// --truth writes what really happened, in lines of the record contract:
// "sim.request" with the instant at which each chunk left, the exact energy of
// each GPU at both ends, and what came in: path, model, conversation, address
// and number of the connection, number of messages, and a hash of the body;
// "sim.load" with what it takes to compute the energy at any instant; "sim.end"
// at the end. Requests that were refused are told too, with their status.
//
// # Faults
//
// A fault may have a rate, as in --fault 429:0.1. A request chooses its own by
// the header X-Sim-Fault. Several that are joined by + come together, as in
// crlf+split. These make a request fail:
//
//	error       an error event after the first tokens
//	truncate    the stream ends in the middle, without a terminator
//	reset       the connection breaks in the middle
//	stall       nothing comes after the first tokens
//	html        a page instead of an answer
//	empty       an answer without a token
//	endless     a line that does not end until 64 MB, or the client has gone
//	retryafter  status 429, or the one it is joined with, and Retry-After: 1
//	400 to 599  an HTTP status
//
// These are styles of a stream whose answer is whole:
//
//	crlf        lines end in CR LF
//	cr          lines end in CR
//	bom         a byte order mark before the stream
//	nospace     no space behind the colon of a field
//	comments    the comment ": ping" before every event
//	multiline   the data of an event in several data: lines, broken at commas
//	named       event: message before data that has no name of its own
//	ping        an event named ping before every event
//	joined      the events of four chunks in one write
//	split       each event in several writes, cut inside data:, inside a character and between CR and LF
//	twojson     two objects in one event, by turns side by side and in two data: lines
//	badutf8     text with bytes that are not UTF-8
//	huge        one event of 10 MB, that of the second token
//	dup         the event of the first token comes twice
//	nodone      a reason to finish, but no terminator
//	noterm      neither: it ends behind the last token
//	roleless    no event with the role before the first token
//	usagelast   usage beside the reason to finish, not in an event of its own
//	stale       keep-alive is promised, and the connection closed right behind the answer; HTTP/1.1 only
//	slowheader  the head of the answer at once, its body when the first token is there
//
// # Flags
//
// # Example
//
//	sim --gpus 2 --truth truth.ndjson &
//	aiperf-load -m sim-model -u localhost:8000 --streaming --isl 100 --osl 50 | aiperf-report
package main
