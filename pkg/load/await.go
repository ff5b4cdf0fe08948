package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
)

// A Wait is waiting for a model server to be ready.
type Wait struct {
	Timeout   time.Duration // 0 does not wait
	Interval  time.Duration // between two probes of a server
	Models    []string      // URLs of lists of models, in which the target's must be; empty asks none
	Inference bool          // ask for a token too
}

// Await probes the target's servers until all are ready, one after another. The
// error tells what the last probe found.
func (t Target) Await(ctx context.Context, w Wait) error {
	if w.Timeout <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	tr := &http.Transport{Proxy: func(r *http.Request) (*url.URL, error) { return t.proxy(r.URL) }, DialContext: t.Dial, TLSClientConfig: t.TLS.Clone()}
	if t.HTTP2 {
		tr = newHTTP2(t)
	}
	defer tr.CloseIdleConnections()
	// Redirections are not followed, as they are not later; and other hosts get no
	// header with a key in it.
	client := &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i, where := range t.URLs {
		var found error
		for {
			err := t.probe(ctx, client, where, i, w)
			if err == nil {
				break
			}
			if found == nil || ctx.Err() == nil { // one that was broken off found nothing
				found = err
			}
			if !pause(ctx, w.Interval) {
				if ctx.Err() == context.DeadlineExceeded {
					return fmt.Errorf("wait for the model: not ready after %v: %w", w.Timeout, found)
				}
				return fmt.Errorf("wait for the model: interrupted: %w", found)
			}
		}
	}
	return nil
}

func (t Target) probe(ctx context.Context, client *http.Client, where string, i int, w Wait) error {
	if i < len(w.Models) {
		body, err := t.fetch(ctx, client, http.MethodGet, w.Models[i], nil)
		if err != nil {
			return err
		}
		if err := listed(body, t.Options.Model); err != nil {
			return err
		}
	}
	if !w.Inference {
		return nil
	}
	o := t.Options
	o.Streaming = false
	ask := openai.Ask{Turn: prompt.Turn{Messages: []prompt.Message{{Role: "user", Content: "Hi"}}, Texts: []string{"Hi"}, Query: "Hi", Out: new(1)}}
	body, err := t.Endpoint.Body(nil, ask, o)
	if err != nil {
		return err
	}
	_, err = t.fetch(ctx, client, http.MethodPost, where, body)
	return err
}

// listed tells whether a list of models has a model in it.
func listed(body []byte, model string) error {
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return fmt.Errorf("read the list of models: %w", err)
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	if !slices.Contains(names, model) {
		return fmt.Errorf("the server has the models %q and not %q", names, model)
	}
	return nil
}

// fetch gives the body of a successful answer.
func (t Target) fetch(ctx context.Context, web *http.Client, method, where string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = fields(t)
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := web.Do(req)
	if err != nil {
		return nil, unwrapURL(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		shown := client{secrets: secrets(req.Header)}
		return nil, fmt.Errorf("HTTP %d: %s", resp.StatusCode, shown.discreet(openai.Message(answer)))
	}
	return answer, nil
}
