package cli

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "REDACTED"

var userinfo = regexp.MustCompile(`(://)[^/@\s]*@`)

// secretHeaders are HTTP headers whose values are credentials.
var secretHeaders = regexp.MustCompile(`(?i)authorization|api-?key|token|secret|cookie|password`)

// Redact is a copy of args in which the values of the given long flags, of
// headers that carry credentials (-H, --header) and the user part of URLs are
// hidden. shorts are the one-letter forms of secret flags.
func Redact(args []string, secret ...string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		out[i] = RedactURL(a)
		name, value, joined := flagOf(a)
		if name == "" {
			continue
		}
		if !joined && i+1 < len(out) {
			value = out[i+1]
		}
		switch {
		case slices.Contains(secret, name):
			value = hidden
		case name == "header" || name == "H":
			value = RedactHeader(value)
		default:
			continue
		}
		switch {
		case joined && strings.HasPrefix(a, "--"):
			out[i] = "--" + name + "=" + value
		case joined:
			out[i] = "-" + name + value
		case i+1 < len(out):
			out[i+1] = value
			args = out // the loop ranges over out, so the next turn sees the hidden value
		}
	}
	return out
}

// flagOf splits "--name=value" and "-Nvalue".
func flagOf(a string) (name, value string, joined bool) {
	if long, ok := strings.CutPrefix(a, "--"); ok {
		return strings3(strings.Cut(long, "="))
	}
	if len(a) >= 2 && a[0] == '-' {
		return a[1:2], strings.TrimPrefix(a[2:], "="), len(a) > 2
	}
	return "", "", false
}

func strings3(a, b string, ok bool) (string, string, bool) { return a, b, ok }

// RedactHeader hides the value of a "Name: value" that carries a credential.
func RedactHeader(h string) string {
	name, _, ok := strings.Cut(h, ":")
	if ok && secretHeaders.MatchString(name) {
		return name + ": " + hidden
	}
	return h
}

// RedactURL hides user and password of every URL in s.
func RedactURL(s string) string {
	if u, err := url.Parse(s); err == nil && u.User != nil && u.Scheme != "" {
		u.User = url.User(hidden)
		return u.String()
	}
	return userinfo.ReplaceAllString(s, "${1}"+hidden+"@")
}
