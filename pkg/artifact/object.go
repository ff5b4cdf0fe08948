package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// An object is a JSON object whose keys have an order.
type object []member

type member struct {
	key   string
	value any
}

func (o *object) set(key string, value any) { *o = append(*o, member{key, value}) }

// number sets a number, unless it is none that JSON could hold.
func (o *object) number(key string, x float64) {
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		o.set(key, x)
	}
}

// text sets a text, unless it is empty.
func (o *object) text(key, s string) {
	if s != "" {
		o.set(key, s)
	}
}

// write writes o as a file for people too: indented.
func (o object) write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
