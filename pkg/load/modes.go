package load

import (
	"time"

	"aiperf/pkg/prompt"
)

// closed keeps as many conversations under way as there may be.
func (s *stage) closed() {
	workers := s.Shard.Share(s.Concurrency)
	if s.Requests > 0 {
		workers = min(workers, s.Shard.Share(s.Requests))
	}
	for range workers {
		s.wg.Go(func() {
			if _, ok := s.slots.enter(s.open); !ok {
				return
			}
			defer s.slots.leave()
			for {
				c, ok := s.next()
				if !ok || !s.take() {
					return
				}
				s.play(c, time.Time{}, time.Time{})
			}
		})
	}
}

// scheduled sends each conversation when it is due by itself. One that has no
// instant is due when the one before is.
func (s *stage) scheduled() {
	p := s.pacer()
	defer p.end()
	due := s.began
	for {
		c, ok := s.next()
		if !ok {
			return
		}
		if d := c.Turns[0].Due; d != nil {
			due = s.began.Add(*d)
		}
		if !p.until(s.open, due) || !s.begin(c, due) {
			return
		}
	}
}

// begin starts a conversation once there is room.
func (s *stage) begin(c prompt.Conversation, due time.Time) bool {
	waited, ok := s.slots.enter(s.open)
	if !ok {
		return false
	}
	if !s.take() {
		s.slots.leave()
		return false
	}
	s.dispatch(c, due, waited)
	return true
}

// dispatch starts a conversation that has its place.
func (s *stage) dispatch(c prompt.Conversation, due time.Time, waited bool) {
	var free time.Time
	if waited {
		free = time.Now()
	}
	s.wg.Go(func() {
		defer s.slots.leave()
		s.play(c, due, free)
	})
}

// users has each user ask one conversation after another, a turn every Gap. They
// begin evenly spread over the first one.
func (s *stage) users() {
	for u := range s.Users {
		if !s.Shard.owns(u) {
			continue
		}
		due := s.began.Add(s.Gap * time.Duration(u) / time.Duration(s.Users))
		s.wg.Go(func() {
			for pause(s.open, time.Until(due)) {
				c, ok := s.next()
				if !ok || !s.take() {
					return
				}
				due = s.play(c, due, time.Time{})
			}
		})
	}
}

// paced gives each arrival to a later turn that is ready, or else to a new
// conversation. One that must wait for room stays due when it was, and so do
// those behind it.
func (s *stage) paced() {
	defer s.enough()
	p := s.pacer()
	defer p.end()
	var c prompt.Conversation
	var idle chan struct{}
	held, more, followed := false, true, false // whether c is still to begin, and whether there may be others
	slot := -1
	var stopped time.Time // when no more could be sent, with one that was due
	for off := range s.Arrivals {
		if slot++; !s.Shard.owns(slot) {
			continue
		}
		due := s.began.Add(off)
		switch {
		case !stopped.IsZero() && due.After(stopped):
			return
		case !stopped.IsZero():
			s.unsent++
			continue
		case !p.until(s.open, due):
			return
		}
		if !held && more {
			if c, more, followed = s.nextOr(due); followed {
				continue
			}
			held = more
		}
		if !more && idle == nil {
			idle = make(chan struct{})
			go func() {
				s.wg.Wait()
				close(idle)
			}()
		}
		began, ok := s.arrive(c, more, due, idle)
		switch {
		case ok:
			held = held && !began
		case held && s.issue.Err() != nil:
			stopped, s.unsent = time.Now(), 1
		default:
			return
		}
	}
}

// nextOr is next, unless a later turn wants the arrival before: then that has it.
func (s *stage) nextOr(due time.Time) (c prompt.Conversation, more, followed bool) {
	select {
	case grant := <-s.follow:
		grant <- due
		return c, true, true
	default:
	}
	select {
	case grant := <-s.follow:
		grant <- due
		return c, true, true
	case c, ok := <-s.feed:
		return c, s.fed(ok), false
	case <-s.open.Done():
		return c, false, false
	}
}

// arrive uses one arrival; began tells that it was for c. It is not ok if no
// more will be sent.
func (s *stage) arrive(c prompt.Conversation, more bool, due time.Time, idle <-chan struct{}) (began, ok bool) {
	select {
	case grant := <-s.follow: // its conversation is under way: it goes first
		grant <- due
		return false, true
	default:
	}
	if !more { // the last conversations are under way, and none wants its next turn
		select {
		case <-idle:
			return false, false
		default:
			return false, true
		}
	}
	room, waited := s.slots.room(), false
	select {
	case <-room:
	default:
		waited = true
		select {
		case grant := <-s.follow:
			grant <- due
			return false, true
		case <-room:
		case <-s.open.Done():
			return false, false
		}
	}
	if !s.take() {
		s.slots.leave()
		return false, false
	}
	s.dispatch(c, due, waited)
	return true, true
}
