package openai

import (
	"cmp"
	"encoding/json"
	"strings"
)

type messagesEvent struct {
	Type    word `json:"type"`
	Message *struct {
		Usage *usage `json:"usage"`
	} `json:"message"`
	Block   *block          `json:"content_block"`
	Delta   *block          `json:"delta"`
	Usage   *usage          `json:"usage"`
	Content json.RawMessage `json:"content"` // of a whole answer: blocks
	Stop    word            `json:"stop_reason"`
	Error   json.RawMessage `json:"error"`
}

// A block is a piece of content, or what is added to one.
type block struct {
	Type     word `json:"type"`
	Text     word `json:"text"`
	Thinking word `json:"thinking"`
	Redacted word `json:"data"` // thinking that is not shown
	JSON     word `json:"partial_json"`
	Name     word `json:"name"` // of a tool
	Stop     word `json:"stop_reason"`
}

func (b *block) kind() Kind {
	tool := b.JSON != "" || b.Name != "" && strings.HasSuffix(string(b.Type), "tool_use")
	return kind(b.Text != "", tool, b.Thinking != "" || b.Redacted != "" && b.Type == "redacted_thinking")
}

func messagesValue(event string, value []byte, text *[]byte) (Delta, error) {
	var e messagesEvent
	if err := json.Unmarshal(value, &e); err != nil {
		return Delta{}, err
	}
	var d Delta
	typ := cmp.Or(string(e.Type), event)
	if typ == "error" || present(e.Error) {
		return failed(value), nil
	}
	switch typ {
	case "message_start":
		if e.Message != nil && e.Message.Usage != nil {
			d.Usage = e.Message.Usage.of()
			d.Usage.Out = nil // what message_delta says at the end is the count
		}
	case "content_block_start", "content_block_delta":
		for _, b := range []*block{e.Block, e.Delta} {
			if b != nil {
				d.add(Delta{Kind: b.kind()})
				keep(text, b.Text)
			}
		}
	case "message_delta":
		if e.Delta != nil {
			d.Finish = string(e.Delta.Stop)
		}
		d.Usage = e.Usage.of()
	case "message_stop":
		d.Done = true
	case "message":
		return e.whole(text)
	}
	return d, nil
}

// whole reads an answer that is not streamed.
func (e *messagesEvent) whole(text *[]byte) (Delta, error) {
	var blocks []block
	if present(e.Content) {
		if err := json.Unmarshal(e.Content, &blocks); err != nil {
			return Delta{}, err
		}
	}
	var d Delta
	for i := range blocks {
		d.add(Delta{Kind: blocks[i].kind()})
		keep(text, blocks[i].Text)
	}
	return Delta{Kind: d.Kind, Finish: string(e.Stop), Usage: e.Usage.of()}, nil
}
