// Package dcgm reads the page of a GPU exporter into readings in base units.
//
// It knows the dialects of NVIDIA's dcgm-exporter (both of its writers, the
// label names of all its versions, the fields that 4.9.0 renamed, MIG
// instances, pod labels) and AMD's device metrics exporter. The page's grammar
// is left to expfmt; [Parse] adds that a bad line costs that line only, and
// that nothing is ever taken from a line that was cut short.
//
// A field that is known has AIPerf's name without the vendor's prefix and is in
// a base unit: watts, joules, seconds, bytes, bytes per second, hertz, degrees
// Celsius, ratios from 0 to 1. Any other DCGM field keeps its own name and raw
// value. Where several values of a field belong to one GPU, the name carries
// what tells them apart, such as "DCGM_EXP_XID_ERRORS_COUNT{xid=43}".
//
// Blank values (DCGM's sentinels), NaN and infinities are absent readings.
package dcgm
