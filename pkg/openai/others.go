package openai

import (
	"bytes"
	"encoding/json"
)

type generated struct {
	Token *struct {
		Text    word `json:"text"`
		Special bool `json:"special"` // such as the end of the sequence: no text for a user
	} `json:"token"`
	Whole   *string `json:"generated_text"`
	Details *struct {
		Finish    word   `json:"finish_reason"`
		Generated number `json:"generated_tokens"`
		Input     number `json:"input_length"`
	} `json:"details"`
	Error json.RawMessage `json:"error"`
}

// generateValue reads an event or an answer of Text Generation Inference. The
// last event has the whole text again.
func generateValue(value []byte, text *[]byte) (Delta, error) {
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("[")) {
		var many []json.RawMessage
		if err := json.Unmarshal(value, &many); err != nil {
			return Delta{}, err
		}
		var all Delta
		for _, one := range many {
			d, err := generateValue(one, text)
			if err != nil {
				return Delta{}, err
			}
			all.add(d)
		}
		return all, nil
	}
	var e generated
	if err := json.Unmarshal(value, &e); err != nil {
		return Delta{}, err
	}
	if present(e.Error) {
		return failed(value), nil
	}
	d := Delta{Done: e.Whole != nil}
	switch {
	case e.Token != nil && !e.Token.Special:
		d.Kind = kind(e.Token.Text != "", false, false)
		keep(text, e.Token.Text)
	case e.Token == nil && e.Whole != nil:
		d.Kind = kind(*e.Whole != "", false, false)
		keep(text, *e.Whole)
	}
	if e.Details != nil {
		d.Finish = string(e.Details.Finish)
		d.Usage = (&usage{Input: e.Details.Input, Output: e.Details.Generated}).of()
	}
	return d, nil
}

type ranked struct {
	Data    []json.RawMessage `json:"data"`    // of embeddings
	Results []json.RawMessage `json:"results"` // of rankings
	Usage   *usage            `json:"usage"`
	Meta    *struct {
		Tokens *usage `json:"tokens"`
		Billed *usage `json:"billed_units"`
	} `json:"meta"`
	Error  json.RawMessage `json:"error"`
	Object word            `json:"object"`
}

// vectorsValue reads an answer of embeddings or rankings, whose vectors and
// scores are not looked at. A bare array is Text Embeddings Inference's.
func vectorsValue(value []byte) (Delta, error) {
	var r ranked
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("[")) {
		err := json.Unmarshal(value, &r.Results)
		return Delta{Kind: kind(len(r.Results) > 0, false, false)}, err
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return Delta{}, err
	}
	if present(r.Error) || r.Object == "error" {
		return failed(value), nil
	}
	d := Delta{Kind: kind(len(r.Data)+len(r.Results) > 0, false, false)}
	d.Usage = r.Usage.of()
	if r.Meta != nil {
		// The last that is there counts: usage, then all tokens, then the billed.
		for _, u := range []*usage{r.Meta.Billed, r.Meta.Tokens, r.Usage} {
			if got := u.of(); got != nil && *got != (Usage{}) {
				d.Usage = got
			}
		}
	}
	return d, nil
}
