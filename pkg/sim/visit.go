package sim

import (
	"context"
	"math/rand/v2"
	"time"
)

// A visit is one request that is being answered.
type visit struct {
	*Machine
	*wire
	ask   *ask
	form  form
	talk  speaker // the form if it has tokens, otherwise nil
	fault trouble
	rng   *rand.Rand
	ctx   context.Context
	id    string
	told  TrueRequest // what the truth says of the request itself

	arrived, began time.Time
	first, last    time.Time // tokens
	in, out        int
	cached         int       // of in, by the prefix cache
	thought        int       // of the tokens of the answer, those that are reasoning
	total          int       // tokens that the answer will have
	reason         string    // why it ends
	done           bool      // all was written
	sent           []float64 // of each chunk, seconds since arrived
	unsent         int       // chunks that a style holds back
	due            time.Time // of what comes next
	timer          *time.Timer

	part          part
	before, after []byte // of the text in a chunk
}

// A part is a piece of an answer that has a form of its own.
type part int

const (
	noPart part = iota
	reasoning
	text
	toolCall
)

// A form is the form in which an endpoint answers.
type form interface {
	whole(v *visit)                     // writes an answer without a stream
	refusal(status int, why string) any // the body that goes with a status
}

// A speaker is a form whose answers have tokens. It writes its events to the
// visit's wire.
type speaker interface {
	form
	parts() bool                      // it knows reasoning and tool calls
	open(v *visit)                    // before the first token
	begin(v *visit, p part)           // a part
	tokens(v *visit, p part, k int)   // the next k tokens, all of one part
	end(v *visit, p part)             // a part
	finish(v *visit)                  // say why it ends, the usage, and good bye
	failure(v *visit, message string) // an error event
}

// run waits for a place, works through the prompt and makes tokens, and puts
// each of these on the GPUs.
func (v *visit) run() {
	defer v.tell()
	if v.fault.has(StyleSlowHeader) {
		v.head()
		v.flush.Flush()
	}
	if v.batch.enter(v.ctx) != nil {
		return
	}
	defer v.batch.leave()
	v.began = time.Now()
	v.due = v.began
	v.length()
	if v.cache != nil {
		v.cached = v.cache.find(v.ask.prompt.hashes, v.in)
	}
	v.gpus.change(1, 0, v.in)
	prefilling, tokens := 1, v.in
	defer func() { v.gpus.change(-prefilling, prefilling-1, -tokens) }() // a fault may break off here
	if !v.wait(v.vary(v.cfg.TTFT + time.Duration(v.in-v.cached)*v.cfg.PerToken)) {
		return
	}
	if v.cache != nil {
		v.cache.keep(v.ask.prompt.hashes)
	}
	v.gpus.change(-1, 1, v.total)
	prefilling, tokens = 0, v.in+v.total
	v.answer()
}

// length draws how many tokens the answer has, and why it ends.
func (v *visit) length() {
	if v.talk == nil {
		return
	}
	v.total, v.reason = v.cfg.Output, "length"
	if v.ask.output > 0 {
		v.total = v.ask.output
	}
	if !v.ask.ignoreEOS && v.cfg.EOS > 0 {
		for i := max(1, v.ask.minTokens); i < v.total; i++ {
			if v.rng.Float64() < v.cfg.EOS {
				v.total, v.reason = i, "stop"
				break
			}
		}
	}
	if v.fault.has(FaultEmpty) {
		v.total, v.reason = 0, "stop"
	}
	if v.talk.parts() {
		v.thought = min(v.cfg.Reasoning, v.total)
	}
}

// wait waits until d after what was due last; false if the client has gone.
//
// Note: an idle process waits in whole milliseconds, so that chunks leave half a
// millisecond late in the median and one at the 99th percentile. I tried one queue
// of alarms behind a timerfd: 0.05 and 0.15 ms, but twice the processor time, of
// which the client beside it has none to spare, and a tail ten times as long once
// the cores are busy. The truth tells when a chunk left; nobody needs to trust ITL.
func (v *visit) wait(d time.Duration) bool {
	v.due = v.due.Add(d)
	left := time.Until(v.due)
	if left <= 0 {
		return v.ctx.Err() == nil
	}
	if v.timer == nil {
		v.timer = time.NewTimer(left)
	} else {
		v.timer.Reset(left)
	}
	select {
	case <-v.timer.C:
		return true
	case <-v.ctx.Done():
		v.timer.Stop()
		return false
	}
}

// vary is d with the jitter of one gap.
func (v *visit) vary(d time.Duration) time.Duration {
	if v.cfg.Jitter == 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + v.cfg.Jitter*(2*v.rng.Float64()-1)))
}

// answer makes the tokens, or fewer if the client goes or a fault strikes.
func (v *visit) answer() {
	if v.ask.stream {
		v.head()
		if v.fault.has(StyleBOM) {
			v.buf = append(v.buf, "\ufeff"...)
		}
		v.talk.open(v)
	}
	if v.talk == nil {
		v.first = time.Now()
		v.sent = append(v.sent, v.first.Sub(v.arrived).Seconds())
	}
	for v.out < v.total {
		k, p := v.next()
		if v.out > 0 {
			for range k {
				v.due = v.due.Add(v.vary(v.cfg.ITL))
			}
			if !v.wait(0) || v.breaks() {
				return
			}
		}
		v.last = time.Now()
		if v.out == 0 {
			v.first = v.last
		}
		if !v.ask.stream {
			v.sent = append(v.sent, v.last.Sub(v.arrived).Seconds())
		} else if !v.chunk(p, k) {
			return
		}
		v.out += k
	}
	v.finish()
}

// next is how many tokens the next chunk has, and what they are part of.
func (v *visit) next() (k int, p part) {
	k = min(v.cfg.PerChunk, v.total-v.out)
	switch {
	case v.out < v.thought:
		return min(k, v.thought-v.out), reasoning
	case v.cfg.ToolCall && v.talk.parts():
		return k, toolCall
	}
	return k, text
}

// chunk sends k tokens in one write, with what must come before them.
func (v *visit) chunk(p part, k int) bool {
	if p != v.part {
		v.turn(p)
	}
	v.talk.tokens(v, p, k)
	if v.out == 0 && v.fault.has(StyleDup) {
		v.talk.tokens(v, p, k)
	}
	v.unsent++
	if v.holds() {
		return true
	}
	return v.release()
}

// turn ends a part and begins the next.
func (v *visit) turn(p part) {
	if v.part != noPart {
		v.talk.end(v, v.part)
	}
	if v.part = p; p != noPart {
		v.talk.begin(v, p)
	}
}

// release writes what has gathered, now.
func (v *visit) release() bool {
	now := v.last.Sub(v.arrived).Seconds()
	for ; v.unsent > 0; v.unsent-- {
		v.sent = append(v.sent, now)
	}
	return v.send()
}

func (v *visit) finish() {
	v.done = true
	if !v.ask.stream {
		v.w.Header().Set("Content-Type", "application/json")
		v.form.whole(v)
		v.send()
		return
	}
	v.turn(noPart)
	v.talk.finish(v)
	v.release()
}

// head says that a stream comes.
func (v *visit) head() {
	h := v.w.Header()
	if v.ask.stream {
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Content-Type", "application/json")
	}
}

// tell writes the truth about the visit.
func (v *visit) tell() {
	now := time.Now()
	v.stats.finished(v, now)
	if v.truth == nil {
		return
	}
	c := v.truth.clock
	t := &v.told
	t.Ended, t.In, t.Out, t.Cached, t.Sent = c.At(now), v.in, v.out, v.cached, v.sent
	t.Reasoning = min(v.thought, v.out)
	t.Gone = !v.done && v.ctx.Err() != nil
	t.EnergyArrived, t.EnergyEnded = v.gpus.at(v.arrived).energy, v.gpus.at(now).energy
	if !v.began.IsZero() {
		t.Began = c.At(v.began)
	}
	v.truth.request(t)
}
