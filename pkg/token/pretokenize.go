package token

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A step of pre-tokenization adds what becomes of a piece, which is not empty, to
// out; empty pieces are left out.
type step func(in piece, out []piece) ([]piece, error)

// maxSteps bounds the components of a normalizer or pre-tokenizer, which may be
// nested.
const maxSteps = 32

// preTokenizer reads a pre_tokenizer. If its last step is a ByteLevel, steps has
// all but the change of bytes to characters, and byteLevel is true.
func preTokenizer(raw json.RawMessage) (steps []step, byteLevel bool, err error) {
	var flat []json.RawMessage
	if flat, err = flatten(raw, "pretokenizers", flat, 0); err != nil {
		return nil, false, err
	}
	for i, r := range flat {
		if byteLevel {
			steps, byteLevel = append(steps, mapBytes), false
		}
		s, b, err := oneStep(r)
		if err != nil {
			return nil, false, fmt.Errorf("pre_tokenizer %d: %w", i+1, err)
		}
		steps, byteLevel = append(steps, s...), b
	}
	return steps, byteLevel, nil
}

// flatten takes the components out of nested Sequences, whose list is in the named
// field.
func flatten(raw json.RawMessage, field string, out []json.RawMessage, depth int) ([]json.RawMessage, error) {
	if isNull(raw) {
		return out, nil
	}
	var seq map[string]json.RawMessage
	if err := json.Unmarshal(raw, &seq); err != nil {
		return nil, err
	}
	var typ string
	if err := json.Unmarshal(seq["type"], &typ); err != nil {
		return nil, fmt.Errorf("read the type of a component: %w", err)
	}
	if typ != "Sequence" {
		if len(out) == maxSteps {
			return nil, fmt.Errorf("more than %d components", maxSteps)
		}
		return append(out, raw), nil
	}
	if depth == 4 {
		return nil, fmt.Errorf("sequences nested more than 4 deep")
	}
	var list []json.RawMessage
	if err := json.Unmarshal(seq[field], &list); err != nil {
		return nil, fmt.Errorf("read the %s of a Sequence: %w", field, err)
	}
	for _, r := range list {
		var err error
		if out, err = flatten(r, field, out, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// oneStep reads one component, which may be more than one step; of a ByteLevel it
// leaves the change of bytes to the caller.
func oneStep(raw json.RawMessage) (steps []step, byteLevel bool, err error) {
	typ, err := typeOf(raw)
	if err != nil {
		return nil, false, err
	}
	var one step
	switch typ {
	case "ByteLevel":
		steps, err = byteLevelSteps(raw)
		return steps, true, wrapType(typ, err)
	case "Split":
		one, err = splitStep(raw)
	case "Metaspace":
		steps, err = metaspaceSteps(raw)
		return steps, false, wrapType(typ, err)
	case "Whitespace":
		one, err = splitBy(each(unicode.IsSpace), removed, false), strict(raw, &struct{ Type string }{})
		steps = append(steps, one, splitBy(each(isWord), contiguous, false))
		return steps, false, err
	case "WhitespaceSplit":
		one, err = splitBy(each(unicode.IsSpace), removed, false), strict(raw, &struct{ Type string }{})
	case "Digits":
		var d struct {
			Type             string
			IndividualDigits bool `json:"individual_digits"`
		}
		err = strict(raw, &d)
		b := contiguous
		if d.IndividualDigits {
			b = isolated
		}
		one = splitBy(each(isNumeric), b, false)
	case "Punctuation":
		p := struct {
			Type     string
			Behavior behavior
		}{Behavior: isolated}
		if err = strict(raw, &p); err == nil {
			err = p.Behavior.check()
		}
		one = splitBy(each(isPunctuation), p.Behavior, false)
	case "CharDelimiterSplit":
		var d struct{ Type, Delimiter string }
		if err = strict(raw, &d); err == nil && utf8.RuneCountInString(d.Delimiter) != 1 {
			err = fmt.Errorf("the delimiter is %.40q: want one character", d.Delimiter)
		}
		if err == nil {
			one = splitBy(literal(d.Delimiter), removed, false)
		}
	case "BertPreTokenizer":
		err = strict(raw, &struct{ Type string }{})
		steps = append(steps, splitBy(each(unicode.IsSpace), removed, false), splitBy(each(isPunctuation), isolated, false))
		return steps, false, err
	default:
		err = fmt.Errorf("type %.40q is not known", typ)
	}
	return []step{one}, false, wrapType(typ, err)
}

func typeOf(raw json.RawMessage) (string, error) {
	var t struct{ Type string }
	err := json.Unmarshal(raw, &t)
	return t.Type, err
}

func wrapType(typ string, err error) error {
	if err != nil {
		return fmt.Errorf("%.40s: %w", typ, err)
	}
	return nil
}

// strict decodes a component. A field that is not known could change the count, so
// it is an error.
func strict(raw json.RawMessage, v any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func byteLevelSteps(raw json.RawMessage) ([]step, error) {
	b := struct {
		Type           string
		AddPrefixSpace bool `json:"add_prefix_space"`
		TrimOffsets    bool `json:"trim_offsets"`
		UseRegex       bool `json:"use_regex"`
	}{AddPrefixSpace: true, UseRegex: true}
	if err := strict(raw, &b); err != nil {
		return nil, err
	}
	var steps []step
	if b.AddPrefixSpace {
		steps = append(steps, func(in piece, out []piece) ([]piece, error) {
			if in.text[0] != ' ' {
				in.text = " " + in.text
			}
			return append(out, in), nil
		})
	}
	if b.UseRegex {
		steps = append(steps, splitBy(scanner(scanGPT2).pattern, isolated, false))
	}
	return steps, nil
}

// mapBytes writes each byte as its byte-level character.
func mapBytes(in piece, out []piece) ([]piece, error) {
	return append(out, piece{toByteChars(in.text), in.first}), nil
}

// splitPattern is how a Split or Replace gives its pattern.
type splitPattern struct{ String, Regex *string }

func (p splitPattern) pattern() (pattern, error) {
	switch {
	case p.String != nil && p.Regex == nil:
		if *p.String == "" {
			return nil, fmt.Errorf("the pattern is an empty string")
		}
		return literal(*p.String), nil
	case p.Regex != nil && p.String == nil:
		return compile(*p.Regex)
	}
	return nil, fmt.Errorf("the pattern has neither String nor Regex, or both")
}

func splitStep(raw json.RawMessage) (step, error) {
	var s struct {
		Type     string
		Pattern  splitPattern
		Behavior behavior
		Invert   bool
	}
	if err := strict(raw, &s); err != nil {
		return nil, err
	}
	if err := s.Behavior.check(); err != nil {
		return nil, err
	}
	find, err := s.Pattern.pattern()
	if err != nil {
		return nil, err
	}
	return splitBy(find, s.Behavior, s.Invert), nil
}

func metaspaceSteps(raw json.RawMessage) ([]step, error) {
	m := struct {
		Type           string
		Replacement    string
		AddPrefixSpace *bool   `json:"add_prefix_space"`
		PrependScheme  string  `json:"prepend_scheme"`
		Split          *bool   `json:"split"`
		StrRep         *string `json:"str_rep"`
	}{PrependScheme: "always"}
	if err := strict(raw, &m); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(m.Replacement) != 1 {
		return nil, fmt.Errorf("the replacement is %.40q: want one character", m.Replacement)
	}
	if m.AddPrefixSpace != nil && !*m.AddPrefixSpace {
		m.PrependScheme = "never" // as in files from before there was a prepend_scheme
	}
	switch m.PrependScheme {
	case "always", "first", "never":
	default:
		return nil, fmt.Errorf("the prepend_scheme is %.40q: want always, first or never", m.PrependScheme)
	}
	mark := func(in piece, out []piece) ([]piece, error) {
		in.text = strings.ReplaceAll(in.text, " ", m.Replacement)
		prepend := m.PrependScheme == "always" || m.PrependScheme == "first" && in.first
		if prepend && !strings.HasPrefix(in.text, m.Replacement) {
			in.text = m.Replacement + in.text
		}
		return append(out, in), nil
	}
	steps := []step{mark}
	if m.Split == nil || *m.Split {
		steps = append(steps, splitBy(literal(m.Replacement), mergedWithNext, false))
	}
	return steps, nil
}
