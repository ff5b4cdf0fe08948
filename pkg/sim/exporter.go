package sim

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// Exporter serves /metrics as dcgm-exporter does. Its values are those of the
// last instant of a grid that began with the machine, so that asking more often
// than the grid gives the same page again.
func (m *Machine) Exporter() http.Handler {
	e := &exporter{Machine: m, tick: -1}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.page)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("OK")) })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<html><title>GPU Exporter</title><a href=\"./metrics\">Metrics</a></html>"))
	})
	return mux
}

type exporter struct {
	*Machine
	mu   sync.Mutex
	tick int64 // of the grid, which text is for
	text []byte
}

func (e *exporter) page(w http.ResponseWriter, _ *http.Request) {
	begun := e.gpus.begun
	tick := int64(time.Since(begun) / e.cfg.Refresh)
	e.mu.Lock()
	if tick != e.tick {
		e.tick = tick
		e.text = e.render(begun.Add(time.Duration(tick) * e.cfg.Refresh))
	}
	text := e.text
	e.mu.Unlock()
	if e.cfg.Layout == Sorted {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	} else {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.Write(text)
}

// Counter is what the energy counter of a GPU stands at, in mJ, at an instant
// that does not lie in the future. It is the floor of the exact energy.
func (m *Machine) Counter(gpu int, t time.Time) float64 {
	mj := offset(gpu) + 1e3*m.Energy(gpu, t)
	if d := m.cfg.Drop; d > 0 && !t.Before(m.gpus.begun.Add(d)) {
		mj -= offset(gpu) + 1e3*m.Energy(gpu, m.gpus.begun.Add(d))
	}
	return math.Floor(mj)
}

// window is how far back utilisation looks, at least.
const window = 100 * time.Millisecond

// values are those of one GPU at an instant, by field, in the exporter's units.
func (m *Machine) values(gpu int, t time.Time) map[string]float64 {
	s := m.gpus.at(t)
	back := max(m.cfg.Refresh, window)
	if since := t.Sub(m.gpus.begun); since < back {
		back = since
	}
	util := 0.0
	if back > 0 {
		util = (s.busy - m.gpus.at(t.Add(-back)).busy) / back.Seconds()
	}
	prefill := 1 - math.Exp(-float64(s.prefilling))
	decode := 1 - math.Exp(-float64(s.decoding)/6)
	clock := 345.0
	switch {
	case s.demandOver[gpu]:
		clock = 1590
	case s.prefilling+s.decoding > 0:
		clock = 1980
	}
	const total, reserved, weights = 81559, 551, 58000
	used := math.Floor(min(total-reserved, weights+0.125*float64(s.tokens)))
	active := min(1, 0.55*decode+0.4*prefill)
	return map[string]float64{
		"SM_CLOCK": clock, "MEM_CLOCK": 2619,
		"MEMORY_TEMP": math.Floor(s.heat[gpu] + 9), "GPU_TEMP": math.Floor(s.heat[gpu]),
		"POWER_USAGE":              math.Round(s.power[gpu]*1e3) / 1e3,
		"TOTAL_ENERGY_CONSUMPTION": m.Counter(gpu, t),
		"GPU_UTIL":                 math.Round(100 * util), "MEM_COPY_UTIL": math.Round(100 * util * 0.6 * decode),
		"ENC_UTIL": 0, "DEC_UTIL": 0, "XID_ERRORS": 0,
		"POWER_VIOLATION": math.Floor(s.over[gpu] * 1e9), "THERMAL_VIOLATION": 0,
		"FB_FREE": total - reserved - used, "FB_USED": used, "FB_RESERVED": reserved,
		"GR_ENGINE_ACTIVE": util, "SM_ACTIVE": active, "PIPE_TENSOR_ACTIVE": 0.7 * active * prefill, "DRAM_ACTIVE": 0.8 * decode,
	}
}
