package artifact

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"aiperf/pkg/record"
)

// Tool is the tool of the runs that [Records] makes of AIPerf's files.
const Tool = "aiperf"

// Records yields the records of r, whose first line tells what it holds: the
// lines of AIPerf's profile_export.jsonl, gpu_telemetry_export.jsonl and
// server_metrics_export.jsonl become request, gpu and server records; anything
// else is read by [record.Read], byte for byte, and nothing is waited for but
// the first line. name stands for r in errors.
//
// AIPerf's lines are converted one at a time and in their own order, which for
// requests is nearly but not quite that of their times. Since the files do not
// tell which run they are of or how it ended, a run record comes before them
// and an end record, with the reason [record.Complete], behind them; the run's
// id is made of the first line. An input that breaks off has no end record. The
// same input gives the same records.
//
// A line that is none of the three gives a [*record.LineError], and reading
// goes on. A file of AIPerf's that has no single requests or readings in it,
// such as profile_export_aiperf.json, gives an error that tells which one has.
func Records(r io.Reader, name string) iter.Seq2[record.Line, error] {
	return func(yield func(record.Line, error) bool) {
		p := &peeked{r: r}
		f := sniff(p)
		switch f {
		case formOurs:
			for l, err := range record.Read(p, name) {
				if !yield(l, err) {
					return
				}
			}
		case formRequests, formTelemetry, formServer:
			(&exportReader{name: name, yield: yield, lines: bufio.NewReaderSize(p, blockSize)}).run()
		default:
			yield(record.Line{}, fmt.Errorf("read %s: %s", name, wanted[f]))
		}
	}
}

// blockSize is how much is read at a time, and how much memory records share.
const blockSize = 64 << 10

// An exportReader turns the lines of one of AIPerf's files into records.
type exportReader struct {
	name  string
	yield func(record.Line, error) bool
	lines *bufio.Reader

	long   []byte // a line that is longer than the buffer
	number int    // of the line, from 1
	cut    bool   // the last line is not whole
	block  []byte // what records are written into
	runID  string
	last   record.Time
	counts map[string]int64
}

func (x *exportReader) run() {
	for {
		raw, err := x.next()
		x.number++
		if raw = bytes.TrimSpace(raw); len(raw) > 0 && !x.line(raw, err != nil) {
			return
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF && !x.cut:
			x.end()
		case err == io.EOF:
		case errors.Is(err, io.ErrUnexpectedEOF):
			x.yield(record.Line{}, x.errorf("%w: compressed data ends early; what came before is kept", record.ErrTruncated))
		default:
			x.yield(record.Line{}, fmt.Errorf("read %s: %w", x.name, err))
		}
		return
	}
}

// next is the next line, which is valid until the one after it is read. The
// last one comes with the reader's error.
func (x *exportReader) next() ([]byte, error) {
	x.long = x.long[:0]
	for {
		part, err := x.lines.ReadSlice('\n')
		if len(x.long) == 0 && err != bufio.ErrBufferFull {
			return part, err
		}
		x.long = append(x.long, part...)
		if err != bufio.ErrBufferFull {
			return x.long, err
		}
	}
}

// line yields what a line becomes. It is false when the consumer has left.
func (x *exportReader) line(raw []byte, last bool) bool {
	if !json.Valid(raw) {
		if last {
			x.cut = true
			return x.yield(record.Line{}, x.errorf("%w in the middle of a line, which is skipped: %s", record.ErrTruncated, excerpt(raw)))
		}
		return x.yield(record.Line{}, x.errorf("not JSON: %s", excerpt(raw)))
	}
	r, at, err := convert(raw)
	if err != nil {
		return x.yield(record.Line{}, x.errorf("%w: %s", err, excerpt(raw)))
	}
	if x.counts == nil && !x.begin(raw, at) {
		return false
	}
	switch r := r.(type) {
	case *record.Request:
		r.Run = x.runID
		x.counts["requests"]++
		if r.Error != nil {
			x.counts["failed"]++
		}
	case *record.GPU:
		x.counts["readings"]++
	case *record.Server:
		x.counts["pages"]++
	}
	// Readings of one page have one instant. Lines of equal times would be sorted
	// by their bytes: a nanosecond between them keeps their order.
	if h := r.Head(); h.Time <= x.last && x.last-h.Time < 1000 {
		h.Time = x.last + 1
	}
	x.last = max(x.last, r.Head().Time)
	return x.emit(r)
}

// begin yields the run record. The first line makes the run's id, so that the
// same file given twice is noticed.
func (x *exportReader) begin(raw []byte, at record.Time) bool {
	sum := sha256.Sum256(raw)
	x.runID = Tool + "-" + hex.EncodeToString(sum[:8])
	x.counts = map[string]int64{}
	x.last = at - 1
	return x.emit(&record.Run{Header: record.Header{Time: x.last}, Run: x.runID, Tool: Tool})
}

func (x *exportReader) end() {
	if x.counts != nil {
		x.emit(&record.End{Header: record.Header{Time: x.last + 1}, Run: x.runID, Reason: record.Complete, Counts: x.counts})
	}
}

func (x *exportReader) emit(r record.Record) bool {
	if cap(x.block)-len(x.block) < 4<<10 {
		x.block = make([]byte, 0, blockSize)
	}
	from := len(x.block)
	b, err := record.Append(x.block, r)
	if err != nil {
		return x.yield(record.Line{}, x.errorf("%w", err))
	}
	x.block = b
	raw := b[from : len(b)-1 : len(b)-1]
	return x.yield(record.Line{Header: *r.Head(), Raw: raw, File: x.name, Number: x.number}, nil)
}

func (x *exportReader) errorf(format string, a ...any) error {
	return &record.LineError{File: x.name, Line: x.number, Err: fmt.Errorf(format, a...)}
}

func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
