package scrape

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A Source is one page to visit.
type Source struct {
	// Name is the URL without credentials, which is what records call the
	// source.
	Name string
	// Optional sources need not exist: that one is unreachable is told as
	// information, not as a warning. They are sent no credentials, for nobody
	// named them.
	Optional bool
	// Server says that it is an inference server, whose page is of series rather
	// than of GPUs.
	Server bool
	// Labels are added to those of its readings. A label that the page itself
	// has stays as the page has it.
	Labels map[string]string

	url string // with credentials; of a Unix socket, with a host that stands for it
}

// same tells whether a visit of the one is a visit of the other.
func (s Source) same(o Source) bool {
	return s.url == o.url && s.Server == o.Server && s.Optional == o.Optional && maps.Equal(s.Labels, o.Labels)
}

// Ports that are meant by a mere host: dcgm-exporter's, and that of inference
// servers.
const (
	exporterPort = "9400"
	serverPort   = "8000"
)

// defaults are where an exporter is looked for without being asked: the port of
// dcgm-exporter, and the next one, where inference servers' images put it.
var defaults = []string{"http://localhost:9400/metrics", "http://localhost:9401/metrics"}

// Sources makes sources of URLs, each as [ParseSource] takes it, and adds the
// two default ones if asked to. Repeated ones are left out.
func Sources(urls []string, withDefaults bool) ([]Source, error) {
	var list []Source
	for _, u := range urls {
		s, err := ParseSource(u)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if withDefaults {
		for _, u := range defaults {
			s, err := ParseSource(u)
			if err != nil {
				return nil, err
			}
			s.Optional = true
			list = append(list, s)
		}
	}
	return unique(list), nil
}

// unique keeps the first source of each name.
func unique(list []Source) []Source {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s Source) bool {
		known := seen[s.Name]
		seen[s.Name] = true
		return known
	})
}

// ParseSource takes a URL, host:port or host of an exporter. The scheme is http,
// the path /metrics and, for a mere host, the port 9400 unless they are given.
// unix:///run/x.sock is a Unix socket, unix:///run/x.sock:/path one with a path
// other than /metrics.
func ParseSource(s string) (Source, error) {
	if socket, ok := strings.CutPrefix(s, "unix://"); ok {
		return parseSocket(s, socket)
	}
	u, err := parseURL(s, exporterPort)
	if err != nil {
		return Source{}, err
	}
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path == "" {
		u.Path = "/metrics"
	}
	return named(u), nil
}

// ParseServer takes the address of an inference server as ParseSource takes that
// of an exporter. A mere host means port 8000; a path that does not end in
// /metrics is that of the API, below which /metrics is looked for, /v1 aside.
func ParseServer(s string) (Source, error) {
	if socket, ok := strings.CutPrefix(s, "unix://"); ok {
		src, err := parseSocket(s, socket)
		src.Server = true
		return src, err
	}
	u, err := parseURL(s, serverPort)
	if err != nil {
		return Source{}, err
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if !strings.HasSuffix(u.Path, "/metrics") {
		u.Path = strings.TrimSuffix(u.Path, "/v1") + "/metrics"
	}
	src := named(u)
	src.Server = true
	return src, nil
}

// parseURL takes host, host:port or a URL.
func parseURL(s, port string) (*url.URL, error) {
	shown := s
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		shown = "…" + s[i:] // whatever stands before it may be a password
	}
	full, bare := s, !strings.Contains(s, "://")
	if bare {
		full = "http://" + s
		if shown != s {
			// Nobody who hides the credentials of URLs would find these.
			return nil, fmt.Errorf("source %q: credentials need the scheme before them, http:// or https://", shown)
		}
	}
	u, err := url.Parse(full)
	switch {
	case err != nil:
		// url.Error would show the credentials.
		return nil, fmt.Errorf("source %q is not a URL", shown)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("source %q: scheme %q is none of http, https and unix", shown, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("source %q has no host", shown)
	}
	if bare && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	u.Host = strings.ToLower(u.Host)
	if strings.HasSuffix(u.Hostname(), socketHost) {
		return nil, fmt.Errorf("source %q: no host is called so", shown)
	}
	u.Fragment, u.RawFragment, u.RawPath = "", "", ""
	return u, nil
}

// secretQuery are parameters that are credentials.
var secretQuery = regexp.MustCompile(`(?i)((?:^|&)[^=&]*(?:key|token|secret|password|signature)[^=&]*=)[^&]*`)

// named makes a source of a URL.
func named(u *url.URL) Source {
	src := Source{url: u.String()}
	u.User = nil
	u.RawQuery = secretQuery.ReplaceAllString(u.RawQuery, "${1}REDACTED")
	src.Name = u.String()
	return src
}

// socketHost ends the host that stands for a Unix socket in a URL. No name in
// the DNS ends so.
const socketHost = ".socket.invalid"

// parseSocket takes /run/x.sock or /run/x.sock:/path.
func parseSocket(shown, s string) (Source, error) {
	path, page := s, "/metrics"
	if i := strings.LastIndex(s, ":/"); i >= 0 {
		path, page = s[:i], s[i+1:]
	}
	if len(path) < 2 || path[0] != '/' {
		return Source{}, fmt.Errorf("source %q: a Unix socket is unix:///path/to.sock or unix:///path/to.sock:/metrics", shown)
	}
	u := url.URL{Scheme: "http", Host: hex.EncodeToString([]byte(path)) + socketHost}
	page, u.RawQuery, _ = strings.Cut(page, "?")
	if u.Path = strings.TrimRight(page, "/"); u.Path == "" {
		u.Path = "/metrics"
	}
	src := named(&u)
	src.Name = "unix://" + path + ":" + u.Path
	if u.RawQuery != "" {
		src.Name += "?" + u.RawQuery
	}
	return src, nil
}

// socketPath is the Unix socket that a host stands for; false if it is a host.
func socketPath(host string) (string, bool) {
	name, ok := strings.CutSuffix(host, socketHost)
	if !ok {
		return "", false
	}
	path, err := hex.DecodeString(name)
	return string(path), err == nil
}

// errTooMany bounds what a file can make of a run.
var errTooMany = errors.New("more than 100000 sources")

const mostSources = 100_000
