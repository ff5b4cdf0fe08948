package load

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// A job is a request that is ready to be sent.
type job struct {
	id     string
	phase  string
	prompt prompt.Prompt
	body   []byte
}

// An exchange is one request and what is measured of it.
type exchange struct {
	*client
	rec    *record.Request
	conn   *stampConn
	sent   func(start record.Time) // called once, when the request is about to leave
	status int

	got record.Time // when the exchange asked for a connection
	out *int        // tokens by usage
}

// do sends a job and gives its record. It returns when the answer is complete
// or has failed.
func (c *client) do(ctx context.Context, run string, j job, sent func(record.Time)) *record.Request {
	x := &exchange{client: c, sent: sent, rec: &record.Request{
		Run: run, ID: j.id, Phase: j.phase, Model: c.Options.Model, URL: c.shown,
		Endpoint: c.Endpoint.Name, Conversation: j.prompt.Conversation, Turn: new(j.prompt.Turn),
		Tokens: &record.Tokens{In: new(j.prompt.In), Asked: j.prompt.Out},
		Bytes:  &record.Bytes{Sent: int64(len(j.body))},
		HTTP:   &record.HTTP{},
	}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if c.Timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("%w after %v", errTimeout, c.Timeout))
		defer cancel()
	}
	x.rec.Error = x.run(ctx, cancel, run, j)
	x.start(c.clock.Now()) // if it never came to be sent
	if x.rec.Took == nil || x.rec.Error != nil {
		x.rec.Took = new(c.clock.Now().Sub(x.rec.Start))
	}
	return x.rec
}

// start notes when the request began, the first time it is called.
func (x *exchange) start(t record.Time) {
	if x.rec.Start == 0 {
		x.rec.Start = t
		x.sent(t)
	}
}

func (x *exchange) run(ctx context.Context, cancel func(), run string, j job) *record.Error {
	x.got = x.clock.Now()
	req, err := x.request(httptrace.WithClientTrace(ctx, x.trace()), run, j)
	if err != nil {
		return failure(record.ClassConnect, 0, "%v", err)
	}
	resp, err := x.http.Do(req)
	if err != nil {
		return classify(ctx, err, x.conn != nil, 0)
	}
	defer resp.Body.Close()
	x.status = resp.StatusCode
	x.rec.HTTP.Status = x.status
	if x.status < 200 || x.status > 299 {
		return x.refused(resp)
	}
	if x.Options.Streaming {
		return x.stream(ctx, cancel, resp)
	}
	return x.whole(ctx, resp)
}

// trace follows a request to its connection. It is called by one goroutine at a
// time, before http.Client.Do returns.
func (x *exchange) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			now := x.clock.Now()
			x.conn = stamped(info.Conn)
			h := x.rec.HTTP
			h.Reused, h.Connect = info.Reused, nil
			h.Remote = info.Conn.RemoteAddr().String()
			if !info.Reused {
				h.Connect = new(now.Sub(x.got))
			}
			x.start(now)
		},
	}
}

// refused reads the server's words on a status that is no success.
func (x *exchange) refused(resp *http.Response) *record.Error {
	const most = 64 << 10
	body, _ := io.ReadAll(io.LimitReader(resp.Body, most))
	x.rec.Bytes.Received = int64(len(body))
	message := openai.Message(body)
	if where := resp.Header.Get("Location"); where != "" {
		message = "redirected to " + where
	}
	if message == "" {
		message = http.StatusText(x.status)
	}
	return failure(record.ClassStatus, x.status, "HTTP %d: %s", x.status, message)
}

// maxReply bounds an answer that is not streamed.
const maxReply = 64 << 20

// whole reads an answer that comes in one piece.
func (x *exchange) whole(ctx context.Context, resp *http.Response) *record.Error {
	x.firstByte()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	x.rec.Bytes.Received = int64(len(body))
	if err != nil {
		return classify(ctx, err, true, x.status)
	}
	x.rec.Took = new(x.arrived().Sub(x.rec.Start))
	if len(body) > maxReply {
		return failure(record.ClassDecode, x.status, "the answer is larger than %d MiB", maxReply>>20)
	}
	d, err := x.Endpoint.Reply(body)
	switch {
	case err != nil:
		return failure(record.ClassDecode, x.status, "the answer is no JSON of endpoint type %s: %v", x.Endpoint.Name, err)
	case d.Err != nil:
		return failure(record.ClassStream, x.status, "%v", d.Err)
	}
	x.note(d)
	if !d.Content {
		return x.empty()
	}
	x.rec.Chunks = 1
	return nil
}

// firstByte notes when the answer's first byte came, if it came just now.
func (x *exchange) firstByte() {
	if x.rec.HTTP.FirstByte == nil {
		x.rec.HTTP.FirstByte = new(x.arrived().Sub(x.rec.Start))
	}
}

// arrived is when the bytes that were read last had come in.
func (x *exchange) arrived() record.Time {
	if x.conn == nil { // a transport that was not dialled by this package
		return x.clock.Now()
	}
	return x.conn.arrived()
}

// note keeps what a part of the answer says of it.
func (x *exchange) note(d openai.Delta) {
	if d.Finish != "" {
		x.rec.Finish = d.Finish
	}
	if u := d.Usage; u != nil {
		tokens := x.rec.Tokens
		if u.In != nil {
			tokens.In = u.In
		}
		if u.Out != nil {
			tokens.Out, tokens.Source = u.Out, record.FromUsage
			x.out = u.Out
		}
		if u.Reasoning != nil {
			tokens.Reasoning = u.Reasoning
		}
	}
}

func (x *exchange) empty() *record.Error {
	if x.out != nil && *x.out > 0 {
		return failure(record.ClassEmpty, x.status, "the answer has no content, though its usage says %d tokens", *x.out)
	}
	return failure(record.ClassEmpty, x.status, "the answer has no content")
}

// isStream tells whether a content type can be that of server-sent events.
// Some servers leave it out or call it text/plain.
func isStream(contentType string) bool {
	t, _, _ := mime.ParseMediaType(contentType)
	return t != "application/json" && t != "text/html"
}

// lingering is how long a stream may stay open after its last word before its
// connection is given up.
const lingering = time.Second
