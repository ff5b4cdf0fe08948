package token

import (
	"fmt"
	"strings"
)

const (
	firstWords   = 12 // of a server's, tried one by one
	groupWords   = 16 // tried in one request when the server does not spell out tokens
	enoughWords  = 200
	wordRequests = 48
)

// words chooses words as chooseWords does, in few requests. The reply is that to
// all the words, joined by spaces.
func (c *tokenizeClient) words(all []string, r *tokenizeReply) (vocabulary, error) {
	var v vocabulary
	var err error
	if len(r.pieces) > 0 {
		v, err = c.spelled(all, r.pieces)
	} else {
		v, err = c.grouped(all)
	}
	if err != nil {
		return v, err
	}
	if len(v.rest) < minWords || len(v.first) == 0 {
		return vocabulary{err: fmt.Errorf("only %d of %d common English words are one token", len(v.rest), len(all))}, nil
	}
	text := v.first[0] + " " + strings.Join(v.rest, " ")
	n, err := c.count(text)
	if err == nil && n != 1+len(v.rest) {
		v = vocabulary{err: fmt.Errorf("%d words of one token each have %d together", 1+len(v.rest), n)}
	}
	return v, err
}

// spelled takes the words that are a token with the space before them.
func (c *tokenizeClient) spelled(all, pieces []string) (v vocabulary, err error) {
	single := map[string]bool{}
	for i, p := range pieces {
		// What follows must begin with a space, or the word goes on.
		if strings.HasPrefix(p, " ") && (i+1 == len(pieces) || strings.HasPrefix(pieces[i+1], " ")) {
			single[p[1:]] = true
		}
	}
	for _, w := range all {
		if single[w] {
			v.rest = append(v.rest, w)
		}
	}
	step := max(len(v.rest)/firstWords, 1)
	for i := 0; i < len(v.rest); i += step {
		n, err := c.count(v.rest[i])
		if err != nil {
			return v, err
		}
		if n == 1 {
			v.first = append(v.first, v.rest[i])
		}
	}
	return v, nil
}

// grouped counts groups of words and halves those that have too many tokens.
func (c *tokenizeClient) grouped(all []string) (v vocabulary, err error) {
	var groups [][]string
	for i := 0; i+groupWords <= len(all); i += groupWords {
		groups = append(groups, all[i:i+groupWords])
	}
	for asked := 0; len(groups) > 0 && asked < wordRequests && len(v.rest) < enoughWords; asked++ {
		g := groups[0]
		groups = groups[1:]
		n, err := c.count(strings.Join(g, " "))
		if err != nil {
			return v, err
		}
		switch {
		case n == len(g):
			v.first = append(v.first, g[0])
			v.rest = append(v.rest, g...)
		case len(g) > 2:
			groups = append([][]string{g[:len(g)/2], g[len(g)/2:]}, groups...)
		}
	}
	return v, nil
}
