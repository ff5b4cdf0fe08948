package scrape

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// A Source is one page to visit.
type Source struct {
	// Name is the URL without credentials, which is what records call the
	// source.
	Name string
	// Optional sources need not exist: that one is unreachable is told as
	// information, not as a warning.
	Optional bool

	url string // with credentials
}

// defaultPort is dcgm-exporter's.
const defaultPort = "9400"

// defaults are where an exporter is looked for without being asked: the port of
// dcgm-exporter, and the next one, where inference servers' images put it.
var defaults = []string{"http://localhost:9400/metrics", "http://localhost:9401/metrics"}

// Sources makes sources of URLs, each as [ParseSource] takes it, and adds the
// two default ones if asked to. Repeated ones are left out.
func Sources(urls []string, withDefaults bool) ([]Source, error) {
	var list []Source
	add := func(u string, optional bool) error {
		s, err := ParseSource(u)
		if err != nil {
			return err
		}
		s.Optional = optional
		if !slices.ContainsFunc(list, func(o Source) bool { return o.Name == s.Name }) {
			list = append(list, s)
		}
		return nil
	}
	for _, u := range urls {
		if err := add(u, false); err != nil {
			return nil, err
		}
	}
	if withDefaults {
		for _, u := range defaults {
			if err := add(u, true); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// ParseSource takes a URL, host:port or host. The scheme is http, the path
// /metrics and, for a mere host, the port 9400 unless they are given.
func ParseSource(s string) (Source, error) {
	shown := s
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		shown = "…" + s[i:] // whatever stands before it may be a password
	}
	full, bare := s, !strings.Contains(s, "://")
	if bare {
		full = "http://" + s
		if shown != s {
			// Nobody who hides the credentials of URLs would find these.
			return Source{}, fmt.Errorf("source %q: credentials need the scheme before them, http:// or https://", shown)
		}
	}
	u, err := url.Parse(full)
	switch {
	case err != nil:
		// url.Error would show the credentials.
		return Source{}, fmt.Errorf("source %q is not a URL", shown)
	case u.Scheme != "http" && u.Scheme != "https":
		return Source{}, fmt.Errorf("source %q: scheme %q is neither http nor https", shown, u.Scheme)
	case u.Hostname() == "":
		return Source{}, fmt.Errorf("source %q has no host", shown)
	}
	if bare && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), defaultPort)
	}
	u.Host = strings.ToLower(u.Host)
	u.Fragment = ""
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path == "" {
		u.Path = "/metrics"
	}
	u.RawPath = ""
	src := Source{url: u.String()}
	u.User = nil
	src.Name = u.String()
	return src, nil
}
