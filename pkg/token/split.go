package token

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// A piece is a part of a text on its way to become tokens.
type piece struct {
	text  string
	first bool // it starts where the text starts
}

// A span is a part of a text that a pattern matched, or one between two matches.
type span struct {
	start, end int
	match      bool
}

// A pattern adds the spans of s, which is not empty, to dst. They cover s.
type pattern func(dst []span, s string) ([]span, error)

// A scanner is the end of the match at s[i:]. Its matches cover the whole text.
type scanner func(s string, i int) int

func (scan scanner) pattern(dst []span, s string) ([]span, error) {
	for i := 0; i < len(s); {
		end := scan(s, i)
		dst = append(dst, span{i, end, true})
		i = end
	}
	return dst, nil
}

// each matches the characters for which is holds, one by one.
func each(is func(rune) bool) pattern {
	return func(dst []span, s string) ([]span, error) {
		last := 0
		for i, r := range s {
			if !is(r) {
				continue
			}
			if last < i {
				dst = append(dst, span{last, i, false})
			}
			last = i + utf8.RuneLen(r)
			dst = append(dst, span{i, last, true})
		}
		if last < len(s) {
			dst = append(dst, span{last, len(s), false})
		}
		return dst, nil
	}
}

// literal matches a string, which is not empty.
func literal(lit string) pattern {
	return func(dst []span, s string) ([]span, error) {
		last := 0
		for {
			i := strings.Index(s[last:], lit)
			if i < 0 {
				break
			}
			if i > 0 {
				dst = append(dst, span{last, last + i, false})
			}
			dst = append(dst, span{last + i, last + i + len(lit), true})
			last += i + len(lit)
		}
		if last < len(s) {
			dst = append(dst, span{last, len(s), false})
		}
		return dst, nil
	}
}

// Bounds of a pattern's time and memory on one text: a vocabulary made by an enemy
// can hold a pattern that takes exponential time.
const (
	matchTime  = 5 * time.Second // for one match
	totalTime  = 30 * time.Second
	matchStack = 1 << 24 // integers
)

var errPatternTime = errors.New("its split pattern takes too much time on this text")

// expression matches what re matches; each match may take the given time. Note:
// regexp2 keeps that time with a goroutine of its own, which outlives the match by a
// second: a synctest bubble would wait for it in vain. The scanners need none.
func expression(re *regexp2.Regexp, limit time.Duration) pattern {
	re.MatchTimeout = limit
	return func(dst []span, s string) ([]span, error) {
		began := time.Now()
		runes := []rune(s)
		last, at := 0, 0 // bytes, runes
		// Empty matches right behind a match don't count, as in Oniguruma.
		m, err := re.FindRunesMatch(runes)
		for ; err == nil && m != nil; m, err = re.FindNextMatch(m) {
			start := last + byteLen(runes[at:m.RuneIndex])
			end := start + byteLen(runes[m.RuneIndex:m.RuneIndex+m.RuneLength])
			if start == end && start == last && len(dst) > 0 && dst[len(dst)-1].match {
				continue
			}
			if last < start {
				dst = append(dst, span{last, start, false})
			}
			dst = append(dst, span{start, end, true})
			last, at = end, m.RuneIndex+m.RuneLength
			if time.Since(began) > totalTime {
				return dst, errPatternTime
			}
		}
		if err != nil {
			return dst, fmt.Errorf("match its split pattern: %w", err)
		}
		if last < len(s) {
			dst = append(dst, span{last, len(s), false})
		}
		return dst, nil
	}
}

func byteLen(runes []rune) (n int) {
	for _, r := range runes {
		n += utf8.RuneLen(r)
	}
	return n
}

// What a Split does with what its pattern matched.
type behavior string

const (
	removed            behavior = "Removed"
	isolated           behavior = "Isolated"
	contiguous         behavior = "Contiguous"
	mergedWithPrevious behavior = "MergedWithPrevious"
	mergedWithNext     behavior = "MergedWithNext"
)

func (b behavior) check() error {
	switch b {
	case removed, isolated, contiguous, mergedWithPrevious, mergedWithNext:
		return nil
	}
	return fmt.Errorf("behavior is %.40q: want Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", string(b))
}

// apply joins and drops spans, in place.
func (b behavior) apply(spans []span) []span {
	switch b {
	case removed:
		return dropMatches(spans)
	case contiguous, mergedWithPrevious:
		out, was := spans[:0], false
		for i, s := range spans {
			join := s.match && !was
			if b == contiguous {
				join = s.match == was
			}
			was = s.match
			if join && i > 0 {
				out[len(out)-1].end = s.end
			} else {
				out = append(out, s)
			}
		}
		return out
	case mergedWithNext:
		out, was := len(spans), false
		for i := len(spans) - 1; i >= 0; i-- {
			s := spans[i]
			join := s.match && !was && out < len(spans)
			was = s.match
			if join {
				spans[out].start = s.start
			} else {
				out--
				spans[out] = s
			}
		}
		return spans[out:]
	}
	return spans
}

func dropMatches(spans []span) []span {
	out := spans[:0]
	for _, s := range spans {
		if !s.match {
			out = append(out, s)
		}
	}
	return out
}

// splitBy makes a step that cuts pieces where the pattern says.
func splitBy(find pattern, b behavior, invert bool) step {
	return func(in piece, out []piece) ([]piece, error) {
		spans, err := find(nil, in.text)
		if err != nil {
			return nil, err
		}
		if invert {
			for i := range spans {
				spans[i].match = !spans[i].match
			}
		}
		for _, s := range b.apply(spans) {
			if s.end > s.start {
				out = append(out, piece{in.text[s.start:s.end], in.first && s.start == 0})
			}
		}
		return out, nil
	}
}
