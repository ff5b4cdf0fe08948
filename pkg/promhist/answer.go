package promhist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A point is one sample.
type point struct {
	ms    int64 // since the Unix epoch
	value float64
}

// A series is what the server has of one series in a window. Its points are in
// the order of time, one of each instant, and none is NaN.
type series struct {
	labels map[string]string
	points []point
}

// An answer is what the API says in its envelope.
type answer struct {
	status    string
	kind      string // resultType
	errorType string
	error     string
	warnings  []string
}

// errTooMuch says that an answer has more in it than is taken at once.
var errTooMuch = errors.New("the answer has too much in it")

// parseAnswer reads an answer of /api/v1/query with a range selector and gives
// each series to take. Nothing but one series is in memory. Its errors are
// [*AnswerError], those of r and of take.
func parseAnswer(r io.Reader, most int, take func(series) error) (answer, error) {
	p := &answerParser{dec: json.NewDecoder(r), take: take, most: most}
	p.dec.UseNumber()
	err := p.object(func(key string) error {
		switch key {
		case "status":
			return p.dec.Decode(&p.a.status)
		case "errorType":
			return p.dec.Decode(&p.a.errorType)
		case "error":
			return p.dec.Decode(&p.a.error)
		case "warnings", "infos":
			var w []string
			err := p.dec.Decode(&w)
			p.a.warnings = append(p.a.warnings, w...)
			return err
		case "data":
			return p.data()
		}
		var skip json.RawMessage
		return p.dec.Decode(&skip)
	})
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax), errors.As(err, &kind):
		err = &AnswerError{err}
	case err == io.EOF:
		err = &AnswerError{io.ErrUnexpectedEOF}
	case err == nil && p.a.status == "success" && p.seen && p.a.kind != "matrix":
		err = &AnswerError{fmt.Errorf("the result is of the type %q, not a matrix", p.a.kind)}
	case err == nil && p.a.status == "":
		err = &AnswerError{errors.New(`it has no "status"`)}
	}
	return p.a, err
}

// An AnswerError is about an answer that is not one of the API.
type AnswerError struct{ Err error }

func (e *AnswerError) Error() string { return "not an answer of the Prometheus API: " + e.Err.Error() }

func (e *AnswerError) Unwrap() error { return e.Err }

func malformed(format string, a ...any) error { return &AnswerError{fmt.Errorf(format, a...)} }

type answerParser struct {
	dec  *json.Decoder
	a    answer
	seen bool // a result that has something in it
	most int  // samples that are still taken
	take func(series) error
}

// object calls member for each key of an object; member reads the value.
func (p *answerParser) object(member func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := member(name); err != nil {
			return err
		}
	}
	return p.delim('}')
}

func (p *answerParser) delim(want json.Delim) error {
	t, err := p.dec.Token()
	if err != nil {
		return err
	}
	if t != want {
		return malformed("%v where %v was expected", t, want)
	}
	return nil
}

// data is absent or null in an answer that tells an error.
func (p *answerParser) data() error {
	t, err := p.dec.Token()
	switch {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('{'):
		return malformed("its data is no object")
	}
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch key {
		case "resultType":
			err = p.dec.Decode(&p.a.kind)
		case "result":
			err = p.result()
		default:
			var skip json.RawMessage
			err = p.dec.Decode(&skip)
		}
		if err != nil {
			return err
		}
	}
	return p.delim('}')
}

func (p *answerParser) result() error {
	t, err := p.dec.Token()
	switch {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('['):
		return malformed("its result is no list")
	}
	for p.dec.More() {
		p.seen = true
		var s struct {
			Metric map[string]string `json:"metric"`
			Values points            `json:"values"`
		}
		if err := p.dec.Decode(&s); err != nil {
			return err
		}
		if p.most -= len(s.Values); p.most < 0 {
			return errTooMuch
		}
		if err := p.take(series{s.Metric, s.Values}); err != nil {
			return err
		}
	}
	return p.delim(']')
}

type points []point

// UnmarshalJSON reads a list of [seconds, "value"] without the decoder, which
// would cost ten times as much.
func (p *points) UnmarshalJSON(b []byte) error {
	s := string(b)
	if s == "null" {
		return nil
	}
	if s[0] != '[' {
		return malformed("values are no list: %s", excerpt(s))
	}
	for {
		i := strings.IndexByte(s[1:], '[')
		if i < 0 {
			break
		}
		end := strings.IndexByte(s, ']')
		if end < i+2 {
			return malformed("a list of values does not hold pairs: %s", excerpt(s))
		}
		pt, err := pair(s[i+2 : end])
		if err != nil {
			return err
		}
		s = s[end+1:] // a comma or the list's end is left
		if math.IsNaN(pt.value) {
			continue // no reading, or a mark that the series is over
		}
		switch n := len(*p); {
		case n == 0 || (*p)[n-1].ms < pt.ms:
			*p = append(*p, pt)
		case (*p)[n-1].ms == pt.ms:
			// Two servers wrote the same series: the later one counts, and a
			// counter does not go back.
			(*p)[n-1].value = max((*p)[n-1].value, pt.value)
		default:
			return malformed("values are not in the order of time: %d ms after %d ms", pt.ms, (*p)[n-1].ms)
		}
	}
	return nil
}

// pair reads the inside of [1795437373.934,"1016620365"].
func pair(s string) (point, error) {
	at, value, ok := strings.Cut(s, ",")
	value = strings.TrimSpace(value)
	if n := len(value); ok && n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	} else {
		ok = false
	}
	t, terr := strconv.ParseFloat(strings.TrimSpace(at), 64)
	v, verr := strconv.ParseFloat(value, 64)
	const most = 1e11 // seconds; some 3000 years
	if !ok || terr != nil || verr != nil && !errors.Is(verr, strconv.ErrRange) || !(math.Abs(t) < most) {
		return point{}, malformed("a value is no pair of seconds and a number: [%s]", excerpt(s))
	}
	return point{int64(math.Round(t * 1000)), v}, nil
}

func excerpt(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
