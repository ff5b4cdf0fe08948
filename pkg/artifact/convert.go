package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/url"
	"strings"

	"aiperf/pkg/record"
)

var errOther = errors.New("not a line of AIPerf's profile_export, gpu_telemetry_export or server_metrics_export")

// convert makes a record of a line that is known to be valid JSON, and tells
// the earliest instant that the line is about.
func convert(line []byte) (record.Record, record.Time, error) {
	switch lineForm(line) {
	case formRequests:
		r, err := request(line)
		if err != nil {
			return nil, 0, err
		}
		return r, min(r.Start, r.Time), nil
	case formTelemetry:
		g, err := reading(line)
		if err != nil {
			return nil, 0, err
		}
		return g, g.Time, nil
	case formServer:
		s, err := page(line)
		if err != nil {
			return nil, 0, err
		}
		return s, s.Taken, nil
	case formRaw:
		return nil, 0, errors.New(wanted[formRaw])
	}
	return nil, 0, errOther
}

// instant reads nanoseconds since the epoch, until 2116: what lies behind leaves
// no room to add to. The error names the key.
func instant(key string, v record.Value) (record.Time, error) {
	n, ok := v.Int()
	if !ok || n <= 0 || int64(n) > 1<<62 {
		return 0, fmt.Errorf("%s is no instant in nanoseconds: %s", key, excerpt(v))
	}
	return record.Time(n), nil
}

// seconds are the units of time by their names in AIPerf's files and what is
// likely to be meant by others.
var seconds = map[string]float64{"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "sec": 1, "s": 1, "seconds": 1, "min": 60}

// bytesOf are AIPerf's units of size: those of metrics count by 1024.
var bytesOf = map[string]float64{"B": 1, "bytes": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}

// A quantity is the value of a metric as it stands, and its unit.
type quantity struct {
	value record.Value
	unit  string
}

func quantityOf(v record.Value) quantity {
	var q quantity
	for key, v := range record.Keys(v) {
		switch string(key) {
		case "value":
			q.value = v
		case "unit":
			q.unit = unit(v)
		}
	}
	return q
}

// unit gives the common units without an allocation.
func unit(v record.Value) string {
	switch string(v) {
	case `"ms"`:
		return "ms"
	case `"tokens"`:
		return "tokens"
	case `"count"`:
		return "count"
	case `"ratio"`:
		return "ratio"
	case `"KB"`:
		return "KB"
	}
	s, _ := v.Text()
	return s
}

// maxSeconds, a hundred years, keeps nonsense from overflowing an instant.
const maxSeconds = 100 * 365 * 86400

// duration is a number in the unit of q in seconds, to the nanosecond, in which
// AIPerf measures.
func (q quantity) duration(v record.Value) (float64, error) {
	factor, ok := seconds[q.unit]
	if !ok {
		return 0, fmt.Errorf("its unit is %q, which is none of time", q.unit)
	}
	x, ok := v.Number()
	if x *= factor; !ok || math.Abs(x) > maxSeconds {
		return 0, fmt.Errorf("it is no length of time: %s", excerpt(v))
	}
	return math.Round(x*1e9) / 1e9, nil
}

// count is q as a whole number; false if it is none.
func (q quantity) count() (int, bool) {
	x, ok := q.value.Number()
	if !ok || x != math.Trunc(x) || x < 0 || x > math.MaxInt32 {
		return 0, false
	}
	return int(x), true
}

// size is q in bytes; false if it is none.
func (q quantity) size() (int64, bool) {
	x, ok := q.value.Number()
	factor, known := bytesOf[q.unit]
	if x *= factor; !ok || !known || x < 0 || x > 1<<53 {
		return 0, false
	}
	return int64(math.Round(x)), true
}

// source takes a user's name and password out of a URL.
func source(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return s[strings.LastIndex(s, "@")+1:]
	}
	u.User = nil
	return u.String()
}

// numbers yields the elements of an array of numbers as they stand; of another
// array what is between its commas.
func numbers(array record.Value) iter.Seq[record.Value] {
	return func(yield func(record.Value) bool) {
		if len(array) < 2 || array[0] != '[' {
			return
		}
		for v := range bytes.SplitSeq(array[1:len(array)-1], []byte{','}) {
			if v = bytes.TrimSpace(v); len(v) > 0 && !yield(record.Value(v)) {
				return
			}
		}
	}
}
