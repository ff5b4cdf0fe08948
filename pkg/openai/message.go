package openai

import (
	"encoding/json"
	"strings"
)

// Message finds the server's own words in the body of an error, whose shape
// differs between servers; failing that it is the beginning of the body.
func Message(body []byte) string {
	var m struct {
		Error    json.RawMessage `json:"error"`
		Message  string          `json:"message"`
		Detail   json.RawMessage `json:"detail"`
		Response *struct {
			Error json.RawMessage `json:"error"`
		} `json:"response"`
	}
	if json.Unmarshal(body, &m) != nil {
		return excerpt(body)
	}
	if m.Response != nil && len(m.Error) == 0 {
		m.Error = m.Response.Error
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(m.Error, &inner) == nil && inner.Message != "":
		return inner.Message
	case json.Unmarshal(m.Error, &text) == nil && text != "":
		return text
	case m.Message != "":
		return m.Message
	case json.Unmarshal(m.Detail, &text) == nil && text != "":
		return text
	}
	return excerpt(body)
}

func excerpt(b []byte) string {
	const most = 200
	s := strings.ToValidUTF8(strings.Join(strings.Fields(string(b[:min(len(b), 4*most)])), " "), "\uFFFD")
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
