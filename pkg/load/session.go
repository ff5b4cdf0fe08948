package load

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
	"aiperf/pkg/wire"
)

// A session is a conversation that is under way.
type session struct {
	*stage
	prompt.Conversation
	history []prompt.Message
	tokens  int        // of the history, as far as they are known
	free    time.Time  // when the turn had all that it waits for; zero if when it was due
	conn    *wire.Conn // kept for the next turn, if connections are sticky
}

// play sends a conversation's turns, of which the first has been taken. The zero
// due is none; free is when there was room for it, if that was later. It gives
// when the turn behind the last would be due for a user.
func (s *stage) play(c prompt.Conversation, due, free time.Time) time.Time {
	ss := &session{stage: s, Conversation: c, free: free}
	defer ss.hangUp()
	var ended time.Time
	for i := range c.Turns {
		if i > 0 {
			var ok bool
			if due, ok = ss.await(i, due, ended); !ok || !s.take() {
				break
			}
		}
		x := ss.ask(i, due)
		ended = time.Now()
		if x == nil {
			break
		}
		s.finished(x)
		if x.rec.Error != nil && !c.Whole && i+1 < len(c.Turns) {
			s.counts.broken.Add(1)
			break
		}
	}
	return due.Add(s.Gap)
}

// await waits until a later turn is due, and tells when that was.
func (ss *session) await(i int, before, ended time.Time) (due time.Time, ok bool) {
	t := &ss.Turns[i]
	ss.free = ended
	switch {
	case ss.Users > 0:
		due = before.Add(ss.Gap)
	case ss.Scheduled && t.Due != nil:
		due = ss.began.Add(*t.Due)
	case t.Delay > 0:
		due = ended.Add(t.Delay)
	}
	if !due.IsZero() && !pause(ss.open, time.Until(due)) {
		return due, false
	}
	if ss.Arrivals == nil || ss.Users > 0 || ss.Scheduled {
		return due, ss.open.Err() == nil
	}
	grant := make(chan time.Time, 1)
	select {
	case ss.follow <- grant:
		due = <-grant
		ss.free = time.Now()
		return due, true
	case <-ss.open.Done():
		return due, false
	}
}

var bodies = sync.Pool{New: func() any { return new([]byte) }}

// ask sends one turn and gives what came of it, or nil if it was not sent.
func (ss *session) ask(i int, due time.Time) *exchange {
	t := &ss.Turns[i]
	a := openai.Ask{Model: t.Model, History: ss.history, Turn: *t}
	if a.Model == "" && ss.Model != nil {
		a.Model = ss.Model(ss.Index)
	}
	body := bodies.Get().(*[]byte)
	b, err := ss.Target.Endpoint.Body((*body)[:0], a, ss.Target.Options)
	if err == nil && ss.Target.ContentType == formType {
		b, err = form(nil, b)
	}
	if err != nil {
		ss.fail(fmt.Errorf("make the request for turn %d of conversation %s: %w", i, ss.ID, err))
		ss.halt()
		return nil
	}
	*body = b
	waited, ok := ss.prefill.enter(ss.issue)
	if !ok {
		return nil
	}
	if waited {
		ss.free = time.Now()
	}
	x := ss.exchange(i, due, body)
	if a.Model != "" {
		x.rec.Model = a.Model
	}
	x.do()
	x.began.Do(ss.prefill.leave) // if no token has come
	ss.remember(t, x)
	return x
}

// remember puts a turn and its answer into the history.
func (ss *session) remember(t *prompt.Turn, x *exchange) {
	if ss.Whole || x.rec.Error != nil {
		return
	}
	ss.history = append(ss.history, t.Messages...)
	ss.tokens += t.In
	if len(ss.Turns) > 1 {
		ss.history = append(ss.history, prompt.Message{Role: "assistant", Content: x.text()})
		if out := x.rec.Tokens.Out; out != nil {
			ss.tokens += *out
		}
	}
}

// name is the request's id: what it is of the phase, and its turn.
func (ss *session) name(turn int) string {
	id := strconv.Itoa(ss.Index)
	if ss.Phase.Name == record.Warmup {
		id = "w" + id
	}
	if turn > 0 {
		id += "." + strconv.Itoa(turn)
	}
	return id
}

// server is who gets the turn. Conversations take the servers in turn, and so
// do the turns of one, unless they keep to a connection.
func (ss *session) server(turn int) *client {
	if ss.Reuse == Sticky {
		turn = 0
	}
	return ss.clients[(ss.Index+turn)%len(ss.clients)]
}

func (ss *session) hangUp() {
	if ss.conn != nil {
		ss.conn.Close()
	}
}
