package sim

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// embeddings is /v1/embeddings: prefill, and no token.
type embeddings struct{ openAI }

// dimensions of an embedding that is not asked for a number, and at most.
const (
	dimensions    = 16
	maxDimensions = 8192
)

func (embeddings) whole(v *visit) {
	dims := dimensions
	if v.ask.dims > 0 {
		dims = min(v.ask.dims, maxDimensions)
	}
	b := append(v.buf, `{"id":`+quote("embd-"+v.id)+`,"object":"list","created":`+strconv.FormatInt(v.began.Unix(), 10)+`,"model":`+quote(v.cfg.Model)+`,"data":[`...)
	for i := range v.ask.inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"object":"embedding","index":`+itoa(i)+`,"embedding":`...)
		b = appendVector(b, i, dims, v.ask.base64)
		b = append(b, '}')
	}
	b = append(b, ']')
	if !v.cfg.NoUsage {
		b = append(b, `,"usage":{"prompt_tokens":`+itoa(v.in)+`,"total_tokens":`+itoa(v.in)+`}`...)
	}
	v.buf = append(b, "}\n"...)
}

// appendVector appends a vector of length 1, as numbers or as base64 of float32.
func appendVector(b []byte, i, dims int, packed bool) []byte {
	var raw []byte
	scale := math.Sqrt(2 / float64(dims))
	sep := byte('[')
	for k := range dims {
		x := float32(scale * math.Cos(2*math.Pi*float64((i+1)*(k+1))/float64(2*dims+1)))
		if packed {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
			continue
		}
		b = strconv.AppendFloat(append(b, sep), float64(x), 'g', -1, 32)
		sep = ','
	}
	if packed {
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
	}
	return append(b, ']')
}

// A ranking is one of the endpoints that put documents in order: prefill, and no
// token.
type ranking struct {
	openAI
	style string
}

// Styles of rankings.
const (
	cohere = "cohere" // /v2/rerank, /v1/rerank
	tei    = "tei"    // /rerank of text-embeddings-inference
	nim    = "nim"    // /v1/ranking
)

func (r ranking) refusal(status int, why string) any {
	if r.style == tei {
		return generate{}.refusal(status, why)
	}
	return r.openAI.refusal(status, why)
}

// order is the documents from the best to the worst. It depends on their number
// alone.
func order(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return (b*7+3)%n - (a*7+3)%n })
	return all
}

func (r ranking) whole(v *visit) {
	n := v.ask.inputs
	ranked := order(n)
	if v.ask.topN > 0 && r.style == cohere {
		ranked = ranked[:min(n, v.ask.topN)]
	}
	key := map[string]string{cohere: "relevance_score", tei: "score", nim: "logit"}[r.style]
	list := []byte{'['}
	for i, d := range ranked {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, `{"index":`+itoa(d)+`,"`+key+`":`...)
		list = strconv.AppendFloat(list, 1-float64(i)/float64(n+1), 'f', 6, 64)
		list = append(list, '}')
	}
	list = append(list, ']')
	usage := ""
	if !v.cfg.NoUsage {
		usage = `,"usage":{"prompt_tokens":` + itoa(v.in) + `,"total_tokens":` + itoa(v.in) + `}`
	}
	switch r.style {
	case tei:
		v.buf = append(append(v.buf, list...), '\n')
	case nim:
		v.buf = append(append(append(v.buf, `{"rankings":`...), list...), usage+"}\n"...)
	default:
		v.buf = append(v.buf, `{"id":`+quote("rerank-"+v.id)+`,"model":`+quote(v.cfg.Model)+`,"results":`...)
		v.buf = append(append(v.buf, list...), `,"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}`+usage+"}\n"...)
	}
}
