package load

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// ahead is how many conversations are made before they are asked for: making
// them costs time that a request must not wait for.
const ahead = 256

// mostBad is how many rows that make no sense are told one by one.
const mostBad = 10

// fill fills feed until the conversations or the issuing ends.
func (s *stage) fill() {
	defer close(s.feed)
	bad, given, most := 0, 0, s.Shard.Share(s.Sessions)
	if s.Sessions > 0 && most == 0 {
		return // there are more shards than conversations
	}
	defer func() {
		if bad > mostBad {
			s.tell(record.Warning, "bad-row", "%d rows of the dataset in all could not be used", bad)
		}
	}()
	for one := range s.made() {
		c, err := one.Conversation, one.err
		var row *prompt.LineError
		switch {
		case errors.As(err, &row):
			if bad++; bad <= mostBad {
				s.tell(record.Warning, "bad-row", "%v", err)
			}
			continue
		case err != nil:
			s.fail(fmt.Errorf("read the conversations: %w", err))
			s.halt()
			return
		}
		select {
		case s.feed <- c:
		case <-s.open.Done():
			return
		}
		if given++; given == most {
			return
		}
	}
	s.dry.Store(s.open.Err() == nil)
}

type made struct {
	prompt.Conversation
	err error
}

// made gives the conversations as they are made, by a goroutine of its own: a
// source that reads from a pipe may wait for ever, and nothing can interrupt
// that. It is given up if it does not end soon after it should, and ends itself
// when it has read something.
func (s *stage) made() iter.Seq[made] {
	return func(yield func(made) bool) {
		all, enough := make(chan made, ahead/4), make(chan struct{})
		go func() {
			defer close(all)
			for c, err := range s.Conversations {
				select {
				case all <- made{c, err}:
				case <-enough:
					return
				}
			}
		}()
		for more := true; more; {
			select {
			case m, ok := <-all:
				if !ok {
					return
				}
				more = yield(m)
			case <-s.open.Done():
				more = false
			}
		}
		close(enough)
		select {
		case <-all: // closed, or what was being made
		case <-time.After(lingering):
		}
	}
}

// next gives the next conversation; false if there is none or no more may be
// sent.
func (s *stage) next() (prompt.Conversation, bool) {
	select {
	case c, ok := <-s.feed:
		return c, s.fed(ok)
	case <-s.open.Done():
		return prompt.Conversation{}, false
	}
}

// fed tells whether what came from feed, if it is ok, may be sent.
func (s *stage) fed(ok bool) bool {
	if !ok && s.dry.Load() {
		s.starved.Store(true)
	}
	return ok && s.open.Err() == nil
}
