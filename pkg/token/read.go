package token

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxFile bounds a tokenizer.json; the largest in use have about 40 MB.
const maxFile = 256 << 20 // bytes

// Read reads a Hugging Face tokenizer.json with a BPE model. Its counts are those
// of Hugging Face's tokenizers with add_special_tokens=false, without the
// truncation and padding that the file may ask for. What it does not know how to
// do as they do is an error that names it. The name is the tokenizer's.
func Read(r io.Reader, name string) (*Tokenizer, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("it is bigger than %d MiB", maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("read tokenizer %s: %w", name, err)
	}
	enc, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer %s: %w", name, err)
	}
	return &Tokenizer{name: name, encoder: enc, words: chooseWords(enc)}, nil
}

// parse reads the parts of a tokenizer.json.
func parse(b []byte) (*pipeline, error) {
	var file struct {
		AddedTokens  []addedToken    `json:"added_tokens"`
		Normalizer   json.RawMessage `json:"normalizer"`
		PreTokenizer json.RawMessage `json:"pre_tokenizer"`
		Model        json.RawMessage `json:"model"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if isNull(file.Model) {
		return nil, fmt.Errorf("not a tokenizer.json: it has no model")
	}
	p := &pipeline{cache: newCountCache()}
	var err error
	if p.normalizers, err = normalizers(file.Normalizer); err != nil {
		return nil, fmt.Errorf("read the normalizer: %w", err)
	}
	steps, byteLevel, err := preTokenizer(file.PreTokenizer)
	if err != nil {
		return nil, fmt.Errorf("read the pre_tokenizer: %w", err)
	}
	p.steps = steps
	vocab, err := p.readModel(file.Model, byteLevel)
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if err := p.addTokens(file.AddedTokens, vocab); err != nil {
		return nil, err
	}
	return p, nil
}

// addTokens adds the added tokens. A token of the model keeps its number.
func (p *pipeline) addTokens(tokens []addedToken, vocab map[string]int32) error {
	seen := map[string]addedToken{}
	var order []string
	for _, t := range tokens {
		if t.Content == "" {
			continue
		}
		if id, ok := vocab[t.Content]; ok {
			t.ID = id
		}
		if was, ok := seen[t.Content]; ok {
			t.ID = was.ID
		} else {
			order = append(order, t.Content)
		}
		seen[t.Content] = t // the last one's properties hold
	}
	for _, content := range order {
		t, set, spelling := seen[content], &p.raw, content
		if t.Normalized {
			n, err := p.normalize(piece{text: content})
			if err != nil {
				return fmt.Errorf("normalize added token %.40q: %w", content, err)
			}
			if set, spelling = &p.normalized, n.text; spelling == "" {
				continue
			}
		}
		if err := set.add(t, spelling); err != nil {
			return err
		}
	}
	return nil
}

// modelFile is a model of type BPE.
type modelFile struct {
	Type         string
	Dropout      *float64
	UnkToken     *string         `json:"unk_token"`
	Prefix       *string         `json:"continuing_subword_prefix"`
	Suffix       *string         `json:"end_of_word_suffix"`
	FuseUnk      bool            `json:"fuse_unk"`
	ByteFallback bool            `json:"byte_fallback"`
	IgnoreMerges bool            `json:"ignore_merges"`
	Vocab        json.RawMessage `json:"vocab"`
	Merges       json.RawMessage `json:"merges"`
}

// readModel makes the BPE, and returns its vocabulary.
func (p *pipeline) readModel(raw json.RawMessage, byteLevel bool) (map[string]int32, error) {
	var t struct{ Type *string }
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	if t.Type != nil && *t.Type != "BPE" {
		return nil, fmt.Errorf("type %.40q is not known: only BPE is", *t.Type)
	}
	var f modelFile
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	if f.Dropout != nil && *f.Dropout != 0 {
		return nil, fmt.Errorf("a dropout of %v makes counts random", *f.Dropout)
	}
	vocab, err := readVocab(f.Vocab)
	if err != nil {
		return nil, err
	}
	m := &p.model
	m.byteLevel, m.fuseUnk = byteLevel, f.FuseUnk
	if f.Prefix != nil {
		m.prefix = *f.Prefix
	}
	if f.Suffix != nil {
		m.suffix = *f.Suffix
	}
	if f.UnkToken != nil {
		id, ok := vocab[*f.UnkToken]
		m.unk, m.hasUnk, m.unkMissing = id, true, !ok
	}
	if f.ByteFallback {
		m.fallback = fallbackTokens(vocab)
	}
	m.setVocab(vocab, f.IgnoreMerges)
	p.crossing = crossesSpace(vocab)
	return vocab, m.setMerges(f.Merges, vocab)
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

// A pipeline is what a tokenizer.json describes: added tokens are cut out of the
// text, then the rest is normalized, cut at the normalized added tokens, cut into
// pieces by the steps, and encoded by the model, piece by piece.
type pipeline struct {
	raw, normalized addedSet
	normalizers     []normalizer
	steps           []step
	model           bpe
	crossing        bool // a token reaches across the space behind a word
	cache           *countCache
	pool            sync.Pool // of *work
}

// work is the memory of one text's encoding, for reuse.
type work struct {
	scratch scratch
	a, b    []piece
	ids     []int32
}

func (p *pipeline) normalize(in piece) (piece, error) {
	for _, n := range p.normalizers {
		var err error
		if in, err = n(in); err != nil {
			return in, err
		}
	}
	return in, nil
}

// pieces cuts a normalized text without added tokens. The result is w's.
func (p *pipeline) pieces(in piece, w *work) ([]piece, error) {
	now, next := append(w.a[:0], in), w.b[:0]
	for _, s := range p.steps {
		next = next[:0]
		for _, x := range now {
			var err error
			if next, err = s(x, next); err != nil {
				return nil, err
			}
		}
		now, next = next, now
	}
	w.a, w.b = now, next
	return now, nil
}

// walk calls token for the added tokens of text and part for what is between them.
func (p *pipeline) walk(text string, w *work, part func(string) error, token func(int32)) error {
	inner := func(in piece) error {
		pieces, err := p.pieces(in, w)
		if err != nil {
			return err
		}
		for _, x := range pieces {
			if err := part(x.text); err != nil {
				return err
			}
		}
		return nil
	}
	outer := func(in piece) error {
		in, err := p.normalize(in)
		if err != nil {
			return err
		}
		return p.normalized.split(in, inner, token)
	}
	return p.raw.split(piece{text, true}, outer, token)
}

// borrow takes memory from the pool.
func (p *pipeline) borrow() *work {
	if w, ok := p.pool.Get().(*work); ok {
		return w
	}
	return &work{}
}

// giveBack returns memory to the pool, unless a long text made it big.
func (p *pipeline) giveBack(w *work) {
	clear(w.a[:cap(w.a)])
	clear(w.b[:cap(w.b)])
	if cap(w.ids)+cap(w.a)+cap(w.b)+cap(w.scratch.nodes) < 1<<20 {
		p.pool.Put(w)
	}
}

func (p *pipeline) encode(text string) ([]int, error) {
	w := p.borrow()
	defer p.giveBack(w)
	w.ids = w.ids[:0]
	err := p.walk(text, w, func(s string) (err error) {
		w.ids, err = p.model.append(w.ids, s, &w.scratch)
		return err
	}, func(id int32) { w.ids = append(w.ids, id) })
	if err != nil {
		return nil, err
	}
	out := make([]int, len(w.ids))
	for i, id := range w.ids {
		out[i] = int(id)
	}
	return out, nil
}

func (p *pipeline) count(text string) (int, error) {
	w := p.borrow()
	defer p.giveBack(w)
	total := 0
	err := p.walk(text, w, func(s string) (err error) {
		n, ok := p.cache.get(s)
		if !ok {
			if w.ids, err = p.model.append(w.ids[:0], s, &w.scratch); err != nil {
				return err
			}
			n = len(w.ids)
			p.cache.put(s, n)
		}
		total += n
		return nil
	}, func(int32) { total++ })
	return total, err
}

// independent tells whether the words, joined by spaces, share no token: each is a
// piece by itself, or no token of the vocabulary could reach across.
func (p *pipeline) independent(words []string) bool {
	if !p.crossing {
		return true
	}
	w := p.borrow()
	defer p.giveBack(w)
	n := 0
	err := p.walk(strings.Join(words, " "), w, func(string) error { n++; return nil }, func(int32) {})
	return err == nil && n == len(words)
}
