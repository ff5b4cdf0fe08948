package token

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// modelFile is a model of type BPE.
type modelFile struct {
	kind           string
	dropout        float64
	unkToken       *string
	prefix, suffix string
	fuseUnk        bool
	byteFallback   bool
	ignoreMerges   bool
	vocab, merges  json.RawMessage
}

// readModelFile reads the fields of a model. The big ones stay as they are: the file
// has been read by a slow decoder once already, and once is enough.
func readModelFile(fields map[string]json.RawMessage) (f modelFile, err error) {
	known := map[string]any{
		"type": &f.kind, "dropout": &f.dropout, "unk_token": &f.unkToken,
		"continuing_subword_prefix": &f.prefix, "end_of_word_suffix": &f.suffix,
		"fuse_unk": &f.fuseUnk, "byte_fallback": &f.byteFallback, "ignore_merges": &f.ignoreMerges,
	}
	f.kind = "BPE"
	if raw, ok := fields["type"]; ok {
		err = json.Unmarshal(raw, &f.kind)
	}
	if err == nil && f.kind != "BPE" {
		return f, fmt.Errorf("type %.40q is not known: only BPE is", f.kind)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == "vocab" || name == "merges" || err != nil {
			continue
		}
		v, ok := known[name]
		if !ok {
			return f, fmt.Errorf("%.40q is not known", name)
		}
		if err = json.Unmarshal(fields[name], v); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}
	f.vocab, f.merges = fields["vocab"], fields["merges"]
	return f, err
}

// readModel makes the BPE, and returns its vocabulary.
func (p *pipeline) readModel(fields map[string]json.RawMessage, byteLevel bool) (map[string]int32, error) {
	f, err := readModelFile(fields)
	if err != nil {
		return nil, err
	}
	if f.dropout != 0 {
		return nil, fmt.Errorf("a dropout of %v makes counts random", f.dropout)
	}
	vocab, err := readVocab(f.vocab)
	if err != nil {
		return nil, err
	}
	m := &p.model
	m.byteLevel, m.fuseUnk = byteLevel, f.fuseUnk
	m.prefix, m.suffix = f.prefix, f.suffix
	if f.unkToken != nil {
		id, ok := vocab[*f.unkToken]
		m.unk, m.hasUnk, m.unkMissing = id, true, !ok
	}
	if f.byteFallback {
		m.fallback = fallbackTokens(vocab)
	}
	m.setVocab(vocab, f.ignoreMerges)
	p.crossing = crossesSpace(vocab)
	if cut := m.cutter(vocab); cut != nil {
		p.steps = append(p.steps, cut)
	}
	return vocab, m.setMerges(f.merges, vocab)
}

func fallbackTokens(vocab map[string]int32) *[256]int32 {
	var t [256]int32
	for b := range t {
		id, ok := vocab[fmt.Sprintf("<0x%02X>", b)]
		if !ok {
			id = -1
		}
		t[b] = id
	}
	return &t
}

// setVocab keeps what encoding needs of the vocabulary.
func (m *bpe) setVocab(vocab map[string]int32, ignoreMerges bool) {
	ids := make(map[int32]struct{}, len(vocab))
	m.char = map[string]int32{}
	affixed := m.prefix != "" || m.suffix != ""
	for token, id := range vocab {
		ids[id] = struct{}{}
		if affixed || utf8.RuneCountInString(token) == 1 {
			m.char[token] = id
		}
	}
	m.ambiguousIDs = len(ids) < len(vocab)
	for b, c := range byteChars {
		m.byteID[b] = -1
		if id, ok := m.char[c]; ok {
			m.byteID[b] = id
		}
	}
	if !ignoreMerges {
		return
	}
	m.whole = vocab
	if m.byteLevel {
		m.whole = make(map[string]int32, len(vocab))
		var buf []byte
		for token, id := range vocab {
			var ok bool
			if buf, ok = fromByteChars(buf[:0], token); ok {
				m.whole[string(buf)] = id
			}
		}
	}
}

func (m *bpe) setMerges(raw json.RawMessage, vocab map[string]int32) error {
	var list []merge
	var buf []byte
	err := readMerges(raw, func(a, b string) error {
		if len(b) < len(m.prefix) {
			return fmt.Errorf("%.40q is shorter than the continuing_subword_prefix", b)
		}
		ida, oka := vocab[a]
		idb, okb := vocab[b]
		buf = append(append(buf[:0], a...), b[len(m.prefix):]...)
		id, ok := vocab[string(buf)]
		for _, missing := range []struct {
			token string
			ok    bool
		}{{a, oka}, {b, okb}, {string(buf), ok}} {
			if !missing.ok {
				return fmt.Errorf("%.40q is not in the vocab", missing.token)
			}
		}
		list = append(list, merge{ida, idb, id})
		return nil
	})
	m.merges = newMergeTable(len(list))
	for rank, x := range list {
		m.merges.put(x.a, x.b, rank, x.id)
	}
	return err
}

// A merge makes the token id of the tokens a and b.
type merge struct{ a, b, id int32 }

// crossesSpace tells whether a token has a space, in any of its three spellings,
// behind a letter of a to z: then two words may share a token.
func crossesSpace(vocab map[string]int32) bool {
	for token := range vocab {
		for _, space := range []string{" ", "▁", byteChars[' ']} {
			i := strings.Index(token, space)
			for i > 0 {
				if c := token[i-1]; 'a' <= c && c <= 'z' {
					return true
				}
				next := strings.Index(token[i+1:], space)
				if next < 0 {
					break
				}
				i += 1 + next
			}
		}
	}
	return false
}
