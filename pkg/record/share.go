package record

import (
	"math"
	"strconv"
)

// appendJSON appends s as encoding/json writes it, at a sixth of the cost. It is
// false, and b to be thrown away, for what needs encoding/json: a text with
// unusual characters, or a number that JSON has not.
func (s *Share) appendJSON(b []byte) ([]byte, bool) {
	m := memberWriter{b: append(b, '{'), ok: true}
	m.number("energy", s.Energy)
	m.text("share", s.Share)
	m.count("gpus", s.GPUs)
	m.number("power", s.Power)
	m.number("utilization", s.Utilization)
	m.number("sm_utilization", s.SMUtilization)
	m.number("memory_utilization", s.MemoryUtilization)
	m.number("sm_clock", s.SMClock)
	m.number("temperature", s.Temperature)
	m.truth("throttled", s.Throttled)
	m.counts("xid", s.XID)
	return append(m.b, '}'), m.ok
}

// A memberWriter appends what a JSON object holds, but for what is absent, as
// encoding/json does with omitempty.
type memberWriter struct {
	b  []byte
	ok bool
}

func (m *memberWriter) key(name string) {
	if m.b[len(m.b)-1] != '{' {
		m.b = append(m.b, ',')
	}
	m.b = append(append(append(m.b, '"'), name...), `":`...)
}

func (m *memberWriter) number(name string, x *float64) {
	if x == nil {
		return
	}
	m.key(name)
	// The exponent's form begins where ECMAScript's does.
	size := math.Abs(*x)
	if size != 0 && size < 1e-6 || !(size < 1e21) {
		m.ok = false
		return
	}
	if n := int64(*x); float64(n) == *x && (n != 0 || !math.Signbit(*x)) && size < 1<<53 {
		m.b = strconv.AppendInt(m.b, n, 10)
		return
	}
	m.b = strconv.AppendFloat(m.b, *x, 'f', -1, 64)
}

func (m *memberWriter) text(name, s string) {
	if s == "" {
		return
	}
	m.key(name)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			m.ok = false
			return
		}
	}
	m.b = append(append(append(m.b, '"'), s...), '"')
}

func (m *memberWriter) count(name string, n int) {
	if n != 0 {
		m.key(name)
		m.b = strconv.AppendInt(m.b, int64(n), 10)
	}
}

func (m *memberWriter) counts(name string, list []int) {
	if len(list) == 0 {
		return
	}
	m.key(name)
	for i, n := range list {
		m.b = strconv.AppendInt(append(m.b, "[,"[min(i, 1)]), int64(n), 10)
	}
	m.b = append(m.b, ']')
}

func (m *memberWriter) truth(name string, v *bool) {
	if v != nil {
		m.key(name)
		m.b = strconv.AppendBool(m.b, *v)
	}
}
