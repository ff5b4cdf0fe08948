package sim

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func page(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	return w.Body.String()
}

// Both layouts can be read, say the same, and change with the refresh alone.
func TestExporter(t *testing.T) {
	for _, layout := range []Layout{Template, Sorted} {
		synctest.Test(t, func(t *testing.T) {
			cfg := plainConfig()
			cfg.Layout, cfg.GPUs, cfg.Refresh = layout, 3, 100*ms
			m := New(cfg)
			h := m.Exporter()
			m.gpus.change(0, 8, 0)
			time.Sleep(10*time.Second + 99*ms)
			first := page(t, h)
			if again := page(t, h); again != first {
				t.Errorf("%s: the page changes between refreshes", layout)
			}
			time.Sleep(ms)
			if next := page(t, h); next == first {
				t.Errorf("%s: the page does not change with the refresh", layout)
			}
			p := expfmt.NewTextParser(model.UTF8Validation)
			got, err := p.TextToMetricFamilies(strings.NewReader(first))
			if err != nil || len(got) != len(families) {
				t.Fatalf("%s: %d of %d families, %v", layout, len(got), len(families), err)
			}
			at := time.Now().Add(-100 * ms)
			for _, x := range got["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"].Metric {
				labels := map[string]string{}
				for _, l := range x.Label {
					labels[strings.ToLower(l.GetName())] = l.GetValue()
				}
				var gpu int
				fmt.Sscan(labels["gpu"], &gpu)
				if labels["uuid"] != m.UUID(gpu) || labels["hostname"] != "sim-node" {
					t.Errorf("%s: labels %v", layout, labels)
				}
				if want := math.Floor(offset(gpu) + 1e3*m.Energy(gpu, at)); x.Counter.GetValue() != want {
					t.Errorf("%s: counter of GPU %d is %.0f mJ, want %.0f", layout, gpu, x.Counter.GetValue(), want)
				}
			}
			if u := got["DCGM_FI_DEV_GPU_UTIL"].Metric[0].Gauge.GetValue(); u != 100 {
				t.Errorf("%s: utilisation is %v %% under full load", layout, u)
			}
		})
	}
}

func TestCounterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Drop = 10 * time.Second
		m := New(cfg)
		time.Sleep(10*time.Second - 1)
		if c := m.Counter(0, time.Now()); c < offset(0) {
			t.Errorf("before the reset it stands at %.0f mJ", c)
		}
		time.Sleep(time.Second + 1)
		if c := m.Counter(0, time.Now()); c != 70_000 {
			t.Errorf("a second after the reset, at 70 W, it stands at %.0f mJ", c)
		}
	})
}
