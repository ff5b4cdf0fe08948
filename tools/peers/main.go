// Peers are the least that a client can do, to measure aiperf-load against,
// and a wrapper that measures any client.
//
//	peers http [flags]                    a loop over net/http
//	peers raw [flags]                     a loop over plain sockets
//	peers tick [flags]                    a loop that sleeps until each instant is due
//	peers measure [-o FILE] command…      run a command; CPU time and memory of its whole tree of processes
//	peers compare DIR NAME…               the table of what was measured
package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "peers: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: peers http|raw|tick|measure|compare [argument...]")
	}
	switch args[0] {
	case "http":
		return clients(args, runHTTP)
	case "raw":
		return clients(args, runRaw)
	case "tick":
		return tick(args[1:])
	case "measure":
		return measure(args[1:])
	case "compare":
		return compare(args[1:])
	}
	return fmt.Errorf("there is no peer %q", args[0])
}

// A job is what the clients have to do.
type job struct {
	url     *url.URL
	body    []byte
	name    string // request n has the id NAME-n
	streams int
	count   int64
	out     string

	next atomic.Int64
}

// take gives the number of a request that nobody has sent yet.
func (j *job) take() (int64, bool) {
	n := j.next.Add(1) - 1
	return n, n < j.count
}

func (j *job) id(n int64) string { return fmt.Sprintf("%s-%d", j.name, n) }

func clients(args []string, run func(*job) error) error {
	var j job
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	base := f.String("u", "http://127.0.0.1:8000", "`URL` of the server")
	words := f.Int("isl", 10, "`words` of the prompt")
	tokens := f.Int("osl", 10, "`tokens` of the answer")
	stream := f.Bool("streaming", false, "ask for a stream")
	f.IntVar(&j.streams, "concurrency", 1, "`requests` in flight")
	f.Int64Var(&j.count, "request-count", 10, "`requests` to send")
	f.StringVar(&j.name, "name", args[0], "`name` before the number in a request's id")
	f.StringVar(&j.out, "o", "", "write when each event arrived to `FILE` (raw only)")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	u, err := url.Parse(*base)
	if err != nil {
		return err
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/v1/chat/completions"
	j.url = u
	ask := ""
	if *stream {
		ask = `,"stream":true,"stream_options":{"include_usage":true}`
	}
	j.body = fmt.Appendf(nil, `{"model":"m","messages":[{"role":"user","content":"%s"}],"max_completion_tokens":%d%s}`,
		strings.TrimSpace(strings.Repeat("river ", *words)), *tokens, ask)
	return run(&j)
}

// all runs as many workers as there may be requests in flight. The first error
// is that of all.
func (j *job) all(work func() error) error {
	var once sync.Once
	var first error
	var wg sync.WaitGroup
	for range j.streams {
		wg.Go(func() {
			if err := work(); err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	wg.Wait()
	return first
}
