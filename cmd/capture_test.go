package cmd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// captured is the answer to every request.
const captured = `{"choices":[{"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}`

// cmdCapture starts a server that writes what it is sent to a file: a line with
// the method and the target as it came, a line for each header, in order, and
// the body. Its URL is in $NAME. Every request is answered as chat is, so it
// also does for a proxy.
func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || !simName.MatchString(args[0]) {
		ts.Fatalf("usage: capture NAME FILE")
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var lines []string
		for name, values := range r.Header {
			lines = append(lines, name+": "+strings.Join(values, ", ")+"\n")
		}
		slices.Sort(lines)
		mu.Lock()
		fmt.Fprintf(f, "%s %s\nHost: %s\n%s%s\n", r.Method, r.RequestURI, r.Host, strings.Join(lines, ""), body)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, captured)
	}))
	ts.Defer(func() {
		srv.Close()
		f.Close()
	})
	ts.Setenv(args[0], srv.URL)
}

// cmdFreePort puts the number of a port into $NAME at which nobody listens yet.
func cmdFreePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || !simName.MatchString(args[0]) {
		ts.Fatalf("usage: freeport NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ts.Check(l.Close())
	ts.Setenv(args[0], port)
}

// cmdSoon puts the instant that is so many seconds away into $NAME, and in Unix
// seconds into $NAME_UNIX. It is a whole second.
func cmdSoon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || !simName.MatchString(args[0]) {
		ts.Fatalf("usage: soon NAME SECONDS")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	t := time.Now().Add(time.Duration(n) * time.Second).Truncate(time.Second)
	ts.Setenv(args[0], t.UTC().Format("2006-01-02T15:04:05"))
	ts.Setenv(args[0]+"_UNIX", strconv.FormatInt(t.Unix(), 10))
}
