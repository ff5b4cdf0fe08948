package expr

import (
	"math"
	"strconv"
)

type kind uint8

const (
	absent kind = iota
	number
	text
	boolean
)

// A Value is a number in its base unit, a string, a boolean or, as the zero
// Value, nothing.
type Value struct {
	kind kind
	num  float64
	str  string
}

// Number is the value x; nothing if x is NaN.
func Number(x float64) Value {
	if math.IsNaN(x) {
		return Value{}
	}
	return Value{kind: number, num: x}
}

// Text is the value s.
func Text(s string) Value { return Value{kind: text, str: s} }

// Bool is the value b.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolean, num: 1}
	}
	return Value{kind: boolean}
}

// Absent tells whether v is nothing.
func (v Value) Absent() bool { return v.kind == absent }

// Number is v as a number; false if it is none.
func (v Value) Number() (float64, bool) { return v.num, v.kind == number }

// Text is v as a string; false if it is none.
func (v Value) Text() (string, bool) { return v.str, v.kind == text }

// Bool is v as a boolean; false if it is none.
func (v Value) Bool() (is, ok bool) { return v.num != 0 && v.kind == boolean, v.kind == boolean }

// String is v as it is written in an expression, without a unit; "absent" if it
// is nothing.
func (v Value) String() string {
	switch v.kind {
	case number:
		return strconv.FormatFloat(v.num, 'g', -1, 64)
	case text:
		return quote(v.str)
	case boolean:
		return strconv.FormatBool(v.num != 0)
	}
	return "absent"
}
