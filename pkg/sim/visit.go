package sim

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// A visit is one request that is being answered.
type visit struct {
	*Machine
	ask   ask
	chat  bool
	fault string
	rng   *rand.Rand
	w     http.ResponseWriter
	ctx   context.Context
	id    string

	arrived, began time.Time
	first, last    time.Time // tokens
	in, out        int
	sent           []float64 // of each chunk, seconds since arrived
	due            time.Time // of what comes next
	timer          *time.Timer
	buf            []byte
	before, after  []byte // of the text in a chunk
}

// run waits for a place, works through the prompt and makes tokens, and puts
// each of these on the GPUs.
func (v *visit) run() {
	defer v.tell()
	if v.batch.enter(v.ctx) != nil {
		return
	}
	defer v.batch.leave()
	v.began = time.Now()
	v.due = v.began
	n, reason := v.length()
	if v.fault == FaultEmpty {
		n, reason = 0, "stop"
	}
	v.gpus.change(1, 0, v.in)
	prefilling, tokens := 1, v.in
	defer func() { v.gpus.change(-prefilling, prefilling-1, -tokens) }() // a fault may break off here
	if !v.wait(v.vary(v.cfg.TTFT + time.Duration(v.in)*v.cfg.PerToken)) {
		return
	}
	v.gpus.change(-1, 1, n)
	prefilling, tokens = 0, v.in+n
	v.answer(n, reason)
}

// wait waits until d after what was due last; false if the client has gone.
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

// answer makes n tokens, or fewer if the client goes or a fault strikes.
func (v *visit) answer(n int, reason string) {
	if v.ask.Stream {
		v.open()
	}
	for v.out < n {
		k := min(v.cfg.PerChunk, n-v.out)
		if v.out > 0 {
			for range k {
				v.due = v.due.Add(v.vary(v.cfg.ITL))
			}
			if !v.wait(0) {
				return
			}
		}
		if v.out > 0 && v.breaks() {
			return
		}
		v.last = time.Now()
		if v.out == 0 {
			v.first = v.last
		}
		v.sent = append(v.sent, v.last.Sub(v.arrived).Seconds())
		if v.ask.Stream && !v.chunk(k) {
			return
		}
		v.out += k
	}
	v.finish(reason)
}

// breaks carries out a fault that strikes between two tokens.
func (v *visit) breaks() bool {
	switch v.fault {
	case FaultError:
		v.write([]byte(`data: {"error":{"message":"the engine has run out of memory","type":"sim_error","code":500}}` + "\n\n"))
	case FaultReset:
		panic(http.ErrAbortHandler)
	case FaultStall:
		<-v.ctx.Done()
	case FaultTruncate:
	default:
		return false
	}
	return true
}

// open begins a stream. What is the same in all chunks is made once.
func (v *visit) open() {
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	head := v.head()
	if v.chat {
		v.before = []byte("data: " + head + `,"choices":[{"index":0,"delta":{"content":"`)
		v.after = []byte(`"},"logprobs":null,"finish_reason":null}]}` + "\n\n")
		v.buf = append(v.buf, "data: "+head+`,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}`+"\n\n"...)
		return
	}
	v.before = []byte("data: " + head + `,"choices":[{"index":0,"text":"`)
	v.after = []byte(`","logprobs":null,"finish_reason":null}]}` + "\n\n")
}

// head is the beginning of every object that answers.
func (v *visit) head() string {
	id, object := "cmpl-", "text_completion"
	if v.chat {
		id, object = "chatcmpl-", "chat.completion"
		if v.ask.Stream {
			object += ".chunk"
		}
	}
	text, _ := json.Marshal(id + v.id)
	model, _ := json.Marshal(v.cfg.Model)
	return `{"id":` + string(text) + `,"object":"` + object + `","created":` +
		strconv.FormatInt(v.began.Unix(), 10) + `,"model":` + string(model)
}

// words are what the answers are made of.
var words = [...]string{"river", "stone", "light", "paper", "cloud", "garden", "winter", "engine", "number", "silver", "window", "travel"}

// chunk sends k tokens in one event and one write.
func (v *visit) chunk(k int) bool {
	v.buf = append(v.buf, v.before...)
	v.buf = v.appendText(v.buf, k)
	v.buf = append(v.buf, v.after...)
	ok := v.write(v.buf)
	v.buf = v.buf[:0]
	return ok
}

func (v *visit) appendText(b []byte, k int) []byte {
	for i := range k {
		b = append(append(b, ' '), words[(v.out+i)%len(words)]...)
	}
	return b
}

func (v *visit) write(b []byte) bool {
	if _, err := v.w.Write(b); err != nil {
		return false
	}
	v.w.(http.Flusher).Flush()
	return true
}

func (v *visit) usage() string {
	return `{"prompt_tokens":` + strconv.Itoa(v.in) + `,"completion_tokens":` + strconv.Itoa(v.out) +
		`,"total_tokens":` + strconv.Itoa(v.in+v.out) + `}`
}

// finish says why it ends, the usage if that was asked for, and good bye.
func (v *visit) finish(reason string) {
	head := v.head()
	if v.ask.Stream {
		part := `"text":""`
		if v.chat {
			part = `"delta":{}`
		}
		v.buf = append(v.buf, "data: "+head+`,"choices":[{"index":0,`+part+`,"logprobs":null,"finish_reason":"`+reason+`"}]}`+"\n\n"...)
		if v.ask.StreamOptions.IncludeUsage {
			v.buf = append(v.buf, "data: "+head+`,"choices":[],"usage":`+v.usage()+"}\n\n"...)
		}
		v.buf = append(v.buf, "data: [DONE]\n\n"...)
		v.write(v.buf)
		return
	}
	text := v.out
	v.out = 0
	words := string(v.appendText(nil, text))
	v.out = text
	part := `"text":"` + words + `"`
	if v.chat {
		part = `"message":{"role":"assistant","content":"` + words + `"}`
	}
	v.w.Header().Set("Content-Type", "application/json")
	io.WriteString(v.w, head+`,"choices":[{"index":0,`+part+`,"logprobs":null,"finish_reason":"`+reason+`"}],"usage":`+v.usage()+"}\n")
}
