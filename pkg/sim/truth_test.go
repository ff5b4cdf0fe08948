package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// The truth agrees with what a client sees, and its loads with the energies.
func TestTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := start(t, plainConfig())
		var b bytes.Buffer
		m.WriteTruth(&b)
		time.Sleep(time.Second)
		resp := post(t.Context(), t, c, "/v1/chat/completions", streamed, "X-Request-ID", "r-1")
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		synctest.Wait()
		if err := m.EndTruth(); err != nil {
			t.Fatal(err)
		}
		var kinds []string
		var loads []TrueLoad
		var r TrueRequest
		for line := range strings.Lines(b.String()) {
			var h struct{ Type string }
			if err := json.Unmarshal([]byte(line), &h); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, h.Type)
			switch h.Type {
			case TypeLoad:
				var l TrueLoad
				json.Unmarshal([]byte(line), &l)
				loads = append(loads, l)
			case TypeRequest:
				json.Unmarshal([]byte(line), &r)
			}
		}
		if want := "sim.load sim.load sim.load sim.load sim.request sim.load sim.end"; strings.Join(kinds, " ") != want {
			t.Errorf("lines %v, want %s", kinds, want)
		}
		if diff := cmp.Diff([]float64{0.084, 0.094, 0.104, 0.114}, r.Sent); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		energy := func(l TrueLoad, dt float64) float64 {
			return l.Energy[0] + l.Target[0]*dt + (l.Power[0]-l.Target[0])*l.Tau*(1-math.Exp(-dt/l.Tau))
		}
		if got := energy(loads[2], r.Ended.Sub(loads[2].At)); math.Abs(got-r.EnergyEnded[0]) > 1e-9 {
			t.Errorf("the load says %v J at the end, the request %v J", got, r.EnergyEnded[0])
		}
		if r.EnergyArrived[0] != 70 || r.In != 4 || r.Out != 4 || r.ID != "r-1" {
			t.Errorf("%+v", r)
		}
	})
}

// What the truth tells of a request itself, answered, refused or left.
func TestTruthOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Reasoning, cfg.PrefixCache = 1, true
		m, c := start(t, cfg)
		var b bytes.Buffer
		m.WriteTruth(&b)
		const prompt = "a b c d e f g h i j k l m n o p q"
		for _, x := range []struct{ path, body, fault string }{
			{"/v1/chat/completions", `{"model":"m","messages":[{"content":"` + prompt + `"}],"max_tokens":2,"stream":true}`, "joined"},
			{"/v1/completions", `{"prompt":"` + prompt + `","max_tokens":1}`, ""},
			{"/v2/rerank", `{"query":"q","documents":["a","b"]}`, ""},
			{"/v1/messages", `{}`, ""},
			{"/v1/completions", `{"prompt":"a"}`, "503"},
			{"/v1/completions", `{"prompt":"a"}`, "html"},
			{"/v1/completions", `{`, ""},
		} {
			resp := post(t.Context(), t, c, x.path, x.body, "X-Request-ID", "r-1", "X-Correlation-ID", "c-1", faultHeader, x.fault)
			copyTo(io.Discard, resp)
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		resp := post(ctx, t, c, "/v1/completions", `{"prompt":"a","stream":true}`)
		copyTo(io.Discard, resp)
		synctest.Wait()
		m.EndTruth()
		want := []TrueRequest{
			{Path: "/v1/chat/completions", Model: "m", Sent: []float64{0.107, 0.107}, In: 17, Out: 2, Asked: 2, Messages: 1, Stream: true, Reasoning: 1, Fault: "joined", Bytes: 103},
			{Path: "/v1/completions", Sent: []float64{0.081}, In: 17, Out: 1, Asked: 1, Cached: 16, Bytes: 61},
			{Path: "/v2/rerank", Sent: []float64{0.083}, In: 3, Inputs: 2, Bytes: 35},
			{Path: "/v1/messages", Sent: []float64{}, Status: 400, Bytes: 2, Body: "44136fa355b3678a"},
			{Path: "/v1/completions", Sent: []float64{}, In: 1, Status: 503, Fault: "503", Bytes: 14},
			{Path: "/v1/completions", Sent: []float64{}, In: 1, Status: 200, Fault: "html", Bytes: 14},
			{Path: "/v1/completions", Sent: []float64{}, Status: 400, Bytes: 1},
			{Path: "/v1/completions", Sent: []float64{0.081, 0.091}, In: 1, Out: 2, Stream: true, Gone: true, Bytes: 28},
		}
		for i := range want {
			if i < len(want)-1 {
				want[i].ID, want[i].Conversation = "r-1", "c-1"
			}
			want[i].Proto, want[i].Server = "HTTP/1.1", "sim:80"
		}
		got := trueRequests(t, b.String())
		seen := map[string]string{} // hashes
		for i := range got {
			if got[i].Remote == "" || got[i].Ended == 0 || got[i].EnergyEnded == nil {
				t.Errorf("%+v", got[i])
			}
			seen[got[i].Body] = got[i].Path
			g := &got[i]
			if want[i].Body == "" {
				g.Body = "" // it was seen
			}
			g.Header, g.Arrived, g.Began, g.Ended, g.EnergyArrived, g.EnergyEnded, g.Remote = record.Header{}, 0, 0, 0, nil, nil, ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(seen) != 7 {
			t.Errorf("%d hashes of 7 bodies", len(seen))
		}
	})
}
