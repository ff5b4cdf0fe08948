package dcgm

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

type label struct{ name, value string }

// words are a line taken apart.
type words struct {
	family string // of HELP and TYPE too
	labels []label
}

// A line is what is remembered of a line of a page: a comment, or a sample but
// for its number. There is one for each line of each source, so it is small.
type line struct {
	text   string // of a comment all, of a sample what stands before the number
	*words        // only while a plan is made, but always of odd lines
	next   *line  // which line came after it when it was last seen
	unit   *unit  // by its plan, as are the next four

	value float64 // on the page that it was last seen on
	seen  uint64  // that page
	plan  uint64  // the plan that knows it
	slot  int32   // -1 if the value is of no use
	rank  int8

	positive  bool // zero is no reading
	oldDriver bool // it has the label of exporters before 4.9.0
	sample    bool
	odd       bool // only expfmt can take it apart
	gone      bool // forgotten
}

// understand takes the line apart, if it is not.
func (l *line) understand() {
	switch {
	case l.words != nil:
	case l.sample:
		l.words = &words{}
		l.family, l.labels, _, _ = scan(l.text)
	default:
		l.words = comment(l.text)
	}
}

// forget is the opposite.
func (l *line) forget() {
	if !l.odd {
		l.words = nil
	}
}

// scan takes the name and the labels of a sample apart. The value, if there is
// one, begins at text[at]. The strings are parts of text where they can be. It is false for
// what it does not know, which may yet be a sample with quoted names.
func scan(text string) (family string, labels []label, at int, ok bool) {
	i := name(text, 0, true)
	family = text[:i]
	if i == 0 || i == len(text) {
		return "", nil, 0, false
	}
	space := blanks(text, i)
	if space == len(text) || text[space] != '{' {
		return family, nil, space, space > i
	}
	i = space
	labels = make([]label, 0, 8)
	for {
		if i = blanks(text, i+1); i < len(text) && text[i] == '}' {
			break
		}
		var l label
		if l, i, ok = scanLabel(text, i); !ok {
			return "", nil, 0, false
		}
		labels = append(labels, l)
		if i == len(text) || text[i] != ',' && text[i] != '}' {
			return "", nil, 0, false
		}
		if text[i] == '}' {
			break
		}
	}
	if twice(labels) {
		return "", nil, 0, false
	}
	return family, labels, blanks(text, i+1), true
}

// scanLabel reads NAME="VALUE" and the blanks after it.
func scanLabel(text string, from int) (l label, i int, ok bool) {
	i = name(text, from, false)
	l.name = text[from:i]
	if i = blanks(text, i); l.name == "" || l.name == model.MetricNameLabel || i == len(text) || text[i] != '=' {
		return l, 0, false
	}
	if i = blanks(text, i+1); i == len(text) || text[i] != '"' {
		return l, 0, false
	}
	from = i + 1
	end := strings.IndexByte(text[from:], '"')
	if end < 0 {
		return l, 0, false
	}
	if i = from + end; strings.IndexByte(text[from:i], '\\') < 0 {
		l.value, i = text[from:i], i+1
	} else if l.value, i, ok = unescape(text, from); !ok {
		return l, 0, false
	}
	return l, blanks(text, i), utf8.ValidString(l.value)
}

// unescape reads a label's value with escapes in it, and the quote after it.
func unescape(text string, i int) (value string, end int, ok bool) {
	var b strings.Builder
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), i + 1, true
		case '\\':
			i++
			if i == len(text) {
				return "", 0, false
			}
			switch text[i] {
			case '"', '\\':
				b.WriteByte(text[i])
			case 'n':
				b.WriteByte('\n')
			default:
				return "", 0, false
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

// name gives the end of the name that begins at i. Those of metrics may have
// colons.
func name(s string, i int, colon bool) int {
	for from := i; i < len(s); i++ {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && !(c == ':' && colon) && !(c >= '0' && c <= '9' && i > from) {
			break
		}
	}
	return i
}

func blanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// twice tells whether a name occurs twice.
func twice(labels []label) bool {
	if len(labels) > 32 {
		seen := make(map[string]bool, len(labels))
		for _, l := range labels {
			if seen[l.name] {
				return true
			}
			seen[l.name] = true
		}
		return false
	}
	for i, l := range labels {
		for _, o := range labels[:i] {
			if l.name == o.name {
				return true
			}
		}
	}
	return false
}

// valueAt gives where the value of a sample begins, if text is a sample.
// Neither a value nor a timestamp has a brace.
func valueAt(text []byte) int {
	i := bytes.LastIndexByte(text, '}') + 1
	if i == 0 {
		if i = bytes.IndexAny(text, " \t"); i < 0 {
			return 0
		}
	}
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	return i
}

// newExpfmt: the zero TextParser panics.
func newExpfmt() expfmt.TextParser { return expfmt.NewTextParser(model.UTF8Validation) }

// oddLine is how long a line of an odd form may be, and oddPage how many bytes
// of a page such lines may have. They are left to expfmt, which takes time
// that grows with the square of their length.
const (
	oddLine = 4 << 10
	oddPage = 64 << 10
)

// odd has expfmt read a line as a page of its own: samples with quoted names,
// and errors.
func odd(text []byte) (family string, labels []label, value float64, err error) {
	parser := newExpfmt()
	families, err := parser.TextToMetricFamilies(bytes.NewReader(append(slices.Clip(text), '\n')))
	if p, ok := errors.AsType[expfmt.ParseError](err); ok {
		return "", nil, 0, errors.New(p.Msg) // whose line number counts from this line
	}
	if err != nil {
		return "", nil, 0, err
	}
	err = errors.New("no sample")
	for name, f := range families {
		for _, m := range f.GetMetric() {
			family, value, err = name, m.GetUntyped().GetValue(), nil
			for _, l := range m.GetLabel() {
				labels = append(labels, label{l.GetName(), l.GetValue()})
			}
		}
	}
	return family, labels, value, err
}
