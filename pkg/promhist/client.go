package promhist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A client asks the API of one server.
type client struct {
	base      url.URL // with the path before /api/v1
	user      *url.Userinfo
	name      string // without credentials
	http      *http.Client
	authorize func(*http.Request) error
	timeout   time.Duration
	maxAnswer int64
}

// A ServerError is an error in the server's own words.
type ServerError struct {
	Status  int
	Type    string // the API's errorType
	Message string
	After   time.Duration // Retry-After, 0 if there was none
}

func (e *ServerError) Error() string {
	s := "HTTP " + strconv.Itoa(e.Status)
	if e.Type != "" {
		s += " " + e.Type
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// tooMuch tells that a smaller window might be answered.
func (e *ServerError) tooMuch() bool {
	switch e.Status {
	case http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusGatewayTimeout:
		return true
	}
	// Limits of those behind a gateway come as 400, 429 or 500 and in words.
	m := strings.ToLower(e.Message)
	return e.Type == "timeout" || e.Type == "canceled" ||
		strings.Contains(m, "too many samples") || strings.Contains(m, "too large") ||
		strings.Contains(m, "exceed") && !strings.Contains(m, "rate limit")
}

// mayPass tells that the same request might be answered later.
func (e *ServerError) mayPass() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// Name is the URL of a server as records have it: without credentials, query
// and the path of the API. The error does not show credentials either.
func Name(server string) (string, error) {
	u, err := parseURL(server)
	if err != nil {
		return "", err
	}
	u.User = nil
	return u.String(), nil
}

func parseURL(server string) (*url.URL, error) {
	shown := server
	if i := strings.LastIndexByte(server, '@'); i >= 0 {
		shown = "…" + server[i:]
	}
	if !strings.Contains(server, "://") {
		if shown != server {
			return nil, fmt.Errorf("server %q: credentials need the scheme before them, http:// or https://", shown)
		}
		server = "http://" + server
	}
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, fmt.Errorf("server %q is not a URL", shown)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("server %q: scheme %q is neither http nor https", shown, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("server %q has no host", shown)
	case u.RawQuery != "":
		return nil, fmt.Errorf("server %q has a query; only what stands before /api/v1 is needed", u.Redacted())
	}
	u.Fragment, u.RawPath = "", ""
	u.Path = strings.TrimRight(u.Path, "/")
	for _, end := range []string{"/query", "/api/v1"} { // copied from where the API was tried
		u.Path = strings.TrimSuffix(u.Path, end)
	}
	return u, nil
}

func newClient(c Config) (client, error) {
	u, err := parseURL(c.URL)
	if err != nil {
		return client{}, err
	}
	user := u.User
	u.User = nil
	return client{base: *u, user: user, name: u.String(), authorize: c.Authorize, timeout: c.Timeout, maxAnswer: c.MaxAnswer,
		http: &http.Client{Transport: c.Transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if req.URL.Host != via[0].URL.Host || len(via) > 3 {
				return http.ErrUseLastResponse // credentials stay with who was named
			}
			return nil
		}}}, nil
}

// longest is the longest query that is sent in a URL; others are posted, which
// some gateways do not let through.
const longest = 4 << 10

func (c *client) request(ctx context.Context, path string, args url.Values) (*http.Request, error) {
	u := c.base
	u.Path += "/api/v1/" + path
	query := args.Encode()
	var req *http.Request
	var err error
	if len(query) <= longest {
		u.RawQuery = query
		req, err = http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	} else {
		req, err = http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(query))
	}
	if err != nil {
		return nil, err
	}
	if req.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "aiperf-scrape")
	if c.user != nil {
		password, _ := c.user.Password()
		req.SetBasicAuth(c.user.Username(), password)
	}
	if c.authorize != nil {
		err = c.authorize(req)
	}
	return req, err
}

// errSlow is the cause of a request that took longer than its timeout.
var errSlow = errors.New("no whole answer in time")

// ask sends one request and gives the body of an answer to read. It is the
// caller's words what an answer with an error says: an answer of JSON goes to
// read whatever its status.
func (c *client) ask(ctx context.Context, path string, args url.Values, read func(status int, body io.Reader) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errSlow)
	defer cancel()
	req, err := c.request(ctx, path, args)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.explain(ctx, err)
	}
	defer resp.Body.Close()
	body := &counted{r: io.LimitReader(resp.Body, c.maxAnswer+1), most: c.maxAnswer}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/json" && (resp.StatusCode/100 != 2 || kind == "text/html") {
		text, _ := io.ReadAll(io.LimitReader(body, 300))
		e := &ServerError{Status: resp.StatusCode, Message: firstLine(text)}
		if kind == "text/html" {
			e.Message = "the answer is a page, not one of the Prometheus API; is a path missing before /api/v1?"
		}
		e.After = retryAfter(resp)
		return e
	}
	err = read(resp.StatusCode, body)
	var s *ServerError
	if errors.As(err, &s) {
		s.After = retryAfter(resp)
		return err
	}
	return c.explain(ctx, err)
}

// explain makes an error that shows no credentials and tells a timeout.
func (c *client) explain(ctx context.Context, err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		return fmt.Errorf("%w (%v)", errSlow, c.timeout)
	}
	return err
}

func retryAfter(resp *http.Response) time.Duration {
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(min(s, 60)) * time.Second
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return strings.ToValidUTF8(line, "�")
}

type counted struct {
	r    io.Reader
	most int64
	read int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += int64(n)
	if c.read > c.most {
		return n, errTooMuch
	}
	return n, err
}

// raw asks for the samples of a selector with from ≤ time < to, both in
// milliseconds.
func (c *client) raw(ctx context.Context, selector string, from, to int64, most int, take func(series) error) (warnings []string, err error) {
	args := url.Values{
		"query": {fmt.Sprintf("%s[%dms]", selector, to-from)},
		"time":  {fmt.Sprintf("%d.%03d", (to-1)/1000, (to-1)%1000)},
	}
	err = c.ask(ctx, "query", args, func(status int, body io.Reader) error {
		// Prometheus 2 includes the range's lower end, Prometheus 3 does not.
		a, err := parseAnswer(body, most, func(s series) error {
			for len(s.points) > 0 && s.points[0].ms < from {
				s.points = s.points[1:]
			}
			for n := len(s.points); n > 0 && s.points[n-1].ms >= to; n-- {
				s.points = s.points[:n-1]
			}
			if len(s.points) == 0 {
				return nil
			}
			return take(s)
		})
		warnings = a.warnings
		return a.judge(status, err)
	})
	return warnings, err
}

// judge makes an error of an answer that tells one.
func (a answer) judge(status int, err error) error {
	switch {
	case a.status == "error", status/100 != 2:
		if a.error == "" && err != nil {
			a.error = err.Error()
		}
		return &ServerError{Status: status, Type: a.errorType, Message: firstLine([]byte(a.error))}
	case err != nil:
		return err
	case a.status != "success":
		return malformed("its status is %q", a.status)
	}
	return nil
}

// help asks for the HELP of a family; "" if targets differ in it, or nobody
// knows.
func (c *client) help(ctx context.Context, family string) (help string, err error) {
	err = c.ask(ctx, "metadata", url.Values{"metric": {family}}, func(status int, body io.Reader) error {
		var a struct {
			Status, ErrorType, Error string
			Data                     map[string][]struct{ Help string }
		}
		if err := json.NewDecoder(body).Decode(&a); err != nil {
			return (answer{}).judge(status, &AnswerError{err})
		}
		for i, m := range a.Data[family] {
			if i > 0 && m.Help != help {
				help = ""
				break
			}
			help = m.Help
		}
		return answer{status: a.Status, errorType: a.ErrorType, error: a.Error}.judge(status, nil)
	})
	return help, err
}
