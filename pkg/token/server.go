package token

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Server is an inference server that tokenizes by POST /tokenize, as vLLM and
// llama.cpp do.
type Server struct {
	URL     string        // its address; a path /v1 at the end is left out, as /tokenize is beside it
	Model   string        // the model to name; llama.cpp needs none
	Header  http.Header   // sent with each request, such as Authorization
	Client  *http.Client  // nil: http.DefaultClient
	Timeout time.Duration // of each request; 0: 30 seconds
}

// Tokenizer asks the server which kind it is and which words are one token each:
// some 20 requests, or up to 64 if it does not spell out tokens. After that, Count
// and Encode cost one request each, and Text none. All requests end with ctx, also
// those of later calls. Errors name the address without its user and password.
func (s Server) Tokenizer(ctx context.Context) (*Tokenizer, error) {
	c, err := s.client(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{name: c.shown, encoder: c}
	all := strings.Fields(words)
	r, err := c.recognize(strings.Join(all, " "))
	if err != nil {
		return nil, fmt.Errorf("ask %s for its tokenizer: %w", c.shown, err)
	}
	if t.words, err = c.words(all, r); err != nil {
		return nil, fmt.Errorf("ask %s for words of one token: %w", c.shown, err)
	}
	return t, nil
}

func (s Server) client(ctx context.Context) (*tokenizeClient, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) { // its text has the address, perhaps with a password
			err = bad.Err
		}
		return nil, fmt.Errorf("parse the address of a tokenizer's server: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the address of a tokenizer's server must be http://HOST… or https://HOST…")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1") + "/tokenize"
	u.RawPath, u.Fragment = "", ""
	shown := *u
	shown.User, shown.RawQuery = nil, ""
	c := &tokenizeClient{ctx: ctx, server: s, url: u.String(), shown: shown.String()}
	if c.server.Client == nil {
		c.server.Client = http.DefaultClient
	}
	if c.server.Timeout == 0 {
		c.server.Timeout = 30 * time.Second
	}
	return c, nil
}

// tokenizeClient is an encoder that asks a server.
type tokenizeClient struct {
	ctx      context.Context // of all requests: an encoder has no other
	server   Server
	url      string
	shown    string // url without credentials
	llamaCPP bool   // else vLLM
}

// tokenizeReply is what either server answers; llama.cpp has no count.
type tokenizeReply struct {
	Count     *int            `json:"count"`
	Tokens    json.RawMessage `json:"tokens"`
	TokenStrs []string        `json:"token_strs"`

	ids    []int
	pieces []string // the tokens' spellings, if they were asked for and given
}

// body is the request: vLLM's, or llama.cpp's.
func (c *tokenizeClient) body(text string, pieces bool) any {
	if c.llamaCPP {
		return struct {
			Content    string `json:"content"`
			AddSpecial bool   `json:"add_special"`
			WithPieces bool   `json:"with_pieces,omitempty"`
		}{text, false, pieces}
	}
	return struct {
		Model            string `json:"model,omitempty"`
		Prompt           string `json:"prompt"`
		AddSpecialTokens bool   `json:"add_special_tokens"`
		ReturnTokenStrs  bool   `json:"return_token_strs,omitempty"`
	}{c.server.Model, text, false, pieces}
}

// ask sends one request.
func (c *tokenizeClient) ask(text string, pieces bool) (*tokenizeReply, error) {
	body, err := json.Marshal(c.body(text, pieces))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.server.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, c.server.Header)
	req.Header.Set("Content-Type", "application/json")
	// Nothing changes at the server, so net/http may send it again when a kept
	// connection turns out to be closed. Nil: the header itself is not sent.
	req.Header["Idempotency-Key"] = nil
	resp, err := c.server.Client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text has the address with its user
			err = wrapped.Err
		}
		return nil, fmt.Errorf("send a text: %w", err)
	}
	defer resp.Body.Close()
	// A token's number takes less than 16 bytes, its spelling about that, and no
	// text has more than a few tokens for each byte.
	limit := int64(1<<20 + 128*len(text))
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %s: %.200q", resp.Status, b)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("its answer is longer than %d bytes", limit)
	}
	r, err := parseReply(b)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return r, nil
}

// parseReply reads the tokens: numbers, or objects with id and piece.
func parseReply(b []byte) (*tokenizeReply, error) {
	var r tokenizeReply
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	if r.Count != nil && *r.Count < 0 {
		return nil, fmt.Errorf("a count of %d", *r.Count)
	}
	if isNull(r.Tokens) {
		return &r, nil
	}
	var objects []struct {
		ID    int             `json:"id"`
		Piece json.RawMessage `json:"piece"`
	}
	if err := json.Unmarshal(r.Tokens, &r.ids); err != nil {
		r.ids = nil
		if json.Unmarshal(r.Tokens, &objects) != nil {
			return nil, err
		}
	}
	for _, o := range objects {
		var piece string // bytes that are not UTF-8 come as a list of numbers: no word
		_ = json.Unmarshal(o.Piece, &piece)
		r.ids = append(r.ids, o.ID)
		r.pieces = append(r.pieces, piece)
	}
	for _, s := range r.TokenStrs {
		r.pieces = append(r.pieces, strings.NewReplacer("Ġ", " ", "▁", " ").Replace(s))
	}
	return &r, nil
}

// recognize finds out which of the two the server is: llama.cpp's answer has no
// count, and it does not know a prompt.
func (c *tokenizeClient) recognize(text string) (*tokenizeReply, error) {
	r, vllm := c.ask(text, true)
	if vllm == nil && r.Count != nil {
		return r, nil
	}
	if c.ctx.Err() != nil {
		return nil, vllm
	}
	c.llamaCPP = true
	r, err := c.ask(text, true)
	switch {
	case err != nil && vllm != nil:
		return nil, fmt.Errorf("as vLLM: %w; as llama.cpp: %w", vllm, err)
	case err != nil:
		return nil, err
	case len(r.ids) == 0:
		return nil, errors.New("its answers have neither a count, as vLLM's have, nor tokens, as llama.cpp's have")
	}
	return r, nil
}

func (c *tokenizeClient) count(text string) (int, error) {
	r, err := c.ask(text, false)
	if err != nil {
		return 0, err
	}
	return c.tokens(r)
}

// tokens is the number of tokens of an answer.
func (c *tokenizeClient) tokens(r *tokenizeReply) (int, error) {
	switch {
	case c.llamaCPP && !isNull(r.Tokens):
		return len(r.ids), nil
	case !c.llamaCPP && r.Count != nil:
		return *r.Count, nil
	}
	return 0, errors.New("its answer has no count of tokens any more")
}

func (c *tokenizeClient) encode(text string) ([]int, error) {
	r, err := c.ask(text, false)
	if err != nil {
		return nil, err
	}
	n, err := c.tokens(r)
	if err == nil && n != len(r.ids) {
		err = fmt.Errorf("its answer has %d tokens and a count of %d", len(r.ids), n)
	}
	return r.ids, err
}
