package openai

import "strings"

// The endpoints. Paths and body shapes are those of the servers' own
// references.
var (
	// Chat is OpenAI's chat completions, which nearly every server has.
	Chat = Endpoint{
		Name: "chat", Path: "/v1/chat/completions", Streams: true, Tokens: true,
		Key: bearer, Body: orPayload(chatBody), Chunk: chat.chunk, Reply: chat.reply, Text: chat.text,
	}
	// Completions is OpenAI's older text completion. Its prompt is the contents
	// of all messages, each on a line of its own.
	Completions = Endpoint{
		Name: "completions", Path: "/v1/completions", Streams: true, Tokens: true,
		Key: bearer, Body: orPayload(completionsBody), Chunk: completions.chunk, Reply: completions.reply, Text: completions.text,
	}
	// Responses is OpenAI's successor of chat.
	Responses = Endpoint{
		Name: "responses", Path: "/v1/responses", Streams: true, Tokens: true,
		Key: bearer, Body: orPayload(responsesBody), Chunk: responses.chunk, Reply: responses.reply, Text: responses.text,
	}
	// Messages is Anthropic's. It has to be told a length of answer:
	// [DefaultMaxTokens] if a turn asks for none.
	Messages = Endpoint{
		Name: "messages", Path: "/v1/messages", Streams: true, Tokens: true,
		Header: map[string]string{"anthropic-version": "2023-06-01"},
		Key:    anthropicKey, Body: orPayload(messagesBody), Chunk: messages.chunk, Reply: messages.reply, Text: messages.text,
	}
	// Embeddings is OpenAI's. It embeds a turn's Texts, or its messages.
	Embeddings = Endpoint{
		Name: "embeddings", Path: "/v1/embeddings",
		Key: bearer, Body: orPayload(embeddingsBody), Chunk: vectors.chunk, Reply: vectors.reply, Text: vectors.text,
	}
	// CohereRankings ranks a turn's Texts by its Query, or by its messages.
	CohereRankings = Endpoint{
		Name: "cohere_rankings", Path: "/v2/rerank",
		Key: bearer, Body: orPayload(cohereBody), Chunk: vectors.chunk, Reply: vectors.reply, Text: vectors.text,
	}
	// TEIRankings does so with Hugging Face's Text Embeddings Inference.
	TEIRankings = Endpoint{
		Name: "hf_tei_rankings", Path: "/rerank",
		Key: bearer, Body: orPayload(teiBody), Chunk: vectors.chunk, Reply: vectors.reply, Text: vectors.text,
	}
	// HuggingFaceGenerate is Hugging Face's Text Generation Inference. The
	// run's extra keys go into "parameters", as they do with AIPerf; a turn's
	// go beside it. Its inputs are made like [Completions]' prompt.
	HuggingFaceGenerate = Endpoint{
		Name: "huggingface_generate", Path: "/generate", StreamPath: "/generate_stream", Streams: true, Tokens: true,
		Key: bearer, Body: orPayload(generateBody), Chunk: generate.chunk, Reply: generate.reply, Text: generate.text,
	}
	// Raw sends each turn's Payload to the base URL itself, and takes whatever
	// answer one of the others understands.
	Raw = Endpoint{
		Name: "raw", Streams: true, Tokens: true,
		Key: bearer, Body: orPayload(noBody), Chunk: anything.chunk, Reply: anything.reply, Text: anything.text,
	}
)

var endpoints = []*Endpoint{&Chat, &Completions, &Responses, &Messages, &Embeddings, &CohereRankings, &TEIRankings, &HuggingFaceGenerate, &Raw}

func bearer(key string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + key}
}

// anthropicKey sends a key both ways: Anthropic takes x-api-key, vLLM and SGLang
// have a bearer token at /v1/messages, too. Anthropic refuses a bearer token
// that it has not given out as one, so its own keys are sent in one way only.
func anthropicKey(key string) map[string]string {
	h := map[string]string{"x-api-key": key}
	if !strings.HasPrefix(key, "sk-ant-") {
		h["Authorization"] = "Bearer " + key
	}
	return h
}
