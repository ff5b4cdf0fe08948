package promhist

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"
)

// Defaults of [Config].
const (
	DefaultWindow     = 5 * time.Minute
	DefaultTimeout    = 2 * time.Minute
	DefaultMaxSamples = 2_000_000
	DefaultMaxAnswer  = 128 << 20
)

// ReplicaLabels tell the servers of a highly available pair apart, each of which
// scrapes the same targets.
var ReplicaLabels = []string{"replica", "prometheus_replica", "__replica__", "thanos_replica", "_replica"}

// A Config says where to read, and what.
type Config struct {
	// URL is the server's, with whatever stands before /api/v1. Credentials in it
	// are sent, and never shown.
	URL          string
	Since, Until record.Time // both ends included
	// Match are selectors of series; one of them must match. Those that name no
	// metric are limited to the names of GPU exporters. None: all of these.
	Match []string

	Window      time.Duration // that is asked for at once; 0: DefaultWindow
	Timeout     time.Duration // of one request; 0: DefaultTimeout
	MaxSamples  int           // of a window, or it is divided; 0: DefaultMaxSamples
	MaxAnswer   int64         // bytes of an answer, or its window is divided; 0: DefaultMaxAnswer
	Select      *dcgm.Select  // which fields are read; nil: all
	KeepRepeats bool          // yield readings of a page that is the same as the one before, too

	// Authorize adds credentials to a request; nil: none but those in URL.
	Authorize func(*http.Request) error
	// Transport does the requests; nil: http.DefaultTransport.
	Transport http.RoundTripper
}

// Read yields, in the order of time, a [record.Scrape] for each page that the
// server has, a [record.GPU] for each GPU and instance on a page that is not the
// same as its target's page before, and a [record.Note] for what is worth
// telling. Their headers have the time of the samples. The source of a record is
// the server's URL, "#" and the target's instance.
//
// A window that is too much for the server, or for MaxSamples, is divided; a
// request that fails for a reason that may pass is tried again. What cannot be
// read in spite of that is an error, the last thing yielded. Memory is bounded
// by the samples of one window.
func Read(ctx context.Context, c Config) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		r, err := newReader(c)
		if err == nil {
			err = r.read(ctx, yield)
		}
		if err != nil && !errors.Is(err, errLeft) {
			yield(nil, err)
		}
	}
}

// errLeft says that whoever reads has left the range loop.
var errLeft = errors.New("left")

// Codes of notes.
const (
	NoDuration    = "no-scrape-duration" // "within" is not known
	NoHelp        = "no-metadata"        // units of fields with new names are not known
	ServerWarning = "server-warning"     // in the server's own words
	Rejected      = "rejected"           // lines of a page that made no sense
	Replicas      = "replicas"           // readings of a second server of the same target
)

// A reader is what is remembered from one window to the next.
type reader struct {
	Config
	client
	selectors []string
	helps     map[string]string // of families, "" if there is none
	noHelp    bool              // the server has no metadata
	targets   map[targetKey]*target
	replicas  replicas
	told      map[string]bool
	notes     []*record.Note // that wait to be yielded
}

func newReader(c Config) (*reader, error) {
	if c.Window == 0 {
		c.Window = DefaultWindow
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxSamples == 0 {
		c.MaxSamples = DefaultMaxSamples
	}
	if c.MaxAnswer == 0 {
		c.MaxAnswer = DefaultMaxAnswer
	}
	switch {
	case c.Window < time.Millisecond || c.Timeout < 0 || c.MaxSamples < 0 || c.MaxAnswer < 0:
		return nil, errors.New("a window of less than 1ms, or a negative timeout or limit")
	case c.Until < c.Since:
		return nil, errors.New("the end lies before the beginning")
	}
	r := &reader{Config: c, helps: map[string]string{}, targets: map[targetKey]*target{}, told: map[string]bool{}}
	for _, m := range c.Match {
		s, err := selector(m)
		if err != nil {
			return nil, err
		}
		r.selectors = append(r.selectors, s)
	}
	if len(r.selectors) == 0 {
		r.selectors = []string{"{" + gpuNames + "}"}
	}
	var err error
	r.client, err = newClient(c)
	return r, err
}

// note keeps a note to be yielded before the next page; once for each key.
func (r *reader) note(key, level, code, message string) {
	const most = 100 // kinds of notes, lest a server's words fill the memory
	if r.told[key] || len(r.told) >= most {
		return
	}
	r.told[key] = true
	r.notes = append(r.notes, &record.Note{Level: level, Code: code, Message: message, Source: r.name})
}
