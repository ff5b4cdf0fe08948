package openai

import "encoding/json"

type choices struct {
	Choices []struct {
		Delta   *content `json:"delta"`
		Message *content `json:"message"`
		Text    string   `json:"text"` // of completions
		Finish  word     `json:"finish_reason"`
	} `json:"choices"`
	Usage  *usage          `json:"usage"`
	Error  json.RawMessage `json:"error"`
	Object word            `json:"object"` // "error": vLLM's older form of an error
}

type content struct {
	Content          string     `json:"content"`
	ReasoningContent string     `json:"reasoning_content"`
	Reasoning        string     `json:"reasoning"` // vLLM's newer name for it, and OpenRouter's
	Refusal          string     `json:"refusal"`
	ToolCalls        []toolCall `json:"tool_calls"`
	FunctionCall     *function  `json:"function_call"` // what tool_calls replaced
}

type toolCall struct {
	ID       word      `json:"id"`
	Function *function `json:"function"`
}

type function struct {
	Name      word `json:"name"`
	Arguments word `json:"arguments"`
}

func (f *function) says() bool { return f != nil && (f.Name != "" || f.Arguments != "") }

// chatValue reads a chunk or an answer of chat or completions, which differ
// only in where the text is.
func chatValue(value []byte, text *[]byte) (Delta, error) {
	var c choices
	if err := json.Unmarshal(value, &c); err != nil {
		return Delta{}, err
	}
	if present(c.Error) || c.Object == "error" {
		return failed(value), nil
	}
	d := Delta{Usage: c.Usage.of()}
	var said, tool, reasoned bool
	for _, choice := range c.Choices {
		if choice.Finish != "" {
			d.Finish = string(choice.Finish)
		}
		said = said || choice.Text != ""
		keep(text, choice.Text)
		for _, part := range []*content{choice.Delta, choice.Message} {
			if part == nil {
				continue
			}
			said = said || part.Content != "" || part.Refusal != ""
			reasoned = reasoned || part.ReasoningContent != "" || part.Reasoning != ""
			tool = tool || part.FunctionCall.says()
			for _, call := range part.ToolCalls {
				tool = tool || call.ID != "" || call.Function.says()
			}
			keep(text, part.Content)
			keep(text, part.Refusal)
		}
	}
	d.Kind = kind(said, tool, reasoned)
	return d, nil
}
