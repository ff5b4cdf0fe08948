package load

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// secrets are what header fields hold that lets one in: servers have been seen to
// repeat a key that they do not know.
func secrets(h http.Header) []string {
	var all []string
	for name, values := range h {
		name = strings.ToLower(name)
		secret := false
		for _, part := range []string{"auth", "key", "token", "secret", "cookie", "password"} {
			secret = secret || strings.Contains(name, part)
		}
		if !secret {
			continue
		}
		for _, v := range values {
			scheme, rest, ok := strings.Cut(v, " ")
			if !ok {
				rest = scheme
			}
			all = append(all, rest)
			if plain, err := base64.StdEncoding.DecodeString(rest); err == nil && strings.EqualFold(scheme, "basic") {
				_, password, _ := strings.Cut(string(plain), ":")
				all = append(all, password)
			}
		}
	}
	return all
}

// discreet hides what a client's server must not have repeated.
func (c *client) discreet(text string) string {
	const least = 4 // shorter ones are words by chance
	for _, s := range c.secrets {
		if len(s) >= least {
			text = strings.ReplaceAll(text, s, "REDACTED")
		}
	}
	return text
}
