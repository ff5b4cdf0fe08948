package load

import (
	"context"
	"crypto/tls"
	"iter"
	"net"
	"net/http"
	"net/url"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/record"
)

// A Plan is a whole run.
type Plan struct {
	Run    string // its id, for records and request headers
	Clock  record.Clock
	Target Target
	Phases []Phase
	Shard  Shard

	// Model chooses the model of the i-th conversation; nil is that of the
	// target's options.
	Model func(i int) string
	// Count counts the tokens of an answer whose server told no usage, apart
	// from the requests; nil takes its chunks for tokens.
	Count func(text string) (int, error)
	// ServerCounts leaves an answer without usage without a count.
	ServerCounts bool

	// Lag is told how long after a request was due, and had all that it waits for
	// by the plan, this process came to send it. Requests call it at once; nil is
	// not told.
	Lag func(time.Duration)

	Cancel  Cancellation
	Reuse   Reuse
	NoGaps  bool // leave the gaps out of the records
	Precise bool // wait for instants with a thread of its own instead of the runtime's timers
}

// A Target is where requests go and how they are spoken.
type Target struct {
	URLs        []string // of the endpoint, whole; conversations take them in turn
	Endpoint    openai.Endpoint
	Options     openai.Options
	Header      http.Header   // sent with each request
	ContentType string        // of the body; empty means JSON, the other one is multipart/form-data
	Timeout     time.Duration // of a whole request; 0 is no limit
	HTTP2       bool          // speak HTTP/2 and nothing else
	TLS         *tls.Config   // for https; nil is the system's trust

	// Proxy gives the proxy for a request; nil follows the environment.
	Proxy func(*http.Request) (*url.URL, error)
	// Dial opens connections; nil is the network's own.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Reuse says which request may use the connection of another.
type Reuse string

// Strategies of reuse.
const (
	Pooled Reuse = ""                     // any
	Never  Reuse = "never"                // none
	Sticky Reuse = "sticky-user-sessions" // the next one of the same conversation
)

// A Cancellation breaks off a share of the requests, chosen by Seed.
type Cancellation struct {
	Rate  float64       // from 0 to 1
	Delay time.Duration // after the request has been sent
	Seed  int64
}

// A Shard is one of several processes that carry out a plan together. The zero
// Shard is all of it.
type Shard struct{ Index, Of int }

// Share is this shard's part of n things that go round.
func (s Shard) Share(n int) int {
	if s.Of <= 1 {
		return n
	}
	return (n - s.Index + s.Of - 1) / s.Of
}

// owns tells whether the i-th thing is this shard's.
func (s Shard) owns(i int) bool { return s.Of <= 1 || i%s.Of == s.Index }

// A Phase is one stretch of a run. The next one begins when all its requests
// are over.
type Phase struct {
	Name string // [record.Warmup] or [record.Profiling]

	// Conversations are what is asked. Those of a shard have the indices that
	// they have in the whole.
	Conversations prompt.Source

	// The phase sends no more when one of these is reached; 0 is no limit. They
	// count for all shards together.
	Requests int
	Sessions int // conversations
	Duration time.Duration
	Grace    time.Duration // how long after Duration answers may come; negative is for ever

	// Arrivals are when requests are due, since the phase began, for all shards
	// together. Nil sends each as soon as there is room.
	Arrivals iter.Seq[time.Duration]
	// Scheduled sends conversations when they are due by themselves.
	Scheduled bool
	// Users are that many users, each of whom asks every Gap, or when the answer
	// to the question before has come if that is later. 0 is no such thing.
	Users int
	Gap   time.Duration

	Concurrency     int           // conversations under way at most; 0 is no limit
	ConcurrencyRamp time.Duration // in which the limit rises from 1
	Prefill         int           // requests that wait for their first token at most; 0 is no limit
	PrefillRamp     time.Duration

	// FailedLimit ends the run when the share of failed requests is larger;
	// nil is no limit.
	FailedLimit *float64

	// StartAt is when the phase begins; zero or the past is at once.
	StartAt time.Time
}
