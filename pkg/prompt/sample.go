package prompt

import (
	"cmp"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// seekable yields the entries of a file that can be read in any order.
func (r *reader) seekable(yield func(*entry, error) bool) {
	var x *index
	if r.sampling() != "sequential" || r.Schedule != nil || r.Type.grouped() {
		var err error
		if x, err = r.index(); err != nil {
			yield(nil, err)
			return
		}
	}
	switch {
	case r.sampling() == "random":
		r.random(x, yield)
	case x == nil || r.sampling() == "sequential" && x.order == nil:
		r.rounds(yield, r.inOrder)
	default:
		c := &cursor{r: r, x: x}
		r.rounds(yield, func(round int, yield func(*entry, error) bool) (n int, ok bool) {
			at := func(i int) int { return i }
			if r.sampling() == "shuffle" {
				at = shuffled(x.units, r.Seed, r.seed<<32|uint64(round))
			}
			for i := range x.units {
				good, ok := r.unit(c, at(i), yield)
				if good {
					n++
				}
				if !ok {
					return n, false
				}
			}
			return n, true
		})
	}
}

// rounds calls round after round, until one of them yields nothing.
func (r *reader) rounds(yield func(*entry, error) bool, f func(round int, yield func(*entry, error) bool) (n int, ok bool)) {
	for i := 0; ; i++ {
		n, ok := f(i, yield)
		if !ok || r.Once || r.Schedule != nil {
			return
		}
		if n == 0 {
			yield(nil, fmt.Errorf("read %s: %w", r.file.Name, errNoRows))
			return
		}
	}
}

// inOrder is a round of the rows as they are in the file.
func (r *reader) inOrder(_ int, yield func(*entry, error) bool) (n int, ok bool) {
	rows, err := r.open()
	if err != nil {
		yield(nil, err)
		return 0, false
	}
	for {
		s, err := rows.next()
		if err == io.EOF {
			return n, true
		}
		if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", r.file.Name, err))
			return n, false
		}
		good, ok := r.one(s, yield)
		if good {
			n++
		}
		if !ok {
			return n, false
		}
	}
}

// random draws units with replacement, and again where one cannot be used.
func (r *reader) random(x *index, yield func(*entry, error) bool) {
	c := &cursor{r: r, x: x}
	rng := numbers(r.Seed, forSample, r.seed)
	var duds seen
	for n, found := 0, 0; found < x.units; {
		u := rng.IntN(x.units)
		good, ok := r.unit(c, u, yield)
		if !ok {
			return
		}
		if !good {
			if duds.add(u) {
				found++
			}
			continue
		}
		if n++; r.Once && n == x.units-found {
			return
		}
	}
	yield(nil, fmt.Errorf("read %s: %w", r.file.Name, errNoRows))
}

// unit yields the entry of a unit's rows, if they make one, and tells whether
// they did, and whether to go on.
func (r *reader) unit(c *cursor, u int, yield func(*entry, error) bool) (good, ok bool) {
	var all *entry
	ok = true
	c.x.rows(u, func(no int) bool {
		s, err := c.row(no)
		if err != nil {
			yield(nil, err)
			ok = false
			return false
		}
		if s.no < r.skip || len(s.text) == 0 && s.err == nil {
			return true
		}
		e, err := r.parse(s)
		switch {
		case err != nil:
			ok = r.tell(s.no, err, yield)
		case all == nil:
			all = e
		case e != nil:
			all.turns = append(all.turns, e.turns...)
			all.delta = all.delta || e.delta
		}
		return ok
	})
	if !ok || all == nil {
		return false, ok
	}
	r.inTime(all)
	good, err := r.timeline.fit(all)
	if err != nil {
		return false, r.tell(all.at.no, err, yield)
	}
	if !good {
		return false, true
	}
	return true, yield(all, nil)
}

// inTime sorts a session's turns for a schedule, if all have a time.
func (r *reader) inTime(e *entry) {
	untimed := func(d draft) bool { return d.Due == nil }
	if r.Schedule != nil && !slices.ContainsFunc(e.turns, untimed) {
		slices.SortStableFunc(e.turns, func(a, b draft) int { return cmp.Compare(*a.Due, *b.Due) })
	}
}

// shuffled is a permutation of 0 to n-1, one of many that seed and round pick.
// Of more than 2^16 it is a Feistel network with cycle walking (Black and
// Rogaway 2002), which takes no memory.
func shuffled(n int, seed int64, round uint64) func(int) int {
	rng := numbers(seed, forShuffle, round)
	if n <= 1<<16 {
		p := rng.Perm(n)
		return func(i int) int { return p[i] }
	}
	return feistel(n, rng)
}

// feistel is a permutation of 0 to n-1 by six rounds on two halves of i, which
// are of one size. Their range is less than four times n, so that a few rounds
// of rounds find a number that is less than n.
func feistel(n int, rng *rand.Rand) func(int) int {
	half := (bits.Len(uint(n-1)) + 1) / 2
	mask := uint64(1)<<half - 1
	var keys [6]uint64
	for i := range keys {
		keys[i] = rng.Uint64()
	}
	return func(i int) int {
		for v := uint64(i); ; {
			l, r := v>>half, v&mask
			for _, k := range keys {
				l, r = r, l^mix(r^k)&mask
			}
			if v = l<<half | r; v < uint64(n) {
				return int(v)
			}
		}
	}
}
