package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
)

type responsesEvent struct {
	Type     word            `json:"type"`
	Delta    word            `json:"delta"`
	Item     *outputItem     `json:"item"`
	Response *response       `json:"response"`
	Error    json.RawMessage `json:"error"`
	response                 // a whole answer is one, without an event around it
}

type response struct {
	Object     word         `json:"object"`
	Status     word         `json:"status"`
	Output     []outputItem `json:"output"`
	Incomplete *struct {
		Reason word `json:"reason"`
	} `json:"incomplete_details"`
	Usage *usage `json:"usage"`
}

type outputItem struct {
	Type    word      `json:"type"`
	Name    word      `json:"name"`
	Content []textual `json:"content"`
	Summary []textual `json:"summary"`
}

type textual struct {
	Text    word `json:"text"`
	Refusal word `json:"refusal"`
}

// finish is why an answer ended: the reason if it is incomplete, or else the
// status.
func (r *response) finish() string {
	if r.Incomplete != nil && r.Incomplete.Reason != "" {
		return string(r.Incomplete.Reason)
	}
	return string(r.Status)
}

// deltaKind is the kind of a Responses event's "delta", by the event's type.
func deltaKind(event []byte) Kind {
	switch string(event) {
	case "response.output_text.delta", "response.refusal.delta":
		return Content
	case "response.function_call_arguments.delta", "response.mcp_call_arguments.delta",
		"response.custom_tool_call_input.delta", "response.code_interpreter_call_code.delta":
		return Tool
	}
	// reasoning_text, reasoning_summary_text, and reasoning of older servers
	if bytes.HasPrefix(event, []byte("response.reasoning")) && bytes.HasSuffix(event, []byte(".delta")) {
		return Reasoning
	}
	return None
}

// plainEvent tells that an event of this type has nothing beside its delta
// that is of interest.
func plainEvent(event []byte) bool {
	switch string(event) {
	case "error", "response.completed", "response.incomplete", "response.failed", "response.cancelled":
		return false
	}
	return len(event) > 0
}

func responsesValue(event string, value []byte, text *[]byte) (Delta, error) {
	var e responsesEvent
	if err := json.Unmarshal(value, &e); err != nil {
		return Delta{}, err
	}
	if e.Type == "" && e.Object == "response" {
		return e.whole(value, text), nil
	}
	typ := cmp.Or(string(e.Type), event)
	if typ == "error" || present(e.Error) || e.Object == "error" {
		return failed(value), nil
	}
	var d Delta
	if k := deltaKind([]byte(typ)); k != None && e.Delta != "" {
		d.Kind = k
		if k == Content {
			keep(text, e.Delta)
		}
	}
	if e.Item != nil && typ == "response.output_item.added" && e.Item.calls() {
		d.Kind = Tool
	}
	if plainEvent([]byte(typ)) || typ == "" {
		return d, nil
	}
	d.Done = true
	if e.Response != nil {
		d.Finish, d.Usage = e.Response.finish(), e.Response.Usage.of()
	}
	if typ == "response.failed" {
		d.Err = failed(value).Err
	}
	return d, nil
}

// calls tells that an item is a tool call whose name is known.
func (i *outputItem) calls() bool { return strings.HasSuffix(string(i.Type), "_call") && i.Name != "" }

// whole reads an answer that is not streamed.
func (e *responsesEvent) whole(value []byte, text *[]byte) Delta {
	if present(e.Error) || e.Status == "failed" {
		return failed(value)
	}
	var said, tool, reasoned bool
	for _, item := range e.Output {
		tool = tool || item.calls()
		for _, part := range item.Content {
			some := part.Text != "" || part.Refusal != ""
			if item.Type == "reasoning" {
				reasoned = reasoned || some
				continue
			}
			said = said || some
			keep(text, part.Text)
			keep(text, part.Refusal)
		}
		for _, part := range item.Summary {
			reasoned = reasoned || part.Text != ""
		}
	}
	return Delta{Kind: kind(said, tool, reasoned), Finish: e.finish(), Usage: e.Usage.of()}
}
