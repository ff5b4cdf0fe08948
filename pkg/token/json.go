package token

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The two big parts of a tokenizer.json, vocab and merges, are read by hand: it
// takes a quarter of the time. Both are known to be JSON already.

// A jsonScanner walks over JSON that is known to be valid.
type jsonScanner struct {
	s string
	i int
}

// next skips white space and the commas and colons between values.
func (j *jsonScanner) next() byte {
	for j.i < len(j.s) {
		switch c := j.s[j.i]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			j.i++
		default:
			return c
		}
	}
	return 0
}

// accept steps over c if it is next.
func (j *jsonScanner) accept(c byte) bool {
	if j.next() != c {
		return false
	}
	j.i++
	return true
}

// str reads a string.
func (j *jsonScanner) str() (string, error) {
	if j.next() != '"' {
		return "", fmt.Errorf("%.20q is not a string", j.s[j.i:])
	}
	start, escaped := j.i, false
	for j.i++; j.i < len(j.s); j.i++ {
		switch j.s[j.i] {
		case '\\':
			escaped = true
			j.i++
		case '"':
			j.i++
			if !escaped {
				return j.s[start+1 : j.i-1], nil
			}
			var s string
			err := json.Unmarshal([]byte(j.s[start:j.i]), &s)
			return s, err
		}
	}
	return "", fmt.Errorf("%.20q does not end", j.s[start:])
}

// id reads a token's number.
func (j *jsonScanner) id() (int32, error) {
	j.next()
	start, n := j.i, int64(0)
	for j.i < len(j.s) && '0' <= j.s[j.i] && j.s[j.i] <= '9' {
		if n = n*10 + int64(j.s[j.i]-'0'); n >= 1<<31 {
			return 0, fmt.Errorf("%.20q is too big for a token", j.s[start:])
		}
		j.i++
	}
	if c := j.next(); start == j.i || c != 0 && c != '"' && c != '}' {
		return 0, fmt.Errorf("%.20q is not a token's number", j.s[start:])
	}
	return int32(n), nil
}

// readVocab reads {"token": id, …}.
func readVocab(raw json.RawMessage) (map[string]int32, error) {
	j := &jsonScanner{s: string(raw)}
	if !j.accept('{') {
		return nil, fmt.Errorf("the vocab is not an object")
	}
	vocab := make(map[string]int32, min(len(raw)/16, 1<<20))
	for !j.accept('}') {
		token, err := j.str()
		if err != nil {
			return nil, fmt.Errorf("read the vocab: %w", err)
		}
		id, err := j.id()
		if err != nil {
			return nil, fmt.Errorf("read the number of %.40q: %w", token, err)
		}
		vocab[token] = id
	}
	return vocab, nil
}

// readMerges calls merge for each pair of ["a b", …] or [["a", "b"], …].
func readMerges(raw json.RawMessage, merge func(a, b string) error) error {
	j := &jsonScanner{s: string(raw)}
	if !j.accept('[') {
		return fmt.Errorf("the merges are not a list")
	}
	for n := 1; !j.accept(']'); n++ {
		a, b, err := j.pair()
		if err == nil {
			err = merge(a, b)
		}
		if err != nil {
			return fmt.Errorf("read merge %d: %w", n, err)
		}
	}
	return nil
}

// pair reads one merge in either form.
func (j *jsonScanner) pair() (a, b string, err error) {
	if !j.accept('[') {
		s, err := j.str()
		if err != nil {
			return "", "", err
		}
		a, b, ok := strings.Cut(s, " ")
		if !ok || strings.Contains(b, " ") {
			return "", "", fmt.Errorf("%.40q is not two tokens with a space between them", s)
		}
		return a, b, nil
	}
	if a, err = j.str(); err != nil {
		return "", "", err
	}
	if b, err = j.str(); err != nil {
		return "", "", err
	}
	if !j.accept(']') {
		return "", "", fmt.Errorf("it has more than two tokens")
	}
	return a, b, nil
}
