package openai

import (
	"encoding/json"
	"strings"

	"aiperf/pkg/prompt"
)

// contentOf is a message's text; of a raw message that of all its parts.
func contentOf(m *prompt.Message) string {
	if m.Raw == nil {
		return m.Content
	}
	var raw struct {
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(m.Raw, &raw) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(raw.Content, &text) == nil {
		return text
	}
	var parts []textual
	json.Unmarshal(raw.Content, &parts) // what is no list of parts has no text
	var all []byte
	for _, p := range parts {
		all = append(all, p.Text...)
	}
	return string(all)
}

func contents(ms []prompt.Message) []string {
	texts := make([]string, len(ms))
	for i := range ms {
		texts[i] = contentOf(&ms[i])
	}
	return texts
}

func joined(texts []string) string { return strings.Join(texts, "\n") }

// contents appends the messages' texts as one string, a line for each.
func (w *object) contents(name string, said [2][]prompt.Message) {
	if !w.key(name) {
		return
	}
	w.b = append(w.b, '"')
	first := true
	for _, ms := range said {
		for i := range ms {
			if !first {
				w.b = append(w.b, `\n`...)
			}
			first = false
			w.b = escape(w.b, contentOf(&ms[i]))
		}
	}
	w.b = append(w.b, '"')
}

// ofSystem tells that a message is an instruction and no part of the talk.
func ofSystem(m *prompt.Message) bool {
	role := m.Role
	if m.Raw != nil {
		var raw struct {
			Role word `json:"role"`
		}
		json.Unmarshal(m.Raw, &raw) // no role, then
		role = string(raw.Role)
	}
	return role == "system" || role == "developer"
}

// system appends the system's messages as Anthropic has them, beside the
// others and a blank line between two.
func (w *object) system(said [2][]prompt.Message) {
	first := true
	for _, ms := range said {
		for i := range ms {
			if !ofSystem(&ms[i]) {
				continue
			}
			if first {
				if !w.key("system") {
					return
				}
				w.b = append(w.b, '"')
			} else {
				w.b = append(w.b, `\n\n`...)
			}
			first = false
			w.b = escape(w.b, contentOf(&ms[i]))
		}
	}
	if !first {
		w.b = append(w.b, '"')
	}
}
