package promhist

import (
	"fmt"
	"regexp"
	"strings"
)

// gpuNames matches the names of the families of GPU exporters.
const gpuNames = `__name__=~"DCGM_.+|dcgm_.+|nvidia_smi_.+|amd_.+|(gpu|pcie|xgmi)_.+"`

var metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// CheckSelector tells what is wrong with a selector of series.
func CheckSelector(s string) error {
	_, err := selector(s)
	return err
}

// selector takes a selector such as {job="dcgm"}, NAME or NAME{…} and limits one
// that names no metric to those of GPU exporters. What stands in the braces is
// left to the server to judge.
func selector(s string) (string, error) {
	s = strings.TrimSpace(s)
	name, rest := s, ""
	if i := strings.IndexByte(s, '{'); i >= 0 {
		name, rest = strings.TrimSpace(s[:i]), s[i:]
	}
	if name != "" && !metricName.MatchString(name) || name+rest == "" {
		return "", fmt.Errorf(`%q is not a selector such as {job="dcgm"} or DCGM_FI_DEV_POWER_USAGE{job="dcgm"}`, s)
	}
	if rest == "" {
		return name, nil
	}
	inner, ok := braces(rest)
	if !ok {
		return "", fmt.Errorf("selector %q does not end with its closing brace: no range, offset or function may follow", s)
	}
	if name != "" || names.MatchString(unquoted(inner)) {
		return s, nil
	}
	if inner = strings.Trim(strings.TrimSpace(inner), ","); inner != "" {
		inner = "," + inner
	}
	return "{" + gpuNames + inner + "}", nil
}

// names matches a matcher of the metric's name, quoted text left out.
var names = regexp.MustCompile(`(^|,)\s*(__name__\s*[=!]|""\s*($|,))`)

// braces gives what is between the braces of s, which must end with the brace
// that closes the first.
func braces(s string) (inner string, ok bool) {
	end := -1
	quoted(s, func(i int, quoted bool) {
		if !quoted && s[i] == '}' && end < 0 {
			end = i
		}
	})
	if end != len(s)-1 {
		return "", false
	}
	return s[1:end], true
}

// unquoted is s with nothing left between quotes.
func unquoted(s string) string {
	var b strings.Builder
	quoted(s, func(i int, quoted bool) {
		if !quoted {
			b.WriteByte(s[i])
		}
	})
	return b.String()
}

// quoted tells of each byte whether it is inside of quotes; the quotes are not.
func quoted(s string, each func(i int, quoted bool)) {
	var quote byte
	escaped := false
	for i := range len(s) {
		c := s[i]
		switch {
		case quote == 0:
			if c == '"' || c == '\'' || c == '`' {
				quote = c
			}
			each(i, false)
		case escaped:
			escaped = false
			each(i, true)
		case c == '\\' && quote != '`':
			escaped = true
			each(i, true)
		case c == quote:
			quote = 0
			each(i, false)
		default:
			each(i, true)
		}
	}
}
