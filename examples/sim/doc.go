// Sim is a model server whose GPUs react to load, and a DCGM exporter that
// watches them, in one process.
//
//	sim [flags]
//
// It prints two lines, "llm URL" and "dcgm URL", and serves until it is
// interrupted. The model server answers chat and plain completions, streamed or
// not, lists its model at /v1/models, and has /health and /metrics in vLLM's
// style. Tokens are the words of a prompt.
//
// A request that has a place in the batch waits --ttft and --ttft-per-token for
// each token of its prompt, and then --itl between tokens. The power of a GPU
// approaches a target with a time constant, --tau; the target grows with what
// is in flight. Energy is the exact integral. The exporter's page changes only
// every --refresh.
//
// --truth writes what really happened, in lines of the record contract:
// "sim.request" with the instant at which each chunk left and the exact energy
// of each GPU at both ends; "sim.load" with what it takes to compute the energy
// at any instant; "sim.end" at the end.
//
// Faults are error (an error event in the middle of a stream), truncate, reset,
// stall, html, empty, or an HTTP status such as 429; each may have a rate, as
// in --fault 429:0.1. A request chooses its own by the header X-Sim-Fault.
//
// # Flags
//
// # Example
//
//	sim --gpus 2 --truth truth.ndjson &
//	aiperf-load -m sim-model -u localhost:8000 --streaming --isl 100 --osl 50 | aiperf-report
package main
