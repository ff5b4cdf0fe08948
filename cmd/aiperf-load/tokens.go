package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"
	"aiperf/pkg/token"

	"github.com/spf13/pflag"
)

// tokenFlags say what counts tokens.
type tokenFlags struct{ tokenizer string }

func (t *tokenFlags) register(f *pflag.FlagSet) {
	f.StringVar(&t.tokenizer, "tokenizer", "", "what counts tokens and makes prompts of so many: builtin (o200k_base, the default), a tokenizer.json or its directory, the `NAME` of a model in the Hugging Face cache, or server (its /tokenize). If it is given, it counts answers without usage too")
}

// tokenizer loads what --tokenizer names.
func (o *options) tokenizer(ctx context.Context, target load.Target) (*token.Tokenizer, error) {
	name := o.tokens.tokenizer
	switch {
	case name == "" || name == "builtin":
		return token.Builtin()
	case name == "server":
		return o.serverTokenizer(ctx, target)
	}
	if path, ok := local(name); ok {
		return o.readTokenizer(path, name)
	}
	cache := cacheDir(o.env.Getenv)
	path, err := token.Find(os.DirFS(cache), name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, cli.Usagef("--tokenizer %q: %w", name, err)
		}
		return nil, cli.Hint(cli.Usagef("--tokenizer %q is neither a file nor a directory, nor a model in the cache %s", name, cache),
			"huggingface-cli download %s tokenizer.json fetches it; --tokenizer builtin needs nothing", name)
	}
	return o.readTokenizer(filepath.Join(cache, filepath.FromSlash(path)), name)
}

// local tells whether a name is that of a tokenizer.json, or of a directory that
// has one.
func local(name string) (path string, ok bool) {
	for _, path := range []string{name, filepath.Join(name, "tokenizer.json")} {
		if s, err := os.Stat(path); err == nil && !s.IsDir() {
			return path, true
		}
	}
	return "", false
}

func (o *options) readTokenizer(path, name string) (*token.Tokenizer, error) {
	f, err := o.env.Open(path)
	if err != nil {
		return nil, cli.Usagef("--tokenizer: %w", err)
	}
	defer f.Close()
	t, err := token.Read(f, name)
	if err != nil {
		return nil, cli.Usagef("--tokenizer %q: %w", path, err)
	}
	return t, nil
}

// cacheDir is where Hugging Face's tools keep what they have downloaded.
func cacheDir(getenv func(string) string) string {
	if dir := getenv("HF_HUB_CACHE"); dir != "" {
		return dir
	}
	if dir := getenv("HF_HOME"); dir != "" {
		return filepath.Join(dir, "hub")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(home, ".cache", "huggingface", "hub")
}

func (o *options) serverTokenizer(ctx context.Context, target load.Target) (*token.Tokenizer, error) {
	where, query, _ := strings.Cut(target.Endpoint.URL(o.server.urls[0], "/tokenize"), "?")
	if where = strings.TrimSuffix(where, "/tokenize"); query != "" {
		where += "?" + query
	}
	t, err := token.Server{
		URL: where, Model: target.Options.Model, Header: target.Header,
		Client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: target.TLS.Clone()}},
	}.Tokenizer(ctx)
	if err != nil {
		return nil, fmt.Errorf("--tokenizer server: %w", err)
	}
	return t, nil
}
