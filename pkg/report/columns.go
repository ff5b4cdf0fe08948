package report

import (
	"math"

	"aiperf/pkg/record"
)

// A column is something that is known of each request: seconds, joules, bytes
// or a number.
type column int

const (
	colTook column = iota
	colTTFT
	colTTFO
	colSecond // gap between the first two arrivals
	colLate
	colEnergy
	colIn
	colOut
	colReasoning
	colCached
	colAsked
	colChunks
	colBytesSent
	colBytesReceived
	colBlocked
	colDNS
	colConnect // with TLS
	colSent
	colFirstByte
	colWaiting // at the server, as the next two
	colRunning
	colKVCache
	columns
)

// What became of a request.
const (
	answered  uint8 = iota
	untimed         // answered, but without a length
	failing         //
	cancelled       // on purpose

	outcome   uint8 = 3      // mask of the above
	usageIn   uint8 = 1 << 2 // the server counted the input tokens
	usageOut  uint8 = 1 << 3 // and the output tokens
	overHTTP  uint8 = 1 << 4 // it is known what happened below
	reusing   uint8 = 1 << 5 // on a connection that was used before
	tokenless uint8 = 1 << 6 // the answer is no tokens
)

// A table is what is kept of the requests of a phase: 8 bytes a value of the
// columns that there is anything in.
type table struct {
	start []record.Time
	flags []uint8
	group []int32 // of those that were asked for; nil if none were
	cols  [columns][]float64
}

func (t *table) len() int { return len(t.start) }

// add makes a row and tells which it is.
func (t *table) add(start record.Time, flags uint8) int {
	t.start = append(t.start, start)
	t.flags = append(t.flags, flags)
	return len(t.start) - 1
}

func (t *table) set(c column, row int, v float64) {
	col := t.cols[c]
	for len(col) < row {
		col = append(col, math.NaN())
	}
	t.cols[c] = append(col, v)
}

// get is NaN where there is nothing.
func (t *table) get(c column, row int) float64 {
	if col := t.cols[c]; row < len(col) {
		return col[row]
	}
	return math.NaN()
}

func (t *table) is(row int, f uint8) bool { return t.flags[row]&f != 0 }

func (t *table) outcome(row int) uint8 { return t.flags[row] & outcome }

// ok tells whether the request was answered and timed, which is what is
// measured.
func (t *table) ok(row int) bool { return t.flags[row]&outcome == answered }

// end is when the request was over, as far as that is known.
func (t *table) end(row int) record.Time {
	if took := t.get(colTook, row); took == took {
		return t.start[row].Add(took)
	}
	return t.start[row]
}
