package sim

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// Energy is the integral of power: a sum of 10 µs steps comes to the same.
func TestEnergyIsTheIntegralOfPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.GPUs, cfg.Power.Spread = 2, 0.4
		m := New(cfg)
		from := time.Now()
		for _, load := range [][2]int{{1, 0}, {-1, 1}, {3, 0}, {-3, 3}, {0, -4}} {
			time.Sleep(170 * ms)
			m.gpus.change(load[0], load[1], 0)
		}
		time.Sleep(time.Second)
		for gpu := range 2 {
			const step = 10 * time.Microsecond
			sum, most := 0.0, 0.0
			for at := from.Add(step / 2); at.Before(time.Now()); at = at.Add(step) {
				p := m.Power(gpu, at)
				sum += p * step.Seconds()
				most = max(most, p)
			}
			exact := m.Energy(gpu, time.Now())
			if math.Abs(exact-sum) > 1e-6*sum {
				t.Errorf("GPU %d: %.6f J, integrated %.6f J", gpu, exact, sum)
			}
			if most < 200 || most > 700 || m.Power(gpu, time.Now()) > 71 {
				t.Errorf("GPU %d: power rose to %.1f W and fell to %.1f W", gpu, most, m.Power(gpu, time.Now()))
			}
		}
		if m.Energy(0, time.Now()) <= m.Energy(1, time.Now()) {
			t.Error("the GPU that works less used no less")
		}
	})
}

func TestLimitThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.Power.Limit = 250
		m := New(cfg)
		m.gpus.change(0, 30, 0)
		time.Sleep(2 * time.Second)
		v := m.values(0, time.Now())
		if v["POWER_USAGE"] > 250 || v["POWER_VIOLATION"] != 2e9 || v["SM_CLOCK"] != 1590 {
			t.Errorf("power %v W, violation %v ns, clock %v MHz", v["POWER_USAGE"], v["POWER_VIOLATION"], v["SM_CLOCK"])
		}
	})
}
