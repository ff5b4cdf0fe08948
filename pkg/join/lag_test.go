package join

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/sim"
)

// A course is a load and the power that follows it, known to the millisecond
// from 0 s on.
type course struct {
	n      []float64
	joules []float64
}

// follow makes the power follow n by delay, with a time constant, and waver.
func follow(r *rand.Rand, n []float64, delay, tau, gain, noise float64) course {
	c := course{n: n}
	p, e, waver := 80.0, 0.0, 0.0
	for ms := range n {
		past := 0.0
		if i := ms - int(delay*1000); i >= 0 && i < len(n) {
			past = n[i]
		}
		target := 80 + gain*(1-math.Exp(-past/6))
		p += (target - p) * min(1, 0.001/tau)
		waver += -waver*0.01 + noise*0.14*r.NormFloat64()
		c.joules = append(c.joules, e)
		e += (p + waver) * 0.001
	}
	return c
}

// arrivals is the number in flight of a Poisson load from 10 s to the 10th but
// last, with requests of some seconds.
func arrivals(r *rand.Rand, seconds, rate, long float64) []float64 {
	n := make([]float64, int(seconds*1000))
	for t := 10.0; t < seconds-10; t += r.ExpFloat64() / rate {
		end := min(t+long*(0.5+r.Float64()), seconds-10)
		for ms := int(t * 1000); ms < int(end*1000); ms++ {
			n[ms]++
		}
	}
	return n
}

// square is a load that comes and goes.
func square(seconds, from, to, period, level float64) []float64 {
	n := make([]float64, int(seconds*1000))
	for ms := range n {
		s := float64(ms) / 1000
		if s >= from && s < to && math.Mod(s-from, period) < period/2 {
			n[ms] = level
		}
	}
	return n
}

// feed gives a lagger what a join would see of c: the changes of the load, and
// mean powers between the readings of an exporter, in the order of time.
func (c course) feed(l *lagger, r *rand.Rand, refresh float64) {
	last := refresh * r.Float64()
	read := func(s float64) float64 {
		i := int(s * 1000)
		return c.joules[i] + (c.joules[i+1]-c.joules[i])*(s*1000-float64(i))
	}
	was := 0.0
	for ms, n := range c.n {
		s := float64(ms) / 1000
		if n != was {
			l.load(at(s), n)
			was = n
		}
		if next := last + refresh; s >= next && ms+1 < len(c.joules) {
			l.power(at(last), at(next), (read(next)-read(last))/(next-last))
			last = next
		}
	}
}

func TestLagIsFound(t *testing.T) {
	t.Parallel()
	for _, refresh := range []float64{0.033, 0.1, 1} {
		for _, delay := range []float64{-3, -0.4, 0, 0.25, 1.1, 3} {
			for _, kind := range []string{"poisson", "blocks", "one block"} {
				t.Run(fmt.Sprintf("refresh=%v,delay=%v,%s", refresh, delay, kind), func(t *testing.T) {
					t.Parallel()
					r := rand.New(rand.NewPCG(uint64(refresh*1000), uint64(delay*1000+5000)))
					n := arrivals(r, 120, 1.5, 2)
					switch kind {
					case "blocks":
						n = square(120, 15, 105, 23, 8)
					case "one block":
						n = square(90, 20, 70, 1000, 8)
					}
					const tau = 0.1
					l := new(lagger)
					follow(r, n, delay, tau, 300, 8).feed(l, r, refresh)
					lag, strength, _, ok := l.result()
					if !ok || math.Abs(lag-delay) > max(refresh, 0.02)+tau || strength < 0.7 {
						t.Errorf("lag %.3f s, r %.2f, %v; want %v", lag, strength, ok, delay)
					}
				})
			}
		}
	}
}

// TestLagFindsSkew: clocks that are 250 ms apart are found, whatever else makes
// telemetry late.
func TestLagFindsSkew(t *testing.T) {
	t.Parallel()
	const skew, tau = 0.25, 0.15
	for _, refresh := range []float64{0.033, 0.1, 1} {
		for seed := range uint64(5) {
			var lags [2]float64
			for i := range lags {
				r := rand.New(rand.NewPCG(seed, 7))
				l, n := new(lagger), arrivals(r, 150, 2, 1.5)
				follow(r, n, skew*float64(i), tau, 300, 8).feed(l, r, refresh)
				lag, _, _, ok := l.result()
				if !ok || math.Abs(lag-skew*float64(i)) > refresh+tau {
					t.Errorf("refresh %v, seed %d: lag %.3f s, %v; want %v", refresh, seed, lag, ok, skew*float64(i))
				}
				lags[i] = lag
			}
			// A refresh of a second cannot tell where in it the power rose.
			if d := lags[1] - lags[0]; math.Abs(d-skew) > max(0.03, refresh/4) {
				t.Errorf("refresh %v, seed %d: the difference is %.3f s, want %v", refresh, seed, d, skew)
			}
		}
	}
}

func TestLagIsNotKnown(t *testing.T) {
	t.Parallel()
	steady := make([]float64, 120_000)
	for i := range steady {
		steady[i] = 8
	}
	invert := func(c course) course {
		for i := range c.joules {
			c.joules[i] = 500*float64(i)/1000 - c.joules[i]
		}
		return c
	}
	r := func() *rand.Rand { return rand.New(rand.NewPCG(3, 4)) }
	for _, c := range []struct {
		name, why string
		course    course
		refresh   float64
	}{
		{"flat", "a load that was there before the telemetry and stayed says nothing", follow(r(), steady, 0.5, 0.1, 0, 8), 0.1},
		{"no load", "there is nothing to follow", follow(r(), make([]float64, 60_000), 0.5, 0.1, 300, 8), 0.1},
		{"no answer", "the power of another machine", follow(r(), arrivals(r(), 200, 2, 2), 0, 0.1, 0, 8), 0.1},
		{"constant power", "a power that does not vary has no r", follow(r(), arrivals(r(), 100, 2, 2), 0, 0.1, 0, 0), 0.1},
		{"against", "power falls when load rises", invert(follow(r(), arrivals(r(), 200, 1, 2), 0.3, 0.1, 300, 5)), 0.1},
		{"against one block", "the same with two edges only", invert(follow(r(), square(90, 20, 70, 1000, 8), 0.3, 0.1, 300, 5)), 0.1},
		{"too slow", "one reading in 30 s", follow(r(), square(300, 20, 270, 60, 8), 0.3, 0.1, 300, 5), 30},
		{"too few", "three readings of a second", follow(r(), arrivals(r(), 24, 2, 2)[9_000:13_000], 0, 0.1, 300, 5), 1},
		{"too late", "the power is 9 s behind", follow(r(), square(120, 15, 105, 1000, 8), 9, 0.1, 300, 1), 0.1},
	} {
		l := new(lagger)
		c.course.feed(l, r(), c.refresh)
		if lag, strength, _, ok := l.result(); ok {
			t.Errorf("%s: lag %.3f s, r %.2f; want none: %s", c.name, lag, strength, c.why)
		}
	}
	if _, _, _, ok := new(lagger).result(); ok {
		t.Error("a lagger that was told nothing knows a lag")
	}
}

// TestLagOfPeriodicLoad: of peaks a period apart the nearest to 0 is taken.
func TestLagOfPeriodicLoad(t *testing.T) {
	t.Parallel()
	for _, delay := range []float64{-0.6, 0, 0.3, 0.7} {
		r := rand.New(rand.NewPCG(5, 6))
		l := new(lagger)
		follow(r, square(200, 12, 180, 2, 8), delay, 0.05, 300, 5).feed(l, r, 0.1)
		if lag, strength, _, ok := l.result(); !ok || math.Abs(lag-delay) > 0.15 {
			t.Errorf("lag %.3f s, r %.2f, %v; want %v", lag, strength, ok, delay)
		}
	}
}

// TestLagIsBounded: what a lagger holds and does depends on neither how long
// the run is nor how far apart its parts are, and the answer stays.
func TestLagIsBounded(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 9))
	l := new(lagger)
	l.power(at(-30*86400), at(-30*86400+0.1), 80) // and then a month of silence
	follow(r, arrivals(r, 1500, 1.5, 2), 0.4, 0.1, 300, 8).feed(l, r, 0.1)
	want, _, _, _ := l.result()
	if math.Abs(want-0.4) > 0.2 {
		t.Errorf("lag %.3f s, want 0.4", want)
	}
	if l.count != lagBudget {
		t.Errorf("%v bins counted of 75,000, want %d", l.count, lagBudget)
	}
	// Hours in which power does not follow the load any more, then nonsense.
	for s := 2000.0; s < 12_000; s++ {
		l.load(at(s), float64(r.IntN(9)))
		l.power(at(s), at(s+1), 400*r.Float64())
	}
	l.load(at(20*365*86400), 3)
	l.power(1, at(100*365*86400), 80)
	l.power(at(-200*365*86400), at(200*365*86400), 80)
	l.power(math.MinInt64, math.MaxInt64, 80)
	l.load(math.MinInt64, 3)
	l.load(math.MaxInt64, 3)
	l.power(math.MaxInt64-5e9, math.MaxInt64, 80)
	l.power(at(1), at(2), math.NaN())
	l.load(at(1), math.Inf(1))
	if have, _, _, ok := l.result(); !ok || have != want {
		t.Errorf("lag %.3f s, %v; it was %.3f s", have, ok, want)
	}
	if n := len(l.x) + len(l.y) + len(l.known) + len(l.refresh.xs); n > 3*lagRing+sampleCap {
		t.Errorf("%d numbers are held", n)
	}
}

// TestLagOfTwoGPUs: their powers are averaged, and need not come together.
func TestLagOfTwoGPUs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 9))
	n := arrivals(r, 120, 1.5, 2)
	l := new(lagger)
	follow(r, n, 0.4, 0.1, 300, 8).feed(l, r, 0.1)
	follow(r, make([]float64, len(n)), 0.4, 0.1, 300, 2).feed(l, r, 0.07) // one that is not used
	if lag, strength, _, ok := l.result(); !ok || math.Abs(lag-0.4) > 0.2 {
		t.Errorf("lag %.3f s, r %.2f, %v; want 0.4", lag, strength, ok)
	}
}

// TestLagOfSimulatedMachine: requests that are really served, and the counter
// of the GPU that serves them, which an exporter reads at its own pace.
func TestLagOfSimulatedMachine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := sim.Defaults
		m := sim.New(cfg)
		server, begun := m.Server(), time.Now()
		r := rand.New(rand.NewPCG(1, 2))
		l, lock := new(lagger), sync.Mutex{}
		n := 0.0
		change := func(by float64) {
			lock.Lock()
			defer lock.Unlock()
			n += by
			l.load(record.At(time.Now()), n)
		}
		var wg sync.WaitGroup
		for time.Since(begun) < 60*time.Second {
			time.Sleep(time.Duration(r.ExpFloat64() * float64(700*time.Millisecond)))
			body := fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"one two"}],"max_completion_tokens":%d}`, 50+r.IntN(100))
			wg.Go(func() {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://sim/v1/chat/completions", strings.NewReader(body))
				change(1)
				server.ServeHTTP(httptest.NewRecorder(), req)
				change(-1)
			})
		}
		wg.Wait()
		time.Sleep(10 * time.Second)
		const refresh = 100 * time.Millisecond
		for from := begun; from.Before(time.Now().Add(-refresh)); from = from.Add(refresh) {
			to := from.Add(refresh)
			l.power(record.At(from), record.At(to), (m.Counter(0, to)-m.Counter(0, from))/1e3/refresh.Seconds())
		}
		lag, strength, _, ok := l.result()
		if tau := cfg.Power.Tau.Seconds(); !ok || lag < -0.02 || lag > tau+refresh.Seconds() || strength < 0.8 {
			t.Errorf("lag %.3f s, r %.2f, %v; want up to the time constant of %v s", lag, strength, ok, tau)
		}
	})
}

// go test -run - -bench Lag -count 10 ./pkg/join | benchstat -
func BenchmarkLag(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	c := follow(r, arrivals(r, 1000, 2, 2), 0.4, 0.1, 300, 8)
	b.ReportAllocs()
	for b.Loop() {
		l := new(lagger)
		c.feed(l, r, 0.1)
		if _, _, _, ok := l.result(); !ok {
			b.Fatal("no lag")
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "s-of-run/s")
}

// TestLagInAnyOrder: power may be told a minute before the load of its time, as
// by a join that holds requests back, or a minute after it.
func TestLagInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 9))
	n := arrivals(r, 300, 1.5, 2)
	c := follow(r, n, 0.4, 0.1, 300, 8)
	const refresh = 100 // ms
	tell := func(behind int) (float64, float64, bool) {
		l := new(lagger)
		for ms := range len(n) + 60_000 {
			if i := ms - max(0, behind); i >= 0 && i < len(n) && (i == 0 || n[i] != n[i-1]) {
				l.load(at(float64(i)/1000), n[i])
			}
			if i := ms - max(0, -behind); i >= refresh && i < len(n) && i%refresh == 0 {
				l.power(at(float64(i-refresh)/1000), at(float64(i)/1000), (c.joules[i]-c.joules[i-refresh])/refresh*1000)
			}
		}
		lag, strength, _, ok := l.result()
		return lag, strength, ok
	}
	lag, strength, ok := tell(0)
	if !ok || math.Abs(lag-0.4) > 0.2 {
		t.Errorf("lag %.3f s, %v; want 0.4", lag, ok)
	}
	for _, behind := range []int{60_000, -60_000} {
		if have, s, ok := tell(behind); !ok || have != lag || s != strength {
			t.Errorf("load %d ms behind: lag %v s, r %v, %v; want %v, %v", behind, have, s, ok, lag, strength)
		}
	}
}
