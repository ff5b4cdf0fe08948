package prompt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A Pair is one kind of request of a mix.
type Pair struct {
	In, Out Lengths
	Percent float64 // of the requests
}

// A Mix is kinds of requests whose percentages sum to 100.
type Mix []Pair

// ParseMix reads a mix in one of three forms, where "|sd" may be left out:
//
//	256|10,128|5:40;512|20,256|10:60
//	[(256|10,128|5):40,(512|20,256|10):60]
//	{"pairs":[{"isl":256,"isl_stddev":10,"osl":128,"osl_stddev":5,"prob":40},…]}
//
// Lengths are tokens of input and output; the shares are percentages that sum
// to 100, or fractions that sum to 1, within a millionth. An error quotes the
// pair that is wrong.
func ParseMix(s string) (Mix, error) {
	var m Mix
	var err error
	switch s = strings.TrimSpace(s); {
	case s == "":
		err = errors.New("is empty")
	case s[0] == '{':
		m, err = parseMixJSON(s)
	case s[0] == '[':
		m, err = parseMixBrackets(s)
	default:
		m, err = parseMixPairs(strings.Split(s, ";"))
	}
	if err == nil {
		err = m.settle()
	}
	if err != nil {
		return nil, fmt.Errorf("sequence distribution %w", err)
	}
	return m, nil
}

// parseMixBrackets cuts "[(…):40,(…):60]" into pairs without their brackets.
func parseMixBrackets(s string) (Mix, error) {
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return nil, errors.New(`starts with "[" but does not end with "]"`)
	}
	var pairs []string
	for rest := strings.TrimSpace(body); ; {
		inside, after, ok := strings.Cut(strings.TrimPrefix(rest, "("), ")")
		if !ok || !strings.HasPrefix(rest, "(") {
			return nil, fmt.Errorf(`pair %d %q: want "(ISL,OSL):percent"`, len(pairs)+1, rest)
		}
		share, next, more := strings.Cut(after, ",")
		pairs = append(pairs, inside+share)
		if !more {
			return parseMixPairs(pairs)
		}
		rest = strings.TrimSpace(next)
	}
}

func parseMixPairs(pairs []string) (Mix, error) {
	if n := len(pairs); n > 1 && strings.TrimSpace(pairs[n-1]) == "" {
		pairs = pairs[:n-1] // a closing ";"
	}
	var m Mix
	for i, s := range pairs {
		p, err := parsePair(s)
		if err != nil {
			return nil, fmt.Errorf("pair %d %q: %w", i+1, strings.TrimSpace(s), err)
		}
		m = append(m, p)
	}
	return m, nil
}

// parsePair reads "ISL|sd,OSL|sd:share".
func parsePair(s string) (p Pair, err error) {
	lengths, share, ok := strings.Cut(s, ":")
	if !ok {
		return p, errors.New(`has no share: want "ISL,OSL:percent"`)
	}
	in, out, ok := strings.Cut(lengths, ",")
	if !ok {
		return p, errors.New(`has no output length: want "ISL,OSL:percent"`)
	}
	if p.In, err = parseLengths(in); err != nil {
		return p, err
	}
	if p.Out, err = parseLengths(out); err != nil {
		return p, err
	}
	p.Percent, err = parseNumber(share)
	return p, err
}

func parseLengths(s string) (l Lengths, err error) {
	mean, sd, ok := strings.Cut(s, "|")
	if l.Mean, err = parseNumber(mean); err == nil && ok {
		l.Stddev, err = parseNumber(sd)
	}
	return l, err
}

func parseNumber(s string) (float64, error) {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return f, nil
}

func parseMixJSON(s string) (Mix, error) {
	var doc struct {
		Pairs []struct {
			ISL  *float64 `json:"isl"`
			OSL  *float64 `json:"osl"`
			Prob *float64 `json:"prob"`
			InS  float64  `json:"isl_stddev"`
			OutS float64  `json:"osl_stddev"`
		} `json:"pairs"`
	}
	if err := json.Unmarshal([]byte(s), &doc); err != nil {
		return nil, fmt.Errorf("is not what it should be: %w", err)
	}
	var m Mix
	for i, p := range doc.Pairs {
		for _, k := range []struct {
			key   string
			value *float64
		}{{"isl", p.ISL}, {"osl", p.OSL}, {"prob", p.Prob}} {
			if k.value == nil {
				return nil, fmt.Errorf("pair %d: has no %q", i+1, k.key)
			}
		}
		m = append(m, Pair{Lengths{*p.ISL, p.InS}, Lengths{*p.OSL, p.OutS}, *p.Prob})
	}
	return m, nil
}

// settle checks the pairs and turns fractions into percentages.
func (m Mix) settle() error {
	if len(m) == 0 {
		return errors.New("has no pairs")
	}
	sum := 0.0
	for i, p := range m {
		err := errors.Join(p.In.check("input length"), p.Out.check("output length"))
		if err == nil && !(p.Percent >= 0 && p.Percent <= 100) {
			err = fmt.Errorf("a share of %v, want 0 to 100", p.Percent)
		}
		if err != nil {
			return fmt.Errorf("pair %d %q: %w", i+1, p, err)
		}
		sum += p.Percent
	}
	switch {
	case math.Abs(sum-100) <= 1e-4:
	case math.Abs(sum-1) <= 1e-6:
		for i := range m {
			m[i].Percent *= 100
		}
	default:
		return fmt.Errorf("has shares that sum to %v, want percentages that sum to 100 (or fractions that sum to 1)", sum)
	}
	return nil
}

func (p Pair) String() string {
	l := func(l Lengths) string {
		s := strconv.FormatFloat(l.Mean, 'f', -1, 64)
		if l.Stddev != 0 {
			s += "|" + strconv.FormatFloat(l.Stddev, 'f', -1, 64)
		}
		return s
	}
	return l(p.In) + "," + l(p.Out) + ":" + strconv.FormatFloat(p.Percent, 'f', -1, 64)
}

// String is the mix in the form with semicolons.
func (m Mix) String() string {
	parts := make([]string, len(m))
	for i, p := range m {
		parts[i] = p.String()
	}
	return strings.Join(parts, ";")
}

// check tells what is wrong with a mix that was not parsed.
func (m Mix) check() error {
	if err := slices.Clone(m).settle(); err != nil {
		return fmt.Errorf("sequence distribution %w", err)
	}
	return nil
}

// draw picks a pair by its share, then a length of each of its distributions.
func (m Mix) draw(rng *rand.Rand) (in, out int) {
	var p Pair
	for at, i := rng.Float64()*100, 0; i < len(m) && at >= 0; i++ {
		if m[i].Percent > 0 { // of the last one, for a sum that is a little less than 100
			p = m[i]
		}
		at -= m[i].Percent
	}
	return p.In.draw(rng), p.Out.draw(rng)
}
