package sim

import "net/http"

// generate is /generate and /generate_stream of text-generation-inference. It
// sends one object for each token, the last with the whole text.
type generate struct{}

func (generate) parts() bool        { return false }
func (generate) begin(*visit, part) {}
func (generate) end(*visit, part)   {}
func (generate) open(v *visit)      { v.field = "data:" } // as TGI does

func (generate) refusal(status int, why string) any {
	kind := "generation"
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		kind = "validation"
	case http.StatusTooManyRequests:
		kind = "overloaded"
	}
	return map[string]any{"error": why, "error_type": kind}
}

func (generate) failure(v *visit, message string) {
	v.event("", `{"error":"`+message+`","error_type":"generation"}`)
}

// token is one object of a stream.
func (g generate) token(v *visit, id int, said string, special bool, rest string) {
	flag := "false"
	if special {
		flag = "true"
	}
	v.event("", `{"index":`, itoa(id), `,"token":{"id":`, itoa(id), `,"text":"`, said, `","logprob":-0.5,"special":`, flag, `},`, rest, `}`)
}

const unfinished = `"generated_text":null,"details":null`

func (g generate) tokens(v *visit, _ part, k int) {
	for i := v.out; i < v.out+k; i++ {
		rest := unfinished
		if i+1 == v.total && !v.fault.has(StyleNoTerm) && !v.fault.has(StyleNoDone) {
			rest = g.last(v)
		}
		g.token(v, i+1, string(v.appendText(nil, i, i+1)), false, rest)
	}
}

// last is what the last object of a stream says of the whole.
func (g generate) last(v *visit) string {
	details := "null"
	if !v.cfg.NoUsage {
		details = `{"finish_reason":"` + g.reason(v) + `","generated_tokens":` + itoa(v.total) + `,"seed":null,"input_length":` + itoa(v.in) + `}`
	}
	return `"generated_text":"` + string(v.appendText(nil, 0, v.total)) + `","details":` + details
}

func (generate) reason(v *visit) string {
	if v.reason == "length" {
		return "length"
	}
	return "eos_token"
}

// finish has something to say only if no token has said it.
func (g generate) finish(v *visit) {
	if v.total == 0 {
		g.token(v, 1, "</s>", true, g.last(v))
	}
}

func (g generate) whole(v *visit) {
	_, rest, _ := v.wholes()
	details := ""
	if v.ask.details && !v.cfg.NoUsage {
		details = `,"details":{"finish_reason":"` + g.reason(v) + `","generated_tokens":` + itoa(v.out) + `,"seed":null,"prefill":[],"tokens":[]}`
	}
	v.buf = append(v.buf, `{"generated_text":"`+rest+`"`+details+"}\n"...)
}
