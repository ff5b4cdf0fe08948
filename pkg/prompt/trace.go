package prompt

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DefaultBlockSize is how many tokens a hash id of a Mooncake trace stands for.
const DefaultBlockSize = 512

func (d *Dataset) blockSize() int {
	if d.BlockSize > 0 {
		return d.BlockSize
	}
	return DefaultBlockSize
}

// trace fills in what a row of a Mooncake trace asks.
func (r *row) trace(d *draft, block int) error {
	ways := 0
	for _, has := range []bool{r.InputLength != nil, r.TextInput != nil, r.Messages != nil, !absent(r.Payload)} {
		if has {
			ways++
		}
	}
	if ways != 1 {
		return fmt.Errorf("has %d of input_length, text_input, messages and payload, want one", ways)
	}
	if r.HashIDs != nil && r.InputLength == nil {
		return errors.New("has hash_ids without input_length")
	}
	var err error
	switch {
	case r.Messages != nil:
		return r.messages(d)
	case r.TextInput != nil:
		d.Messages = []Message{{Role: "user", Content: *r.TextInput}}
		d.Texts = []string{*r.TextInput}
	case r.InputLength != nil:
		return d.ask(*r.InputLength, r.HashIDs, block, `key "input_length"`)
	default:
		d.Payload, err = object("payload", r.Payload)
	}
	return err
}

// ask drafts a text of n tokens.
func (d *draft) ask(n int, hashes []int64, block int, what string) error {
	if n < 1 || n > maxTokens {
		return fmt.Errorf("%s: %d, want 1 to %d", what, n, maxTokens)
	}
	if m := len(hashes); m > 0 && (m-1)*block >= n {
		return fmt.Errorf("key \"hash_ids\": %d blocks of %d tokens are more than %d tokens of input", m, block, n)
	}
	d.length, d.hashes, d.In = n, hashes, n
	return nil
}

// text makes the text of a draft: a block of each hash id, the last one of what
// remains, or of what remains behind it if the ids are too few. The text of an id
// depends on the seed and the id alone, other text on the seed and the row.
func (d *Dataset) text(t *draft) (string, error) {
	if d.Tokenizer == nil {
		return "", errors.New("make text: rows that give a length instead of a text need a tokenizer")
	}
	var b strings.Builder
	left := t.length
	add := func(n int, seed, i uint64) error {
		text, err := d.Tokenizer.Text(n, numbers(d.Seed, seed, i))
		if err != nil {
			return fmt.Errorf("make text: %w", err)
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text)
		left -= n
		return nil
	}
	for _, id := range t.hashes {
		if err := add(min(left, d.blockSize()), forBlock, uint64(id)); err != nil {
			return "", err
		}
	}
	if left > 0 {
		if err := add(left, forRow, uint64(t.no)); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// columns are where a BurstGPT file has what is wanted of it.
type columns struct{ timestamp, in, out int }

// header reads the first line of a BurstGPT file.
func header(line []byte) (columns, error) {
	names, err := fields(line)
	if err != nil {
		return columns{}, err
	}
	for i, n := range names {
		names[i] = strings.ToLower(strings.TrimSpace(n))
	}
	c := columns{slices.Index(names, "timestamp"), slices.Index(names, "request tokens"), slices.Index(names, "response tokens")}
	if min(c.timestamp, c.in, c.out) < 0 {
		return c, errors.New("the header has no columns Timestamp, Request tokens and Response tokens")
	}
	return c, nil
}

// fields cuts a line of CSV. A quoted field cannot go over to the next line.
func fields(line []byte) ([]string, error) {
	if bytes.IndexByte(line, '"') < 0 {
		return strings.Split(string(line), ","), nil
	}
	r := csv.NewReader(bytes.NewReader(line))
	all, err := r.Read()
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		err = fmt.Errorf("is not CSV: %w", pe.Err)
	}
	return all, err
}

// parse drafts the turn of a line. The trace's Model is not the one to ask, so
// it is not used; an answer of no tokens is asked for as one token.
func (c columns) parse(line []byte, e *entry) error {
	all, err := fields(line)
	if err != nil {
		return err
	}
	if n := max(c.timestamp, c.in, c.out); n >= len(all) {
		return fmt.Errorf("has %d columns, want %d", len(all), n+1)
	}
	var t draft
	seconds, err := parseNumber(all[c.timestamp])
	if err != nil {
		return fmt.Errorf("column Timestamp: %w", err)
	}
	due, err := milliseconds(seconds * 1000)
	if err != nil {
		return fmt.Errorf("column Timestamp: %w", err)
	}
	t.Due = &due
	in, err := strconv.Atoi(strings.TrimSpace(all[c.in]))
	if err != nil {
		return fmt.Errorf("column Request tokens: %q is not a whole number", all[c.in])
	}
	if err := t.ask(in, nil, 1, "column Request tokens"); err != nil {
		return err
	}
	out, err := strconv.Atoi(strings.TrimSpace(all[c.out]))
	if err != nil || out < 0 || out > maxTokens {
		return fmt.Errorf("column Response tokens: %q, want a whole number from 0 to %d", all[c.out], maxTokens)
	}
	t.Out = new(max(1, out))
	e.whole = true
	e.turns = []draft{t}
	return nil
}
