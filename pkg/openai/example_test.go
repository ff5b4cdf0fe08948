package openai_test

import (
	"encoding/json"
	"fmt"

	"aiperf/pkg/openai"
	"aiperf/pkg/prompt"
	"aiperf/pkg/sse"
)

func Example() {
	ask := openai.Ask{Turn: prompt.Turn{Messages: []prompt.Message{{Role: "user", Content: "hi"}}, Out: new(2)}}
	options := openai.Options{Model: "m", Streaming: true, Extra: openai.Fields{{Key: "ignore_eos", Value: json.RawMessage("true")}}}
	body, err := openai.Chat.Body(nil, ask, options)
	if err != nil {
		panic(err)
	}
	fmt.Println(openai.Chat.StreamURL("localhost:8000", ""))
	fmt.Println(string(body))

	var p sse.Parser
	answer := `data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

data: {"choices":[{"delta":{"content":"ho"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}

data: [DONE]

`
	for e := range p.Feed([]byte(answer)) {
		d, err := openai.Chat.Chunk(e.Name, e.Data)
		if err != nil {
			panic(err)
		}
		fmt.Printf("content %v, %q, finish %q, done %v\n", d.Kind == openai.Content, openai.Chat.Text(e.Data), d.Finish, d.Done)
	}
	// Output:
	// http://localhost:8000/v1/chat/completions
	// {"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":2,"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true}
	// content false, "", finish "", done false
	// content true, "ho", finish "stop", done false
	// content false, "", finish "", done true
}
