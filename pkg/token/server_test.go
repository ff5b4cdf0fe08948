package token

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A fakeTokenizer answers POST /tokenize as one of the two kinds of servers does.
type fakeTokenizer struct {
	tok      *Tokenizer
	llamaCPP bool
	spell    bool // it can spell out tokens
	requests atomic.Int64
	headers  atomic.Pointer[http.Header]
}

func (f *fakeTokenizer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests.Add(1)
	f.headers.Store(&r.Header)
	var q struct {
		Model, Prompt, Content string
		AddSpecialTokens       *bool `json:"add_special_tokens"`
		AddSpecial             *bool `json:"add_special"`
		ReturnTokenStrs        bool  `json:"return_token_strs"`
		WithPieces             bool  `json:"with_pieces"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost || r.URL.Path != "/tokenize" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	text, special := q.Prompt, q.AddSpecialTokens
	if f.llamaCPP {
		text, special = q.Content, q.AddSpecial
	} else if q.Model != "acme/tiny" {
		http.Error(w, "the model does not exist", http.StatusNotFound)
		return
	}
	ids, err := f.tok.Encode(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if special == nil || *special {
		if !f.llamaCPP || special != nil {
			ids = append([]int{1}, ids...) // the start of a text, unasked
		}
	}
	reply := map[string]any{"tokens": ids}
	if !f.llamaCPP {
		reply["count"], reply["max_model_len"] = len(ids), 4096
	}
	if f.spell && (q.ReturnTokenStrs || q.WithPieces) {
		f.spellOut(reply, ids)
	}
	_ = json.NewEncoder(w).Encode(reply)
}

// spellOut adds the spellings of tokens of the variant qwen.
func (f *fakeTokenizer) spellOut(reply map[string]any, ids []int) {
	var models map[string]struct{ Vocab map[string]int }
	b := variantModels()
	_ = json.Unmarshal(b, &models)
	names := map[int]string{}
	for name, id := range models["bytes"].Vocab {
		names[id] = name
	}
	var strs []string
	var objects []map[string]any
	for _, id := range ids {
		strs = append(strs, names[id])
		objects = append(objects, map[string]any{"id": id, "piece": strings.ReplaceAll(names[id], "Ġ", " ")})
	}
	if f.llamaCPP {
		reply["tokens"] = objects
	} else {
		reply["token_strs"] = strs
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why             string
		llamaCPP, spell bool
		most            int64 // requests at construction
	}{
		{"vLLM", false, true, 30},
		{"an older vLLM without token_strs", false, false, 64},
		{"llama.cpp", true, true, 30},
		{"an older llama.cpp without pieces", true, false, 64},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			local := readVariant(t, "qwen")
			if !c.spell { // without spellings, most words must be one token
				local = builtin(t)
			}
			fake := &fakeTokenizer{tok: local, llamaCPP: c.llamaCPP, spell: c.spell}
			srv := httptest.NewServer(fake)
			defer srv.Close()
			s := Server{URL: strings.Replace(srv.URL, "://", "://me:secret@", 1) + "/v1/", Model: "acme/tiny", Header: http.Header{"X-Team": {"blue"}}, Client: srv.Client()}
			tok, err := s.Tokenizer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			asked := fake.requests.Load()
			if asked > c.most {
				t.Errorf("%d requests at construction, want at most %d", asked, c.most)
			}
			t.Logf("%d requests, %d words, %d at the start", asked, len(tok.words.rest), len(tok.words.first))
			if h := *fake.headers.Load(); h.Get("X-Team") != "blue" || !strings.HasPrefix(h.Get("Authorization"), "Basic ") {
				t.Errorf("headers %v: want the team and the user", h)
			}
			if strings.Contains(tok.Name(), "secret") {
				t.Errorf("the name %s has the password", tok.Name())
			}
			rng := rand.New(rand.NewPCG(5, 6))
			for _, n := range []int{1, 2, 300} {
				if got := count(t, local, makeText(t, tok, n, rng)); got != n {
					t.Errorf("Text(%d) has %d tokens", n, got)
				}
			}
			if fake.requests.Load() != asked {
				t.Error("Text sent requests")
			}
			const text = "Hello, 世界! <|im_end|>"
			want, _ := local.Encode(text)
			got, err := tok.Encode(text)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("Encode: %v, mismatch (-want +got):\n%s", err, diff)
			}
			if n := count(t, tok, text); n != len(want) {
				t.Errorf("Count = %d, want %d", n, len(want))
			}
		})
	}
}

func TestServerErrors(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for _, c := range []struct {
		why     string
		handler http.Handler
		want    string
	}{
		{"no such path", answer(404, "page not found"), `404 Not Found: "page not found"`},
		{"neither kind", answer(200, `{"ok":true}`), "neither a count"},
		{"no JSON", answer(200, "<html>"), "invalid character"},
		{"a negative count", answer(200, `{"count":-1,"tokens":[]}`), "a count of -1"},
		{"tokens that are none", answer(200, `{"count":1,"tokens":"x"}`), "cannot unmarshal"},
		{"an endless answer", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 1<<14)); err != nil {
					return
				}
			}
		}), "longer than"},
		{"a long word of thanks", answer(500, strings.Repeat("x", 10_000)), "500"},
	} {
		srv := httptest.NewServer(c.handler)
		_, err := Server{URL: strings.Replace(srv.URL, "://", "://me:secret@", 1) + "?key=secret", Client: srv.Client()}.Tokenizer(t.Context())
		srv.Close()
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 2000:
			t.Errorf("%s: %.500v, want %q", c.why, err, c.want)
		case !strings.Contains(err.Error(), srv.URL+"/tokenize") || strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: %v: want the address without what is secret", c.why, err)
		}
	}
}

func TestServerAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, url string }{
		{"no scheme", "localhost:8000"},
		{"another scheme", "ftp://localhost"},
		{"no host", "http:///x"},
		{"no address", "http://me:secret@local host:%zz"},
		{"nothing", ""},
	} {
		_, err := Server{URL: c.url}.Tokenizer(t.Context())
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want an error without what is secret", c.why, err)
		}
	}
}

func TestServerIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	_, err := Server{URL: srv.URL, Client: srv.Client(), Timeout: time.Millisecond}.Tokenizer(t.Context())
	if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("a server that does not answer: %v, want its deadline", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Server{URL: srv.URL, Client: srv.Client()}).Tokenizer(ctx); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("a context that has ended: %v", err)
	}
}
