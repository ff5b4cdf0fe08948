package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
