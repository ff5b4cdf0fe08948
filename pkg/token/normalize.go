package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A normalizer changes a piece's text before it is split. It may fail if that
// makes it longer than limit, in bytes.
type normalizer func(p piece, limit int) (piece, error)

// maxGrowth bounds what replacements may make of a text: this many times its
// length, and a little more.
const maxGrowth = 64

var errGrowth = errors.New("its normalizer makes the text too long")

// normalizers reads a normalizer, which may be a Sequence.
func normalizers(raw json.RawMessage) ([]normalizer, error) {
	flat, err := flatten(raw, "normalizers", nil, 0)
	if err != nil {
		return nil, err
	}
	var all []normalizer
	for i, r := range flat {
		n, err := oneNormalizer(r)
		if err != nil {
			return nil, fmt.Errorf("normalizer %d: %w", i+1, err)
		}
		all = append(all, n)
	}
	return all, nil
}

func oneNormalizer(raw json.RawMessage) (normalizer, error) {
	typ, err := typeOf(raw)
	if err != nil {
		return nil, err
	}
	var n normalizer
	var plain struct{ Type string }
	switch typ {
	case "NFC":
		n, err = form(norm.NFC), strict(raw, &plain)
	case "NFD":
		n, err = form(norm.NFD), strict(raw, &plain)
	case "NFKC":
		n, err = form(norm.NFKC), strict(raw, &plain)
	case "NFKD":
		n, err = form(norm.NFKD), strict(raw, &plain)
	case "Lowercase":
		n, err = lowercase, strict(raw, &plain)
	case "ByteLevel":
		err = strict(raw, &plain)
		n = func(p piece, _ int) (piece, error) { return piece{toByteChars(p.text), p.first}, nil }
	case "Strip":
		s := struct {
			Type  string
			Left  bool `json:"strip_left"`
			Right bool `json:"strip_right"`
		}{}
		err = strict(raw, &s)
		n = strip(s.Left, s.Right)
	case "Prepend":
		var p struct{ Type, Prepend string }
		err = strict(raw, &p)
		n = prepend(p.Prepend)
	case "Replace":
		n, err = replace(raw)
	default:
		err = fmt.Errorf("type %.40q is not known", typ)
	}
	return n, wrapType(typ, err)
}

func lowercase(p piece, _ int) (piece, error) {
	var b strings.Builder
	for _, r := range p.text {
		b.WriteRune(toLower(r))
		if r == 'İ' { // the one character that becomes two
			b.WriteRune('\u0307')
		}
	}
	return piece{b.String(), p.first}, nil
}

func strip(left, right bool) normalizer {
	return func(p piece, _ int) (piece, error) {
		if left {
			t := strings.TrimLeftFunc(p.text, unicode.IsSpace)
			p = piece{t, p.first && len(t) == len(p.text)}
		}
		if right {
			p.text = strings.TrimRightFunc(p.text, unicode.IsSpace)
		}
		return p, nil
	}
}

func prepend(s string) normalizer {
	return func(p piece, _ int) (piece, error) {
		if p.text != "" {
			p.text = s + p.text
		}
		return p, nil
	}
}

func replace(raw json.RawMessage) (normalizer, error) {
	var r struct {
		Type    string
		Pattern splitPattern
		Content string
	}
	if err := strict(raw, &r); err != nil {
		return nil, err
	}
	find, err := r.Pattern.pattern()
	if err != nil {
		return nil, err
	}
	return func(p piece, limit int) (piece, error) {
		if p.text == "" {
			return p, nil
		}
		spans, err := find(nil, p.text)
		if err != nil {
			return p, err
		}
		var b strings.Builder
		for i, s := range spans {
			if !s.match {
				b.WriteString(p.text[s.start:s.end])
				continue
			}
			b.WriteString(r.Content)
			if i == 0 && (r.Content == "" || utf8.RuneCountInString(p.text[:s.end]) > 1) {
				p.first = false // what follows comes from further inside the text
			}
			if b.Len() > limit {
				return p, errGrowth
			}
		}
		return piece{b.String(), p.first}, nil
	}, nil
}

// form is a normal form of Unicode, as of the version that Hugging Face's
// tokenizers know.
func form(f norm.Form) normalizer {
	return func(p piece, _ int) (piece, error) {
		if f.IsNormalString(p.text) {
			return p, nil
		}
		var b strings.Builder
		rest := p.text
		for rest != "" {
			n := strings.IndexFunc(rest, isInert)
			if n < 0 {
				n = len(rest)
			}
			b.WriteString(normal(f, rest[:n]))
			rest = rest[n:]
			n = len(rest) - len(strings.TrimLeftFunc(rest, isInert))
			b.WriteString(rest[:n])
			rest = rest[n:]
		}
		return piece{b.String(), p.first}, nil
	}
}

func normal(f norm.Form, s string) string {
	if longMarks(s) {
		return slowForm(f, s)
	}
	return f.String(s)
}

// longMarks tells whether s has a run of combining marks so long that package norm
// would put a joiner (U+034F) into it, as Unicode's stream-safe format wants.
func longMarks(s string) bool {
	n := 0
	for i := 0; i < len(s); {
		p := norm.NFKD.PropertiesString(s[i:])
		if p.CCC() == 0 && p.BoundaryBefore() {
			n = 0
		} else {
			n++
		}
		n += len(p.Decomposition()) / 2 // at most that many marks
		if n > 20 {
			return true
		}
		i += p.Size()
	}
	return false
}
