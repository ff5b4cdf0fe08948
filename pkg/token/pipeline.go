package token

import (
	"strings"
	"sync"
)

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
	limit := maxGrowth*len(in.text) + 1<<16
	for _, n := range p.normalizers {
		var err error
		if in, err = n(in, limit); err != nil {
			return in, err
		}
		if len(in.text) > limit {
			return in, errGrowth
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
