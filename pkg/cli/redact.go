package cli

import (
	"regexp"
	"slices"
	"strings"
)

const hidden = "REDACTED"

// userinfo is also that of a URL whose scheme was left out.
var userinfo = regexp.MustCompile(`(://)[^/\s]*@|(^|[=,])[^/@\s:,=]*:[^/\s]*@`)

// secretHeaders are HTTP headers whose values are credentials.
var secretHeaders = regexp.MustCompile(`(?i)auth|key|token|secret|cookie|passw|credential|signature`)

// secretQuery are the keys of URL parameters that are credentials.
var secretQuery = regexp.MustCompile(`(?i)([?&][^=&#]*(?:key|token|secret|password|signature)[^=&#]*=)[^&#\s]+`)

// Redact is a copy of args in which the values of the flags named secret, of
// headers that carry credentials (-H, --header) and of credentials in URLs are
// hidden.
func Redact(args []string, secret ...string) []string {
	out := make([]string, len(args))
	for i := 0; i < len(args); i++ {
		prefix, name, value, joined := splitFlag(args[i])
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch {
		case slices.Contains(secret, name):
			value = hidden
		case name == "header" || name == "H":
			value = RedactHeader(value)
		case name == "extra-inputs":
			value = redactInputs(value)
		default:
			out[i] = RedactURL(args[i])
			continue
		}
		switch {
		case joined:
			out[i] = prefix + value
		case i+1 < len(args):
			out[i], out[i+1] = args[i], value
			i++
		default:
			out[i] = args[i]
		}
	}
	return out
}

// splitFlag takes "--name=value" and "-nvalue" apart. joined tells whether
// there is a value in the same argument; prefix is all before it.
func splitFlag(arg string) (prefix, name, value string, joined bool) {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		name, value, joined = strings.Cut(long, "=")
		return "--" + name + "=", name, value, joined
	}
	if len(arg) < 2 || arg[0] != '-' {
		return "", "", "", false
	}
	i := 1
	for i+1 < len(arg) && strings.IndexByte("hqv", arg[i]) >= 0 { // flags without a value come first
		i++
	}
	value = arg[i+1:]
	return arg[:i+1], arg[i : i+1], value, value != ""
}

var plainWord = regexp.MustCompile(`^[A-Za-z-]{0,20}$`)

// RedactHeader hides the value of a "Name: value" that carries a credential.
func RedactHeader(h string) string {
	name, _, ok := strings.Cut(h, ":")
	switch {
	case ok && secretHeaders.MatchString(name):
		return name + ": " + hidden
	case !ok && !plainWord.MatchString(h): // it may be a credential whose name was forgotten
		return hidden
	}
	return h
}

// secretInputs are keys of a request's body whose values are credentials, such
// as api_key but not max_tokens.
var secretInputs = regexp.MustCompile(`(?i)("?[\w.-]*(?:api[-_]?key|secret|passw|credential|auth|(?:access|bearer|id|refresh)[-_]?token)[\w.-]*"?\s*:\s*)("(?:[^"\\]|\\.)*"|[^,}]+)`)

// redactInputs hides what is secret in "key:value", or in a JSON object.
func redactInputs(s string) string {
	return RedactURL(secretInputs.ReplaceAllString(s, "${1}"+hidden))
}

// RedactURL hides user and password, and parameters that are credentials, of
// every URL in s.
func RedactURL(s string) string {
	s = userinfo.ReplaceAllString(s, "${1}${2}"+hidden+"@")
	return secretQuery.ReplaceAllString(s, "${1}"+hidden)
}
