package load

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"aiperf/pkg/wire"
)

// An UnreachableError is a server that does not take connections.
type UnreachableError struct {
	URL string // without credentials
	Err error
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("connect to %s: %v", e.URL, e.Err) }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Reach connects to each of the target's servers once and gives the first
// error, an [*UnreachableError]. It spares a run that could only fail. A server
// behind a proxy is not tried.
func (t Target) Reach(ctx context.Context, limit time.Duration) error {
	for _, where := range t.URLs {
		u, err := url.Parse(where)
		if err != nil {
			return err
		}
		if p, err := t.proxy(u); p != nil || err != nil {
			continue
		}
		c, _, err := wire.Dialer{Dial: t.Dial, Timeout: limit}.Open(ctx, addr(u))
		if err != nil {
			return &UnreachableError{shown(u), err}
		}
		c.Close()
	}
	return nil
}
