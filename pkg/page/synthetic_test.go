package page

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// from is where synthetic runs begin.
const from = record.Time(1_800_000_000e9)

// feed adds records to a builder, as lines.
func feed(t testing.TB, b *report.Builder, records ...record.Record) {
	t.Helper()
	var buf bytes.Buffer
	w := record.NewWriter(&buf, record.StartClock())
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	for l, err := range record.Read(&buf, "synthetic") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// synthetic is the report on n requests within so many seconds, and on GPUs that
// were read ten times a second meanwhile; slower stretches its latencies.
func synthetic(t testing.TB, n, gpus int, seconds, slower float64) *report.Report {
	t.Helper()
	var b report.Builder
	b.Tell()
	random := rand.New(rand.NewPCG(1, 2))
	list := []record.Record{&record.Run{Run: "LOAD", Tool: "aiperf-load", Host: "client", Command: []string{"aiperf-load", "--model", "synthetic"}, Config: map[string]any{"model": "synthetic"}}}
	for i := range n {
		at := seconds * float64(i) / float64(n)
		list = append(list, syntheticRequest(random, i, at, slower))
	}
	for k := range int(seconds * 10) {
		for g := range gpus {
			at := float64(k) / 10
			busy := 0.6 + 0.3*math.Sin(at/60+float64(g))
			list = append(list, &record.GPU{Source: "http://node:9400/metrics", Host: "node", GPU: &g, UUID: "GPU-" + strconv.Itoa(g), Model: "H100", Taken: from.Add(at),
				Fields: map[string]float64{record.FieldPower: 100 + 500*busy + 20*random.Float64(), record.FieldUtilization: busy, record.FieldSMClock: 1.98e9,
					"temperature": 40 + 20*busy, "memory_used": 6e10, record.FieldPowerViol: math.Floor(at/100) * 0.1, record.FieldXID: math.Floor(at / 600)}})
		}
	}
	list = append(list, &record.End{Run: "LOAD", Reason: record.Complete})
	feed(t, &b, list...)
	return b.Report()
}

func syntheticRequest(random *rand.Rand, i int, at, slower float64) *record.Request {
	in, out := 200+random.IntN(400), 50+random.IntN(200)
	ttft := slower * 0.05 * math.Exp(0.5*random.NormFloat64()) * (1.5 + math.Sin(at/100))
	took := ttft + slower*float64(out)*0.01*math.Exp(0.1*random.NormFloat64())
	energy, power, hot := float64(out)*0.4*(0.8+0.4*random.Float64()), 500.0, i%50 == 0
	r := &record.Request{Run: "LOAD", ID: strconv.Itoa(i), Phase: record.Profiling, Model: "synthetic", Start: from.Add(at), Took: &took, TTFT: &ttft,
		Tokens: &record.Tokens{In: &in, Out: &out}, GPU: &record.Share{Energy: &energy, Power: &power, Throttled: &hot}}
	if i%200 == 7 {
		r.Error, r.TTFT, r.GPU = &record.Error{Class: record.ClassTimeout, Message: "no answer within 10 s"}, nil, nil
	}
	return r
}

// demo is the report on the demonstration run.
func demo(t testing.TB) *report.Report {
	t.Helper()
	f, err := os.Open("../../cmd/testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b report.Builder
	b.Tell()
	for l, err := range record.Read(f, "demo") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Report()
}

// written is the page of some runs.
func written(t testing.TB, runs ...Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, Options{}, runs...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// payloadOf is the data in a page.
func payloadOf(t testing.TB, page []byte) data {
	t.Helper()
	_, rest, ok := bytes.Cut(page, []byte(`<script type="application/json" id="data">`))
	text, _, end := bytes.Cut(rest, []byte("</script>"))
	var d data
	if err := json.Unmarshal(text, &d); !ok || !end || err != nil {
		t.Fatalf("the page's data cannot be read: %v", err)
	}
	return d
}
