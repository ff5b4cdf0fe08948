// Truth compares the energy that aiperf-merge found with what the simulator
// knows.
//
//	truth TRUTH MERGED
//
// TRUTH is what examples/sim --truth wrote, MERGED what aiperf-merge wrote of a
// run against it. For each GPU, and for all, it prints the joules of the
// energy records, their plus-minus, the true joules between the same two
// instants, and the difference.
//
// The window [from, to] is made of instants that the client saw. The
// simulator's clock is the same one, and its energy is known at any instant, so
// the comparison has no error of its own.
//
// # Flags
//
// # Exit status
//
// 0 when every true energy is within the plus-minus, 1 when there is nothing to
// compare, 3 when one is outside.
//
// # Example
//
//	truth truth.ndjson artifacts/sim-model-chat-concurrency4/merged.ndjson
package main
