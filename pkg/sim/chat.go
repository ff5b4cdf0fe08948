package sim

import (
	"encoding/json"
	"strconv"
)

// openAI is what chat and plain completions have in common.
type openAI struct{}

func (openAI) refusal(status int, why string) any {
	return map[string]any{"error": map[string]any{"message": why, "type": "sim_error", "code": status}}
}

func (openAI) failure(v *visit, message string) {
	v.event("", `{"error":{"message":"`+message+`","type":"sim_error","code":500}}`)
}

func (openAI) end(*visit, part) {}

// quote is s as JSON.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// object is the beginning of every object that answers.
func (v *visit) object(id, object string) string {
	return `{"id":` + quote(id+v.id) + `,"object":"` + object + `","created":` +
		strconv.FormatInt(v.began.Unix(), 10) + `,"model":` + quote(v.cfg.Model)
}

// choice is an object's only choice.
func choice(body, reason string) string {
	if reason != "null" {
		reason = `"` + reason + `"`
	}
	return `,"choices":[{"index":0,` + body + `,"logprobs":null,"finish_reason":` + reason + `}]`
}

func (v *visit) usage(out int) string {
	s := `{"prompt_tokens":` + itoa(v.in) + `,"completion_tokens":` + itoa(out) + `,"total_tokens":` + itoa(v.in+out)
	if v.cache != nil {
		s += `,"prompt_tokens_details":{"cached_tokens":` + itoa(v.cached) + `}`
	}
	if v.cfg.Reasoning > 0 {
		s += `,"completion_tokens_details":{"reasoning_tokens":` + itoa(min(v.thought, out)) + `}`
	}
	return s + `}`
}

// deltas writes the next k tokens, with the usage so far if each chunk is to
// have it.
func (v *visit) deltas(p part, k int) {
	if v.ask.everyUsage && v.ask.usage && !v.cfg.NoUsage {
		after := v.after
		v.after = []byte(string(after[:len(after)-1]) + `,"usage":` + v.usage(v.out+k) + "}")
		defer func() { v.after = after }()
	}
	v.delta("", p, k)
}

// goodbye ends a stream of either.
func (v *visit) goodbye(head, body, reason string) {
	told := v.ask.usage && !v.cfg.NoUsage
	if !v.fault.has(StyleNoTerm) {
		beside := ""
		if told && v.fault.has(StyleUsageLast) {
			beside = `,"usage":` + v.usage(v.out)
		}
		v.event("", head, choice(body, reason), beside, "}")
	}
	if told && !v.fault.has(StyleUsageLast) {
		v.event("", head, `,"choices":[],"usage":`, v.usage(v.out), "}")
	}
	if !v.fault.has(StyleNoTerm) && !v.fault.has(StyleNoDone) {
		v.event("", "[DONE]")
	}
}

// usageOfWhole is the usage of an answer that is not streamed.
func (v *visit) usageOfWhole() string {
	if v.cfg.NoUsage {
		return ""
	}
	return `,"usage":` + v.usage(v.out)
}

// chat is /v1/chat/completions.
type chat struct{ openAI }

func (chat) parts() bool          { return true }
func (chat) head(v *visit) string { return v.object("chatcmpl-", "chat.completion.chunk") }

func (c chat) open(v *visit) {
	if !v.fault.has(StyleRoleless) {
		v.event("", c.head(v), choice(`"delta":{"role":"assistant","content":""}`, "null"), "}")
	}
}

// begin makes what is the same in all chunks of a part.
func (c chat) begin(v *visit, p part) {
	head := c.head(v)
	before, after := `"delta":{"content":"`, `"}`
	switch p {
	case reasoning:
		before = `"delta":{` + quote(v.cfg.ReasoningField) + `:"`
	case toolCall:
		v.event("", head, choice(`"delta":{"tool_calls":[{"index":0,"id":`+quote("call_"+v.id)+
			`,"type":"function","function":{"name":`+v.toolName()+`,"arguments":""}}]}`, "null"), "}")
		before, after = `"delta":{"tool_calls":[{"index":0,"function":{"arguments":"`, `"}}]}`
	}
	v.before = []byte(head + `,"choices":[{"index":0,` + before)
	v.after = []byte(after + `,"logprobs":null,"finish_reason":null}]}`)
}

func (chat) tokens(v *visit, p part, k int) { v.deltas(p, k) }

func (c chat) finish(v *visit) { v.goodbye(c.head(v), `"delta":{}`, c.reason(v)) }

func (chat) reason(v *visit) string {
	if v.cfg.ToolCall && v.out > v.thought {
		return "tool_calls"
	}
	return v.reason
}

func (c chat) whole(v *visit) {
	thoughts, rest, tool := v.wholes()
	message := `"message":{"role":"assistant","content":"` + rest + `"`
	if tool {
		message = `"message":{"role":"assistant","content":null,"tool_calls":[{"id":` + quote("call_"+v.id) +
			`,"type":"function","function":{"name":` + v.toolName() + `,"arguments":"` + rest + `"}}]`
	}
	if v.thought > 0 {
		message += `,` + quote(v.cfg.ReasoningField) + `:"` + thoughts + `"`
	}
	v.buf = append(v.buf, v.object("chatcmpl-", "chat.completion")+choice(message+"}", c.reason(v))+v.usageOfWhole()+"}\n"...)
}

// completion is /v1/completions.
type completion struct{ openAI }

func (completion) parts() bool          { return false }
func (completion) head(v *visit) string { return v.object("cmpl-", "text_completion") }
func (completion) open(*visit)          {}

func (c completion) begin(v *visit, _ part) {
	v.before = []byte(c.head(v) + `,"choices":[{"index":0,"text":"`)
	v.after = []byte(`","logprobs":null,"finish_reason":null}]}`)
}

func (completion) tokens(v *visit, p part, k int) { v.deltas(p, k) }

func (c completion) finish(v *visit) { v.goodbye(c.head(v), `"text":""`, v.reason) }

func (c completion) whole(v *visit) {
	_, rest, _ := v.wholes()
	v.buf = append(v.buf, c.head(v)+choice(`"text":"`+rest+`"`, v.reason)+v.usageOfWhole()+"}\n"...)
}
