package sim

import "net/http"

// messages is Anthropic's /v1/messages. Its events are named.
type messages struct{ index int } // of the content block that is being written

func (*messages) parts() bool { return true }

func (*messages) refusal(status int, why string) any {
	kind := "api_error"
	switch status {
	case http.StatusBadRequest:
		kind = "invalid_request_error"
	case http.StatusUnauthorized:
		kind = "authentication_error"
	case http.StatusNotFound:
		kind = "not_found_error"
	case http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case 529:
		kind = "overloaded_error"
	}
	return map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": why}}
}

func (*messages) failure(v *visit, message string) {
	v.event("error", `{"type":"error","error":{"type":"overloaded_error","message":"`+message+`"}}`)
}

// usage tells the tokens of the prompt. Those that were cached are not among
// input_tokens.
func (*messages) usage(v *visit, out int) string {
	if v.cfg.NoUsage {
		return ""
	}
	s := `,"usage":{"input_tokens":` + itoa(v.in-v.cached)
	if v.cache != nil {
		s += `,"cache_creation_input_tokens":0,"cache_read_input_tokens":` + itoa(v.cached)
	}
	return s + `,"output_tokens":` + itoa(out) + `}`
}

func (m *messages) open(v *visit) {
	v.event("message_start", `{"type":"message_start","message":{"id":`, quote("msg_"+v.id), `,"type":"message","role":"assistant","content":[],"model":`,
		quote(v.cfg.Model), `,"stop_reason":null,"stop_sequence":null`, m.usage(v, 0), `}}`)
}

func (m *messages) begin(v *visit, p part) {
	block, before := `{"type":"text","text":""}`, `"text_delta","text":"`
	switch p {
	case reasoning:
		block, before = `{"type":"thinking","thinking":"","signature":""}`, `"thinking_delta","thinking":"`
	case toolCall:
		block, before = `{"type":"tool_use","id":`+quote("toolu_"+v.id)+`,"name":`+v.toolName()+`,"input":{}}`, `"input_json_delta","partial_json":"`
	}
	v.event("content_block_start", `{"type":"content_block_start","index":`, itoa(m.index), `,"content_block":`, block, `}`)
	if m.index == 0 {
		v.event("ping", `{"type":"ping"}`)
	}
	v.before = []byte(`{"type":"content_block_delta","index":` + itoa(m.index) + `,"delta":{"type":` + before)
	v.after = []byte(`"}}`)
}

func (*messages) tokens(v *visit, p part, k int) { v.delta("content_block_delta", p, k) }

func (m *messages) end(v *visit, p part) {
	if p == reasoning {
		v.event("content_block_delta", `{"type":"content_block_delta","index":`, itoa(m.index), `,"delta":{"type":"signature_delta","signature":"c2lt"}}`)
	}
	v.event("content_block_stop", `{"type":"content_block_stop","index":`, itoa(m.index), `}`)
	m.index++
}

func (*messages) reason(v *visit) string {
	switch {
	case v.cfg.ToolCall && v.out > v.thought:
		return "tool_use"
	case v.reason == "length":
		return "max_tokens"
	}
	return "end_turn"
}

func (m *messages) finish(v *visit) {
	if v.fault.has(StyleNoTerm) {
		return
	}
	usage := ""
	if !v.cfg.NoUsage {
		usage = `,"usage":{"output_tokens":` + itoa(v.out) + `}`
	}
	v.event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"`, m.reason(v), `","stop_sequence":null}`, usage, `}`)
	if !v.fault.has(StyleNoDone) {
		v.event("message_stop", `{"type":"message_stop"}`)
	}
}

func (m *messages) whole(v *visit) {
	thoughts, rest, tool := v.wholes()
	blocks := ""
	if v.thought > 0 {
		blocks = `{"type":"thinking","thinking":"` + thoughts + `","signature":"c2lt"}`
	}
	if v.out > v.thought {
		if blocks != "" {
			blocks += ","
		}
		if tool {
			blocks += `{"type":"tool_use","id":` + quote("toolu_"+v.id) + `,"name":` + v.toolName() + `,"input":{"text":"` +
				string(v.appendText(nil, v.thought, v.out)) + `"}}`
		} else {
			blocks += `{"type":"text","text":"` + rest + `"}`
		}
	}
	v.buf = append(v.buf, `{"id":`+quote("msg_"+v.id)+`,"type":"message","role":"assistant","model":`+quote(v.cfg.Model)+
		`,"content":[`+blocks+`],"stop_reason":"`+m.reason(v)+`","stop_sequence":null`+m.usage(v, v.out)+"}\n"...)
}
