package record

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

const header = `{"time":"2026-11-23T12:00:00.000000000Z","type":"gpu","v":1`

// A header is read as encoding/json reads it, but for a key that comes twice.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		`}`, `,"a":1}`, ` }`, ` ,"a":[]}`, `}x`, `} `, `,}`, `,"a":1`, `.5}`, `0}`, `e2}`, ``, `,"a":` + strings.Repeat("[", 120) + strings.Repeat("]", 120) + `}`,
	} {
		f.Add(header + s)
	}
	for _, kind := range []string{`x`, ``, `a\"b`, `a\u0062`, "a\tb", "\x00", `é`} {
		f.Add(strings.Replace(header, "gpu", kind, 1) + `,"a":"b"}`)
	}
	for _, v := range []string{`01`, `007`, `0`, `-1`, `99999999999999999999`, ``, `"1"`, `null`} {
		f.Add(strings.TrimSuffix(header, "1") + v + `}`)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		l := Line{Raw: []byte(s)}
		err := l.parse()
		if !json.Valid([]byte(s)) {
			if err == nil {
				t.Errorf("%q is no JSON and is taken for %+v", s, l.Header)
			}
			return
		}
		seen := 0
		for key := range Keys([]byte(s)) {
			switch strings.ToLower(string(key)) {
			case "time", "type", "v":
				seen++
			}
		}
		var want struct {
			Time *Time
			Type *string
			V    int
		}
		werr := json.Unmarshal([]byte(s), &want)
		ok := werr == nil && want.Time != nil && want.Type != nil && *want.Type != ""
		switch {
		case seen > 3:
		case ok != (err == nil):
			t.Errorf("%q gives %+v, %v; encoding/json %v", s, l.Header, err, werr)
		case ok && l.Header != Header{*want.Time, *want.Type, want.V}:
			t.Errorf("%q gives %+v; encoding/json %v %v %d", s, l.Header, *want.Time, *want.Type, want.V)
		}
	})
}
