package sim

import "sync"

// cachedBlocks is how many blocks the prefix cache holds: 4 Mi tokens.
const cachedBlocks = 1 << 18

// A prefixes is the prefix cache: the hashes of the blocks that were worked
// through, each with all that stands before it. The oldest go first.
type prefixes struct {
	mu      sync.Mutex
	known   map[uint64]struct{}
	ring    []uint64
	next    int
	queries int // tokens that were looked for
	hits    int // tokens that were found
}

func newPrefixes() *prefixes { return &prefixes{known: map[uint64]struct{}{}} }

// find is how many of the n tokens of a prompt are cached. At least one is left
// to work on, as it takes one to begin an answer.
func (p *prefixes) find(hashes []uint64, n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := 0
	for _, h := range hashes {
		if _, ok := p.known[h]; !ok || found+block >= n {
			break
		}
		found += block
	}
	p.queries += n
	p.hits += found
	return found
}

// keep adds the blocks of a prompt.
func (p *prefixes) keep(hashes []uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range hashes {
		if _, ok := p.known[h]; ok {
			continue
		}
		if len(p.ring) < cachedBlocks {
			p.ring = append(p.ring, h)
		} else {
			delete(p.known, p.ring[p.next])
			p.ring[p.next] = h
			p.next = (p.next + 1) % cachedBlocks
		}
		p.known[h] = struct{}{}
	}
}

// count is how many tokens were looked for, and found.
func (p *prefixes) count() (queries, hits int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queries, p.hits
}

// clear forgets all, as vLLM's /reset_prefix_cache does.
func (p *prefixes) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.known)
	p.ring, p.next = nil, 0
}
