package openai

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An answer is an event or a whole answer, and what it should be read as.
type answer struct {
	why   string
	e     Endpoint
	event string
	data  string
	want  Delta
	text  string
}

func says(n int) Delta        { return Delta{Kind: Content, N: n} }
func fail(words string) Delta { return Delta{Err: errors.New(words)} }

var (
	reasoning = Delta{Kind: Reasoning, N: 1}
	tool      = Delta{Kind: Tool, N: 1}
)

var chunks = []answer{
	{"text", Chat, "", `{"choices":[{"delta":{"content":" a"},"finish_reason":null}]}`, says(1), " a"},
	{"the role alone is no content", Chat, "", `{"choices":[{"delta":{"role":"assistant","content":""}}]}`, Delta{}, ""},
	{"a null content is none", Chat, "", `{"choices":[{"delta":{"content":null},"finish_reason":"stop"}]}`, Delta{Finish: "stop"}, ""},
	{"a null delta is none", Chat, "", `{"choices":[{"delta":null,"finish_reason":"content_filter"}]}`, Delta{Finish: "content_filter"}, ""},
	{"null choices are none", Chat, "", `{"choices":null}`, Delta{}, ""},
	{"reasoning_content", Chat, "", `{"choices":[{"delta":{"content":null,"reasoning_content":"hm"}}]}`, reasoning, ""},
	{"reasoning", Chat, "", `{"choices":[{"delta":{"content":"","reasoning":"hm"}}]}`, reasoning, ""},
	{"reasoning beside text", Chat, "", `{"choices":[{"delta":{"reasoning":"hm","content":"a"}}]}`, says(1), "a"},
	{"reasoning beside a tool call", Chat, "", `{"choices":[{"delta":{"reasoning":"hm","tool_calls":[{"id":"1"}]}}]}`, tool, ""},
	{"a refusal is content", Chat, "", `{"choices":[{"delta":{"refusal":"no"}}]}`, says(1), "no"},
	{"a tool call's name", Chat, "", `{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":""}}]}}]}`, tool, ""},
	{"a tool call's arguments", Chat, "", `{"choices":[{"delta":{"tool_calls":[{"index":0},{"index":1,"function":{"arguments":"{\""}}]}}]}`, tool, ""},
	{"a tool call that says nothing", Chat, "", `{"choices":[{"delta":{"tool_calls":[{"index":0,"id":null,"function":{"name":null,"arguments":""}}]}}]}`, Delta{}, ""},
	{"no tool calls", Chat, "", `{"choices":[{"delta":{"content":"a","tool_calls":[],"function_call":null}}]}`, says(1), "a"},
	{"the older form of a tool call", Chat, "", `{"choices":[{"delta":{"function_call":{"name":"f"}}}]}`, tool, ""},
	{"no delta", Chat, "", `{"choices":[{"finish_reason":"length"}]}`, Delta{Finish: "length"}, ""},
	{"a reason of the server's own", Chat, "", `{"choices":[{"finish_reason":"abort\u00e9"}]}`, Delta{Finish: "aborté"}, ""},
	{"a reason that is no word", Chat, "", `{"choices":[{"delta":{"content":"a"},"finish_reason":{"a":1}}]}`, says(1), "a"},
	{"two choices", Chat, "", `{"choices":[{"delta":{"content":"a"}},{"delta":{"reasoning":"b"},"finish_reason":"stop"}]}`, Delta{Kind: Content, N: 1, Finish: "stop"}, "a"},
	{"two choices with text", Chat, "", `{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}`, says(1), "ab"},
	{"usage alone", Chat, "", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"completion_tokens_details":{"reasoning_tokens":1},"prompt_tokens_details":{"cached_tokens":2}}}`,
		Delta{Usage: &Usage{In: new(3), Out: new(4), Reasoning: new(1), Cached: new(2)}}, ""},
	{"usage beside text", Chat, "", `{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":0,"prompt_tokens_details":null}}`,
		Delta{Kind: Content, N: 1, Usage: &Usage{In: new(3), Out: new(0)}}, "a"},
	{"a null usage is none", Chat, "", `{"choices":[{"delta":{"content":"a"}}],"usage":null,"error":null}`, says(1), "a"},
	{"counts that are none", Chat, "", `{"usage":{"prompt_tokens":-1,"completion_tokens":"x","completion_tokens_details":{"reasoning_tokens":1e99},"prompt_tokens_details":{"cached_tokens":0.5}}}`, Delta{Usage: &Usage{}}, ""},
	{"a count that is whole anyway", Chat, "", `{"usage":{"prompt_tokens":12.0,"completion_tokens":1e1}}`, Delta{Usage: &Usage{In: new(12), Out: new(10)}}, ""},
	{"the terminator", Chat, "", `[DONE]`, Delta{Done: true}, ""},
	{"the terminator with a space", Chat, "", ` [DONE] `, Delta{Done: true}, ""},
	{"an error", Chat, "", `{"error":{"message":"out of memory","code":500}}`, fail("out of memory"), ""},
	{"an error in the middle of a choice", Chat, "", `{"choices":[{"delta":{"content":"a"}}],"error":{"message":"out of memory"}}`, fail("out of memory"), ""},
	{"an error of an older vLLM", Chat, "", `{"object":"error","message":"too long","code":400}`, fail("too long"), ""},
	{"an error event with plain text", Chat, "error", `engine dead`, fail("engine dead"), ""},
	{"an error event with JSON that has no error in it", Chat, "error", `{"message":"engine dead"}`, fail("engine dead"), ""},
	{"an error event without a word", Chat, "error", ``, fail("error event without a message"), ""},
	{"another event's name is of no interest", Chat, "message", `{"choices":[{"delta":{"content":"a"}}]}`, says(1), "a"},
	{"two objects on two lines", Chat, "", "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}", Delta{Kind: Content, N: 2, Finish: "stop"}, "ab"},
	{"two objects on one line", Chat, "", `{"choices":[{"delta":{"reasoning":"a"}}]}{"choices":[{"delta":{"content":"b"}}]}`, says(2), "b"},
	{"two objects, one of them with usage only", Chat, "", `{"choices":[{"delta":{"content":"a"}}]} {"choices":[],"usage":{"prompt_tokens":1}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(1)}}, "a"},
	{"an object and the terminator", Chat, "", "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n[DONE]", Delta{Kind: Content, N: 1, Done: true}, "a"},
	{"half a character", Chat, "", "{\"choices\":[{\"delta\":{\"content\":\"\xe2\x82\"}}]}", says(1), "\uFFFD\uFFFD"},
	{"half a character, escaped", Chat, "", `{"choices":[{"delta":{"content":"\ud83d"}}]}`, says(1), "\uFFFD"},
	{"keys in another case, as encoding/json has it", Chat, "", `{"Choices":[{"DELTA":{"content":"a"}}]}`, says(1), "a"},
	{"unknown keys", Chat, "", `{"id":"x","x_y":{"choices":[1]},"Created":1.5,"choices":[{"index":0,"logprobs":{"content":[{"token":"a"}]},"delta":{"content":"a","audio":{}}}]}`, says(1), "a"},

	{"text", Completions, "", `{"id":"c","object":"text_completion","choices":[{"index":0,"text":" a","logprobs":null,"finish_reason":null}]}`, says(1), " a"},
	{"no text", Completions, "", `{"choices":[{"text":"","finish_reason":"length"}],"usage":null}`, Delta{Finish: "length"}, ""},
	{"usage", Completions, "", `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}`, Delta{Usage: &Usage{In: new(3), Out: new(4)}}, ""},
	{"the terminator", Completions, "", `[DONE]`, Delta{Done: true}, ""},

	{"text", Responses, "response.output_text.delta", `{"type":"response.output_text.delta","item_id":"1","output_index":0,"content_index":0,"delta":" a","sequence_number":5,"logprobs":[]}`, says(1), " a"},
	{"no text", Responses, "", `{"type":"response.output_text.delta","delta":""}`, Delta{}, ""},
	{"the type is the event's name if the data do not say", Responses, "response.output_text.delta", `{"delta":"a"}`, says(1), ""},
	{"a refusal", Responses, "", `{"delta":"no","type":"response.refusal.delta"}`, says(1), "no"},
	{"reasoning", Responses, "", `{"type":"response.reasoning_text.delta","delta":"hm"}`, reasoning, ""},
	{"a summary of reasoning", Responses, "", `{"type":"response.reasoning_summary_text.delta","delta":"hm"}`, reasoning, ""},
	{"a tool call's arguments", Responses, "", `{"type":"response.function_call_arguments.delta","delta":"{"}`, tool, ""},
	{"a tool call's name", Responses, "", `{"type":"response.output_item.added","item":{"type":"function_call","name":"f","arguments":""}}`, tool, ""},
	{"a message begins", Responses, "", `{"type":"response.output_item.added","item":{"type":"message","content":[],"role":"assistant"}}`, Delta{}, ""},
	{"a text again, as a whole", Responses, "", `{"type":"response.output_text.done","text":"all of it"}`, Delta{}, ""},
	{"an item again, as a whole", Responses, "", `{"type":"response.output_item.done","item":{"type":"function_call","name":"f","arguments":"{}"}}`, Delta{}, ""},
	{"a delta that is no string", Responses, "", `{"type":"response.x.delta","delta":{"a":1}}`, Delta{}, ""},
	{"the beginning", Responses, "", `{"type":"response.created","response":{"object":"response","status":"in_progress","output":[],"usage":null,"error":null}}`, Delta{}, ""},
	{"the end", Responses, "", `{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"again"}]}],"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":2},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7}}}`,
		Delta{Done: true, Finish: "completed", Usage: &Usage{In: new(3), Out: new(4), Reasoning: new(1), Cached: new(2)}}, ""},
	{"the end, too early", Responses, "", `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}`, Delta{Done: true, Finish: "max_output_tokens"}, ""},
	{"a failure", Responses, "", `{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"no memory"}}}`, Delta{Done: true, Finish: "failed", Err: errors.New("no memory")}, ""},
	{"an error", Responses, "", `{"type":"error","code":"x","message":"no memory"}`, fail("no memory"), ""},
	{"an error in the way of chat", Responses, "", `{"error":{"message":"no memory"}}`, fail("no memory"), ""},

	{"the beginning has the prompt's tokens, those of the cache apart", Messages, "message_start", `{"type":"message_start","message":{"type":"message","content":[],"usage":{"input_tokens":3,"cache_read_input_tokens":10,"cache_creation_input_tokens":100,"output_tokens":1}}}`,
		Delta{Usage: &Usage{In: new(113), Cached: new(10)}}, ""},
	{"a block begins", Messages, "content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, Delta{}, ""},
	{"a tool call begins", Messages, "content_block_start", `{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"1","name":"f","input":{}}}`, tool, ""},
	{"thinking that is not shown", Messages, "content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}}`, reasoning, ""},
	{"text", Messages, "content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" a"}}`, says(1), " a"},
	{"no text", Messages, "content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}`, Delta{}, ""},
	{"thinking", Messages, "content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`, reasoning, ""},
	{"a signature", Messages, "content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}`, Delta{}, ""},
	{"a tool call's input", Messages, "content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}`, tool, ""},
	{"a block ends", Messages, "content_block_stop", `{"type":"content_block_stop","index":0}`, Delta{}, ""},
	{"a ping", Messages, "ping", `{"type":"ping"}`, Delta{}, ""},
	{"the end is near", Messages, "message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}`, Delta{Finish: "end_turn", Usage: &Usage{Out: new(15)}}, ""},
	{"the end", Messages, "message_stop", `{"type":"message_stop"}`, Delta{Done: true}, ""},
	{"an error", Messages, "", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, fail("Overloaded"), ""},
	{"an error event", Messages, "error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, fail("Overloaded"), ""},

	{"a token", HuggingFaceGenerate, "", `{"index":1,"token":{"id":5,"text":" a","logprob":-0.5,"special":false},"generated_text":null,"details":null}`, says(1), " a"},
	{"a special token is no text", HuggingFaceGenerate, "", `{"token":{"id":2,"text":"</s>","special":true}}`, Delta{}, ""},
	{"the last token has the whole text beside it", HuggingFaceGenerate, "", `{"token":{"text":" b","special":false},"generated_text":" a b","details":{"finish_reason":"length","generated_tokens":2,"input_length":4,"seed":null}}`,
		Delta{Kind: Content, N: 1, Done: true, Finish: "length", Usage: &Usage{In: new(4), Out: new(2)}}, " b"},
	{"an end without a text", HuggingFaceGenerate, "", `{"token":{"text":"</s>","special":true},"generated_text":""}`, Delta{Done: true}, ""},
	{"an error", HuggingFaceGenerate, "", `{"error":"Request failed during generation: x","error_type":"generation"}`, fail("Request failed during generation: x"), ""},

	{"chat", Raw, "", `{"choices":[{"delta":{"content":" a"}}]}`, says(1), " a"},
	{"completions", Raw, "", `{"choices":[{"text":" a"}]}`, says(1), " a"},
	{"responses", Raw, "", `{"type":"response.output_text.delta","delta":" a"}`, says(1), " a"},
	{"the end of responses", Raw, "", `{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":3}}}`, Delta{Done: true, Finish: "completed", Usage: &Usage{In: new(3)}}, ""},
	{"messages", Raw, "", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`, reasoning, ""},
	{"the end of messages", Raw, "", `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}`, Delta{Finish: "end_turn", Usage: &Usage{Out: new(15)}}, ""},
	{"a ping of messages", Raw, "", `{"type":"ping"}`, Delta{}, ""},
	{"a token", Raw, "", `{"token":{"text":" a","special":false},"generated_text":null}`, says(1), " a"},
	{"usage of chat", Raw, "", `{"choices":[],"usage":{"prompt_tokens":3}}`, Delta{Usage: &Usage{In: new(3)}}, ""},
	{"the terminator", Raw, "", `[DONE]`, Delta{Done: true}, ""},
	{"two dialects in one event", Raw, "", `{"choices":[{"delta":{"content":"a"}}]}{"type":"response.output_text.delta","delta":"b"}`, says(2), "ab"},
	{"an error", Raw, "", `{"error":"x"}`, fail("x"), ""},
	{"something else", Raw, "", `{"hello":1}`, Delta{}, ""},
}

var replies = []answer{
	{"chat", Chat, "", `{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"a b","reasoning_content":"hm"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`,
		Delta{Kind: Content, N: 1, Finish: "stop", Usage: &Usage{In: new(3), Out: new(4)}}, "a b"},
	{"a tool call", Chat, "", `{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`, Delta{Kind: Tool, N: 1, Finish: "tool_calls"}, ""},
	{"an empty answer", Chat, "", `{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}`, Delta{Finish: "stop"}, ""},
	{"completions", Completions, "", `{"choices":[{"text":"a b","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`,
		Delta{Kind: Content, N: 1, Finish: "length", Usage: &Usage{In: new(3), Out: new(4)}}, "a b"},
	{"responses", Responses, "", `{"object":"response","status":"completed","error":null,"incomplete_details":null,"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"hm"}]},{"type":"message","content":[{"type":"output_text","text":"a b"},{"type":"refusal","refusal":" no"}]}],"usage":{"input_tokens":3,"output_tokens":4,"output_tokens_details":{"reasoning_tokens":2}}}`,
		Delta{Kind: Content, N: 1, Finish: "completed", Usage: &Usage{In: new(3), Out: new(4), Reasoning: new(2)}}, "a b no"},
	{"responses with nothing but reasoning", Responses, "", `{"object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"reasoning","content":[{"text":"hm"}]}]}`, Delta{Kind: Reasoning, N: 1, Finish: "max_output_tokens"}, ""},
	{"responses with a tool call", Responses, "", `{"object":"response","status":"completed","output":[{"type":"function_call","name":"f","arguments":"{}"}]}`, Delta{Kind: Tool, N: 1, Finish: "completed"}, ""},
	{"responses that failed", Responses, "", `{"object":"response","status":"failed","error":{"message":"no memory"}}`, fail("no memory"), ""},
	{"messages", Messages, "", `{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},{"type":"text","text":" b"},{"type":"tool_use","name":"f","input":{}}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}`,
		Delta{Kind: Content, N: 1, Finish: "end_turn", Usage: &Usage{In: new(3), Out: new(4)}}, "a b"},
	{"messages with nothing but a tool call", Messages, "", `{"type":"message","content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use","name":"f","input":{}}],"stop_reason":"tool_use"}`, Delta{Kind: Tool, N: 1, Finish: "tool_use"}, ""},
	{"embeddings", Embeddings, "", `{"object":"list","data":[{"embedding":[0.5,1e-3],"index":0}],"usage":{"prompt_tokens":3,"total_tokens":3}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(3)}}, ""},
	{"no embeddings", Embeddings, "", `{"object":"list","data":[]}`, Delta{}, ""},
	{"rankings", CohereRankings, "", `{"results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}`, says(1), ""},
	{"rankings with billed tokens", CohereRankings, "", `{"results":[{"index":1}],"meta":{"billed_units":{"input_tokens":7.0}}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(7)}}, ""},
	{"rankings with tokens", CohereRankings, "", `{"results":[{"index":1}],"meta":{"billed_units":{"input_tokens":7},"tokens":{"input_tokens":9,"output_tokens":0}}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(9), Out: new(0)}}, ""},
	{"rankings of vLLM", CohereRankings, "", `{"results":[{"index":1}],"usage":{"total_tokens":9,"prompt_tokens":9}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(9)}}, ""},
	{"rankings of Text Embeddings Inference", TEIRankings, "", ` [{"index":1,"score":0.9}]`, says(1), ""},
	{"no rankings", TEIRankings, "", `[]`, Delta{}, ""},
	{"an error", TEIRankings, "", `{"error":"batch size","error_type":"Validation"}`, fail("batch size"), ""},
	{"Text Generation Inference", HuggingFaceGenerate, "", `{"generated_text":"a b","details":{"finish_reason":"eos_token","generated_tokens":2,"tokens":[]}}`, Delta{Kind: Content, N: 1, Finish: "eos_token", Usage: &Usage{Out: new(2)}}, "a b"},
	{"Text Generation Inference, in a list", HuggingFaceGenerate, "", `[{"generated_text":"a b"}]`, says(1), "a b"},
	{"any: chat", Raw, "", `{"choices":[{"message":{"content":"a"}}]}`, says(1), "a"},
	{"any: responses", Raw, "", `{"object":"response","status":"completed","output":[{"type":"message","content":[{"text":"a"}]}],"usage":{"input_tokens":3}}`, Delta{Kind: Content, N: 1, Finish: "completed", Usage: &Usage{In: new(3)}}, "a"},
	{"any: messages", Raw, "", `{"type":"message","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":3}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(3)}}, "a"},
	{"any: rankings", Raw, "", `[{"index":0,"score":1}]`, says(1), ""},
	{"any: embeddings", Raw, "", `{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":3}}`, Delta{Kind: Content, N: 1, Usage: &Usage{In: new(3)}}, ""},
	{"any: Text Generation Inference", Raw, "", `[{"generated_text":"a b"}]`, says(1), "a b"},
}

// sameWords compares errors by what they say.
var sameWords = cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) })

func TestChunk(t *testing.T) {
	t.Parallel()
	for _, c := range chunks {
		got, err := c.e.Chunk(c.event, []byte(c.data))
		if err != nil {
			t.Errorf("%s: %s: %v", c.e.Name, c.why, err)
		}
		if diff := cmp.Diff(c.want, got, sameWords); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.e.Name, c.why, diff)
		}
		if c.want.Err == nil {
			if text := c.e.Text([]byte(c.data)); text != c.text {
				t.Errorf("%s: %s: Text is %q, want %q", c.e.Name, c.why, text, c.text)
			}
		}
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	for _, c := range replies {
		got, err := c.e.Reply([]byte(c.data))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
		}
		if diff := cmp.Diff(c.want, got, sameWords); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
		if text := c.e.Text([]byte(c.data)); text != c.text {
			t.Errorf("%s: Text is %q, want %q", c.why, text, c.text)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints {
		for _, c := range []struct{ why, data string }{
			{"nothing", ""},
			{"white space", " \n"},
			{"a page", "<html>"},
			{"cut short", `{"choices":[`},
			{"cut short in a string", `{"type":"ping`},
			{"a string", `"text"`},
			{"something behind it", `{"choices":[]} x`},
			{"a second one cut short", `{"choices":[]}{`},
			{"a brace too many", `{"choices":[]}}`},
			{"a control character in a string", "{\"a\":\"\n\"}"},
			{"NUL bytes", "\x00"},
			{"a terminator and something", "[DONE]x"},
			{"depth without end", strings.Repeat(`{"a":`, 20000)},
		} {
			if d, err := e.Chunk("", []byte(c.data)); err == nil || d != (Delta{}) {
				t.Errorf("%s: %s: Chunk(%.40q) = %+v, %v; want an error", e.Name, c.why, c.data, d, err)
			}
			if d, err := e.Reply([]byte(c.data)); err == nil || d != (Delta{}) {
				t.Errorf("%s: %s: Reply(%.40q) = %+v, %v; want an error", e.Name, c.why, c.data, d, err)
			}
		}
	}
}
