// Package record is the NDJSON contract that the aiperf commands share: what a
// line means, how instants are written, and how a stream is read and written.
//
// A stream is one JSON object a line. Each line begins with the keys "time",
// "type" and "v", in this order, and can be understood alone, so that grep,
// head, split, sort and jq -c keep it whole. "time" is the instant at which the
// line was written, in a form of fixed width ([Time]), which makes
// LC_ALL=C sort -m a correct merge of streams.
//
// Units are seconds, watts, joules, bytes, hertz, degrees Celsius and ratios
// from 0 to 1. What was not measured has no key: absent is not zero. NaN and
// infinities never appear.
//
// A producer's first line is a [Run], its last an [End]. A stream whose End is
// missing is partial: still usable, and [Runs] tells.
package record
