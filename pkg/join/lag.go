package join

import (
	"math"

	"aiperf/pkg/record"
)

// By how much telemetry follows load.
//
// Load and power are averaged over bins of 20 ms, and Pearson's r between the
// power of a bin and the load of one up to 5 s earlier or later is summed up as
// the bins go by: nothing is kept but a ring of them and three sums per lag. The
// best lag is the one at which r is greatest, refined by a parabola through its
// neighbours.
//
// Bins count that lie within 10 s of a change of the load, for the others say
// nothing of the delay; and of these the first lagBudget, so that the cost does
// not grow with the run: a finer estimate than one exporter refresh is not to be
// had from more of them. Mean power over an interval between readings, put
// where it was measured, is symmetric in time: it blurs the peak and does not
// move it. What remains in the result is the delay of the exporter, half its
// refresh on the average, the time constant of the power, and what the clocks
// are apart.
const (
	lagBin    = 20_000_000 // ns
	lagRange  = 250        // bins: lags of ±5 s are tried
	lagNear   = 500        // bins to either side of a change of the load that count
	lagRing   = 1 << 13    // bins that are kept; power may come 150 s after the load, or before it
	lagBudget = 20_000     // bins that are counted, 7 min
	lagLeast  = 0.5        // r that is taken for a connection
	lagMargin = 0.1        // by which r may be less at a peak that is nearer to 0
	lagValley = 0.1        // by which r must be less between two peaks that are not one
	lagClear  = 0.7        // r, and
	lagSteps  = 6          // changes of the load, and
	lagSure   = 20         // refreshes that must have been counted to act on it
	lagEnough = 5          // refreshes that must have been counted
)

// A lagger finds the delay between one load and the mean power of one or more
// GPUs. The zero lagger is ready.
type lagger struct {
	started bool
	origin  record.Time // where bin 0 begins
	newest  int         // bin
	next    int         // the first bin that has not been counted
	x       []float64   // load, by bin modulo lagRing
	y       []float64   // W·ns
	known   []float64   // ns for which there is power, of all GPUs together
	event   []bool      // the load has changed
	near    int         // events that are near to next

	front record.Time // up to which the load is in the bins
	n     float64     // the load from there
	last  float64     // the load at the last event
	top   float64     // the greatest load

	steps        int     // events that have been counted
	refresh      sample  // seconds between readings
	zero         float64 // W, that y is measured from
	count        float64 // bins
	sy, syy      float64
	sx, sxx, sxy [2*lagRange + 1]float64 // by lag
}

// plausible keeps out what would spoil the sums.
func plausible(x float64) bool { return math.Abs(x) < 1e12 }

// modern keeps out instants so far apart that their difference has no room:
// before 1970 or after 2190.
func modern(t record.Time) bool { return t >= 0 && t < 7e18 }

func (l *lagger) start(t record.Time) {
	if l.started {
		return
	}
	l.started = true
	l.origin, l.front, l.next = t, t, -lagNear
	l.x, l.y, l.known = make([]float64, lagRing), make([]float64, lagRing), make([]float64, lagRing)
	l.event = make([]bool, lagRing)
}

func (l *lagger) bin(t record.Time) int {
	d := t - l.origin
	if d < 0 {
		return int((d+1)/lagBin) - 1
	}
	return int(d / lagBin)
}

func (l *lagger) begin(bin int) record.Time { return l.origin + record.Time(bin)*lagBin }

// load says that the load is n from t until the next call. Before the first
// one it is 0. A t before the one of the last call counts as that.
func (l *lagger) load(t record.Time, n float64) {
	if !plausible(n) || !modern(t) {
		return
	}
	l.start(t)
	l.grow(l.bin(t))
	l.fill(t)
	l.n = n
}

// power gives the mean power between two distinct readings that follow one
// another, of one GPU. Each GPU's come in order. Time costs O(bins between).
func (l *lagger) power(from, to record.Time, watts float64) {
	if to <= from || !modern(from) || !modern(to) || !plausible(watts) {
		return
	}
	l.start(from)
	took := to.Sub(from)
	l.refresh.add(took)
	l.grow(l.bin(to))
	if took > lagRange*lagBin/1e9 {
		return
	}
	for b := max(l.bin(from), l.next); b <= min(l.bin(to), l.newest); b++ {
		dt := float64(min(to, l.begin(b+1)) - max(from, l.begin(b)))
		l.y[b&(lagRing-1)] += watts * dt
		l.known[b&(lagRing-1)] += dt
	}
}

// grow makes the ring reach to a bin, and counts those that leave it.
func (l *lagger) grow(to int) {
	if to-l.newest > 2*lagRing {
		l.grow(l.newest + lagRing)
		l.leap(to)
	}
	for l.newest < to {
		l.newest++
		i := l.newest & (lagRing - 1)
		l.x[i], l.y[i], l.known[i], l.event[i] = 0, 0, 0, false
		if l.newest-l.next >= lagRing-lagNear-4 {
			l.tally(l.next)
		}
	}
}

// leap passes a long time in which nothing was heard of either.
func (l *lagger) leap(to int) {
	for i := range l.x {
		l.x[i], l.y[i], l.known[i], l.event[i] = l.n, 0, 0, false
	}
	l.newest, l.next, l.near = to, to-lagNear, 0
	l.x[to&(lagRing-1)] = 0
	l.front = l.begin(to)
}

// fill puts the load into the bins until t.
func (l *lagger) fill(t record.Time) {
	for l.front < t {
		b := l.bin(l.front)
		end := min(t, l.begin(b+1))
		i := b & (lagRing - 1)
		l.x[i] += l.n * float64(end-l.front) / lagBin
		l.front = end
		if end < l.begin(b+1) {
			return
		}
		l.top = max(l.top, math.Abs(l.x[i]))
		if math.Abs(l.x[i]-l.last) >= max(0.25, 0.02*l.top) {
			l.event[i], l.last = true, l.x[i]
		}
	}
}

// tally adds bin j to the sums. Bins come one after the other.
func (l *lagger) tally(j int) {
	l.next = j + 1
	if l.count >= lagBudget {
		return
	}
	l.fill(l.begin(j + lagNear + 1))
	if l.event[(j+lagNear)&(lagRing-1)] {
		l.near++
	}
	if l.event[(j-lagNear-1)&(lagRing-1)] {
		l.near--
	}
	i := j & (lagRing - 1)
	if l.near == 0 || l.known[i] < lagBin/2 {
		return
	}
	if l.event[i] {
		l.steps++
	}
	y := l.y[i] / l.known[i]
	if l.count == 0 {
		l.zero = y
	}
	y -= l.zero
	l.count++
	l.sy += y
	l.syy += y * y
	for k := range l.sxy {
		x := l.x[(j+lagRange-k)&(lagRing-1)]
		l.sx[k] += x
		l.sxx[k] += x * x
		l.sxy[k] += x * y
	}
}

// result is by how many seconds power follows load, and Pearson's r at that
// lag; call it when no more will come. It is false if that is not known: there
// were less than five refreshes of power around changes of the load, or a
// refresh takes longer than the 5 s that are searched; r does not come to 0.5
// anywhere, or power goes against the load more than with it; or r is still
// rising at ±5 s. Of several peaks that are about as high, as a periodic load
// has them, it is the one nearest to 0.
//
// It is clear if it may be acted on: r is at least 0.7, no other peak is about as
// high, and there were at least 20 refreshes and six changes of the load.
func (l *lagger) result() (lag, r float64, clear, ok bool) {
	if !l.started {
		return 0, 0, false, false
	}
	l.grow(l.newest + lagRing)
	refresh, some := l.refresh.quantile(0.5)
	if !some || refresh > lagRange*lagBin/1e9 || l.count*lagBin/1e9 < lagEnough*max(refresh, lagBin/1e9) {
		return 0, 0, false, false
	}
	rs, ok := l.correlations()
	if !ok {
		return 0, 0, false, false
	}
	at, least, alone := peak(rs[:])
	if at == 0 || at == len(rs)-1 || rs[at] < lagLeast || -least > rs[at] {
		return 0, 0, false, false
	}
	clear = rs[at] >= lagClear && alone && l.steps >= lagSteps && l.count*lagBin/1e9 >= lagSure*refresh
	off := 0.0
	if a, b, c := rs[at-1], rs[at], rs[at+1]; a-2*b+c < 0 {
		off = (a - c) / (2 * (a - 2*b + c))
	}
	return (float64(at-lagRange) + off) * lagBin / 1e9, min(1, rs[at]), clear, true
}

// correlations is r at every lag; false if one of the two does not vary.
func (l *lagger) correlations() (rs [2*lagRange + 1]float64, ok bool) {
	n := l.count
	vy := l.syy - l.sy*l.sy/n
	if !(vy > 1e-9*l.syy) {
		return rs, false
	}
	for k := range rs {
		vx := l.sxx[k] - l.sx[k]*l.sx[k]/n
		if vx > 1e-9*l.sxx[k] {
			rs[k] = (l.sxy[k] - l.sx[k]*l.sy/n) / math.Sqrt(vx*vy)
			ok = true
		}
	}
	return rs, ok
}

// peak finds the peak to be taken, the least of all, and whether no other one is
// about as high.
func peak(rs []float64) (at int, least float64, alone bool) {
	best := 0
	for k, r := range rs {
		least = min(least, r)
		if r > rs[best] {
			best = k
		}
	}
	at, alone = best, true
	for _, step := range []int{-1, 1} {
		valley := rs[best]
		for k := best + step; k > 0 && k < len(rs)-1; k += step {
			valley = min(valley, rs[k])
			top := rs[k] >= rs[k-1] && rs[k] >= rs[k+1] && rs[k] >= rs[best]-lagMargin
			if !top || valley >= rs[k]-lagValley/2 {
				continue
			}
			alone = false
			if abs(k-lagRange) < abs(at-lagRange) {
				at = k
			}
		}
	}
	return at, least, alone
}

func abs(n int) int { return max(n, -n) }
