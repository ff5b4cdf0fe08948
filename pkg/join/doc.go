// Package join brings streams together on time: it merges sorted streams,
// attributes energy and GPU state to requests, and judges whether the energy
// can be trusted.
//
// [Merge] needs one line per input. [Attribute] reads a merged stream once and
// holds what happened since the oldest of the latest readings of the GPUs:
// about one refresh of an exporter, whatever the length of the run.
//
// # Stages
//
// Each stage takes lines and gives lines. An input may pass [ShiftAll] or
// [Offsets.Shift], which correct its clock, and [Reorder], which sorts what is out
// of order by no more than a few seconds; what [Merge] gives may pass [Cut], which
// keeps a window, and [Distinct], before it comes to [Attribute]. All of them pass
// errors on as they come.
//
// # Energy
//
// E_g(t), the energy of GPU g, is linear between the first instants at which a
// new value of its energy counter was seen. A GPU without a counter has the
// trapezoid of its power instead. A counter that comes later than the power
// is used if it comes before the first request; one that stands at 0 beside a
// power is none. The instant of a reading is its "taken".
//
// A GPU that two sources report is one GPU, and the readings of one source are
// used, for two exporters read the same counter with different delay, so that
// interleaved values would run backwards and look like resets. The first source
// is left for another one when that has brought news for four of its own
// refreshes in which the first brought none: because it died, or because it is
// the coarser one. Rows of MIG instances repeat their GPU's power: one of them
// stands for the GPU if it has no row of its own.
//
// # Shares
//
// A request i in flight has a weight w_i(t): 1 for [Equal], the tokens that it
// produces a second for [Token], one of two given numbers for [Phase]. With W
// the sum of the weights, of requests of any phase, it is charged
// Σ_g ∫ w_i/W dE_g. While requests are in flight that all have no weight they
// are charged evenly. What is spent while nothing is in flight is idle. This is
// a convention of accounting, not a causal cost.
//
// Equal shares need A_g(t) = ∫ dE_g/W alone: a request is charged
// Σ_g A_g(end) − A_g(start). The weights of the other conventions are known when
// a request has ended, so that they wait for the oldest one in flight.
//
// # Windows
//
// The window [a, b] of a phase runs from the first start to the last end of its
// requests that succeeded (for the profiling phase those for which [Measured] is
// true); if there are none, of all its requests. Charges of these requests are
// "requests"; what any other request (of another phase, failed, never finished)
// was charged inside [a, b] is "others". For each GPU requests + others + idle =
// E_g(b) − E_g(a), which is checked on every run.
package join
