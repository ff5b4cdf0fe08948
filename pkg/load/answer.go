package load

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/record"
	"aiperf/pkg/wire"
)

// A body is an answer's body, in the pieces in which it came.
type body interface {
	Next() ([]byte, error)
	Arrived() time.Time // of the last piece
	Ended() bool        // without waiting
	Limit(time.Time)    // for what is still to come
	First() time.Time   // of the answer
}

// answer reads what the server has to say.
func (x *exchange) answer(h *wire.Header, b body) *record.Error {
	x.rec.HTTP.Status = h.Status
	x.rec.HTTP.FirstByte = new(b.First().Sub(x.start).Seconds())
	x.drop()
	switch {
	case h.Status < 200 || h.Status > 299:
		return x.refused(h, b)
	case h.Encoding != "" && h.Encoding != "identity":
		return x.failure(record.ClassDecode, "the answer is compressed (%s), which was not asked for", h.Encoding)
	case x.Options.Streaming:
		return x.stream(h, b)
	}
	return x.whole(b)
}

// refused reads the server's words on a status that is no success.
func (x *exchange) refused(h *wire.Header, b body) *record.Error {
	const most = 64 << 10
	words, _ := x.all(b, most)
	message := openai.Message(words)
	if h.Location != "" {
		message = "redirected elsewhere"
		if u, err := url.Parse(h.Location); err == nil {
			message = "redirected to " + shown(u)
		}
	}
	if message == "" {
		message = http.StatusText(h.Status)
	}
	return x.failure(record.ClassStatus, "HTTP %d: %s", h.Status, message)
}

// all reads a body of at most so many bytes, and no more of a longer one. What it
// gives may be valid only until the body is read again.
func (x *exchange) all(b body, most int) ([]byte, error) {
	piece, err := b.Next()
	x.rec.Bytes.Received += int64(len(piece))
	if err != nil || b.Ended() {
		if err == io.EOF {
			err = nil
		}
		return piece[:min(len(piece), most)], err
	}
	words := append([]byte(nil), piece...)
	for len(words) <= most {
		piece, err = b.Next()
		x.rec.Bytes.Received += int64(len(piece))
		words = append(words, piece...)
		if err == io.EOF {
			return words[:min(len(words), most)], nil
		}
		if err != nil {
			return words, err
		}
	}
	return words[:most], errTooLong
}

// maxReply bounds an answer that is not streamed.
const maxReply = 64 << 20

// whole reads an answer that comes in one piece.
func (x *exchange) whole(b body) *record.Error {
	words, err := x.all(b, maxReply)
	if err != nil {
		return x.classify(err, true)
	}
	x.rec.Took = new(b.Arrived().Sub(x.start).Seconds())
	d, err := x.Endpoint.Reply(words)
	switch {
	case err != nil:
		return x.failure(record.ClassDecode, "the answer is none of endpoint type %s: %v", x.Endpoint.Name, err)
	case d.Err != nil:
		return x.failure(record.ClassStream, "%v", d.Err)
	}
	x.note(d)
	if d.Kind == openai.None {
		return x.empty()
	}
	x.rec.Chunks = 1
	x.keepText(words)
	return nil
}

// note keeps what a part of the answer says of it.
func (x *exchange) note(d openai.Delta) {
	if d.Finish != "" {
		x.rec.Finish = d.Finish
	}
	u, tokens := d.Usage, x.rec.Tokens
	if u == nil {
		return
	}
	// A later count may leave out what came from the cache; the prompt is one.
	if u.In != nil && (tokens.InSource != record.FromUsage || *u.In > *tokens.In) {
		tokens.In, tokens.InSource = u.In, record.FromUsage
	}
	if u.Cached != nil {
		tokens.Cached = u.Cached
	}
	if u.Out != nil {
		tokens.Out, tokens.Source = u.Out, record.FromUsage
	}
	if u.Reasoning != nil {
		tokens.Reasoning = u.Reasoning
	}
}

func (x *exchange) empty() *record.Error {
	if out := x.rec.Tokens.Out; out != nil && *out > 0 && x.rec.Tokens.Source == record.FromUsage {
		return x.failure(record.ClassEmpty, "the answer has no content, though its usage says %d tokens", *out)
	}
	return x.failure(record.ClassEmpty, "the answer has no content")
}

// maxKept bounds what is kept of an answer for the sake of its text.
const maxKept = 64 << 20

func (x *exchange) keepText(data []byte) {
	if x.size += len(data); x.keeps && x.size <= maxKept {
		x.kept = append(x.kept, append([]byte(nil), data...))
	}
}

// text is the answer's text.
func (x *exchange) text() string {
	var s []byte
	for _, data := range x.kept {
		s = append(s, x.Endpoint.Text(data)...)
	}
	return string(s)
}

// isStream tells whether a content type can be that of server-sent events.
// Some servers leave it out or call it text/plain.
func isStream(contentType string) bool {
	if isSSE(contentType) {
		return true
	}
	t, _, _ := mime.ParseMediaType(contentType)
	return t != "application/json" && t != "text/html"
}

// isSSE tells whether a content type says that it is a stream.
func isSSE(contentType string) bool {
	const name = "text/event-stream"
	return len(contentType) >= len(name) && strings.EqualFold(contentType[:len(name)], name)
}
