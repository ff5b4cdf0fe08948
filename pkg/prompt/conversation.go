package prompt

import (
	"encoding/json"
	"time"
)

// A Message is one message of a conversation: a role and a text, or Raw alone.
type Message struct {
	Role    string          `json:"role"`
	Content string          `json:"content"`
	Raw     json.RawMessage `json:"-"` // the message as a dataset has it, such as one of several parts
}

// A Turn is what one request asks. Most have Messages; Texts and Query are for
// endpoints that take no conversation.
type Turn struct {
	Messages []Message       // what this turn adds to the conversation, mostly one message of the user
	Texts    []string        // what to embed, or the passages to rank
	Query    string          // what to rank them by
	Payload  json.RawMessage // the whole body of the request; nothing else is used then
	Extra    json.RawMessage // an object whose keys go into the body of this request
	Model    string          // of this request; empty leaves it to the run
	In       int             // tokens of Messages, Texts and Query, by a tokenizer; 0 if not counted
	Out      *int            // tokens of answer to ask for; nil leaves it to the server

	Delay time.Duration  // think time: how long after the turn before has ended
	Due   *time.Duration // when a trace has it, since the trace's own zero; nil if it does not say
}

// A Conversation is one or more turns, each sent when the one before is over.
type Conversation struct {
	ID    string
	Index int // its place in the sequence of conversations, from 0
	Turns []Turn

	// Whole tells that each turn's messages are all that is sent. Otherwise a
	// turn is sent behind all that was said before it, live replies included.
	Whole bool
}
