package sim

import (
	"strconv"
	"strings"
)

// responses is /v1/responses. Its events are named and numbered.
type responses struct {
	openAI
	n     int      // events so far
	index int      // of the output item that is being written
	items []string // those that are whole, as JSON
}

func (*responses) parts() bool { return true }

// event writes an event with the next number. rest begins with a comma, or is
// empty.
func (r *responses) event(v *visit, name string, rest ...string) {
	v.wire.begin(name)
	v.buf = append(append(append(v.buf, `{"type":"`...), name...), `","sequence_number":`...)
	v.buf = strconv.AppendInt(v.buf, int64(r.n), 10)
	for _, s := range rest {
		v.buf = append(v.buf, s...)
	}
	v.buf = append(v.buf, '}')
	v.wire.end()
	r.n++
}

// response is the object that the stream is about.
func (r *responses) response(v *visit, status, usage string) string {
	details := "null"
	if status == "incomplete" {
		details = `{"reason":"max_output_tokens"}`
	}
	return `{"id":` + quote("resp_"+v.id) + `,"object":"response","created_at":` + strconv.FormatInt(v.began.Unix(), 10) +
		`,"status":"` + status + `","error":null,"incomplete_details":` + details + `,"model":` + quote(v.cfg.Model) +
		`,"output":[` + strings.Join(r.items, ",") + `],"usage":` + usage + `}`
}

func (*responses) usage(v *visit) string {
	if v.cfg.NoUsage {
		return "null"
	}
	return `{"input_tokens":` + itoa(v.in) + `,"input_tokens_details":{"cached_tokens":` + itoa(v.cached) +
		`},"output_tokens":` + itoa(v.out) + `,"output_tokens_details":{"reasoning_tokens":` + itoa(min(v.thought, v.out)) +
		`},"total_tokens":` + itoa(v.in+v.out) + `}`
}

func (r *responses) open(v *visit) {
	response := r.response(v, "in_progress", "null")
	r.event(v, "response.created", `,"response":`, response)
	r.event(v, "response.in_progress", `,"response":`, response)
}

// item is an output item with so much of its text, and its id.
func (r *responses) item(v *visit, p part, status, said string) (item, id string) {
	switch p {
	case reasoning:
		id = quote("rs_" + v.id)
		content := ""
		if said != "" {
			content = `{"type":"reasoning_text","text":"` + said + `"}`
		}
		return `{"id":` + id + `,"type":"reasoning","summary":[],"content":[` + content + `]}`, id
	case toolCall:
		id = quote("fc_" + v.id)
		return `{"id":` + id + `,"type":"function_call","status":"` + status + `","call_id":` + quote("call_"+v.id) +
			`,"name":` + v.toolName() + `,"arguments":"` + said + `"}`, id
	}
	id = quote("msg_" + v.id)
	content := ""
	if said != "" {
		content = outputText(said)
	}
	return `{"id":` + id + `,"type":"message","status":"` + status + `","role":"assistant","content":[` + content + `]}`, id
}

func outputText(said string) string {
	return `{"type":"output_text","annotations":[],"text":"` + said + `"}`
}

func (r *responses) begin(v *visit, p part) {
	item, id := r.item(v, p, "in_progress", "")
	r.event(v, "response.output_item.added", `,"output_index":`, itoa(r.index), `,"item":`, item)
	v.before = []byte(`,"item_id":` + id + `,"output_index":` + itoa(r.index))
	if p != toolCall {
		v.before = append(v.before, `,"content_index":0`...)
	}
	if p == text {
		r.event(v, "response.content_part.added", string(v.before), `,"part":`, outputText(""))
	}
	v.before = append(v.before, `,"delta":"`...)
}

// deltaNames are the events that carry tokens, and those that end them.
var deltaNames = map[part][2]string{
	reasoning: {"response.reasoning_text.delta", "response.reasoning_text.done"},
	text:      {"response.output_text.delta", "response.output_text.done"},
	toolCall:  {"response.function_call_arguments.delta", "response.function_call_arguments.done"},
}

func (r *responses) tokens(v *visit, p part, k int) {
	name := deltaNames[p][0]
	v.wire.begin(name)
	v.buf = append(append(append(v.buf, `{"type":"`...), name...), `","sequence_number":`...)
	v.buf = strconv.AppendInt(v.buf, int64(r.n), 10)
	v.buf = append(v.buf, v.before...)
	v.buf = append(v.appendNext(v.buf, p, k), `"}`...)
	v.wire.end()
	r.n++
}

func (r *responses) end(v *visit, p part) {
	thoughts, rest, _ := v.wholes()
	key, said := "text", rest
	switch p {
	case reasoning:
		said = thoughts
	case toolCall:
		key = "arguments"
	}
	where := string(v.before[:len(v.before)-len(`,"delta":"`)])
	r.event(v, deltaNames[p][1], where, `,"`, key, `":"`, said, `"`)
	if p == text {
		r.event(v, "response.content_part.done", where, `,"part":`, outputText(said))
	}
	item, _ := r.item(v, p, "completed", said)
	r.event(v, "response.output_item.done", `,"output_index":`, itoa(r.index), `,"item":`, item)
	r.items = append(r.items, item)
	r.index++
}

func (r *responses) status(v *visit) string {
	if v.reason == "length" && !v.cfg.ToolCall {
		return "incomplete"
	}
	return "completed"
}

func (r *responses) finish(v *visit) {
	if !v.fault.has(StyleNoTerm) && !v.fault.has(StyleNoDone) {
		r.event(v, "response.completed", `,"response":`, r.response(v, r.status(v), r.usage(v)))
	}
}

func (r *responses) failure(v *visit, message string) {
	r.event(v, "error", `,"code":"server_error","message":"`, message, `","param":null`)
}

func (r *responses) whole(v *visit) {
	thoughts, rest, tool := v.wholes()
	if v.thought > 0 {
		item, _ := r.item(v, reasoning, "completed", thoughts)
		r.items = append(r.items, item)
	}
	if v.out > v.thought {
		p := text
		if tool {
			p = toolCall
		}
		item, _ := r.item(v, p, "completed", rest)
		r.items = append(r.items, item)
	}
	v.buf = append(v.buf, r.response(v, r.status(v), r.usage(v))+"\n"...)
}
