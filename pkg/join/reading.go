package join

import (
	"math"
	"strconv"

	"aiperf/pkg/record"
)

// Curves of a GPU.
const (
	byCounter = iota // J, the energy counter
	byPower          // W, a gauge; the curve is its integral, J
	byUtilization
	bySM
	byDRAM   // activity of the memory
	byMemory // share of time in which the memory was used
	byClock
	byTemperature
	byPowerViol   // s, a counter
	byThermalViol // s, a counter
	byDrop        // s, for which the clock was held down; see gpu.addDrop
	curves
)

// gauges are those whose means a request is told.
var gauges = [...]int{byPower, byUtilization, bySM, byDRAM, byMemory, byClock, byTemperature}

// Fields that are read beside those of package record. The names are
// pkg/dcgm's; the reasons have none of their own.
const (
	fieldMemory      = "memory_utilization"
	fieldDRAM        = "dram_activity"
	fieldTemperature = "temperature"
	fieldReasons     = "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS"
	fieldReasonsNew  = "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"
)

// heldDown are the bits of the reasons that mean that a clock is lower than the
// load would have it: power cap (4), hardware slowdown (8), thermal slowdown by
// software (0x20) and hardware (0x40), power brake (0x80), as in NVML's
// nvmlClocksEventReason constants.
const heldDown = 0x04 | 0x08 | 0x20 | 0x40 | 0x80

// A reading is what the join needs of a gpu record.
type reading struct {
	run                string
	source, host, uuid string
	from               string // the source, see attribution.origin
	model, mig         string
	index              *int
	labels             []byte // as they stand
	taken              record.Time
	within             float64 // s, 0 if not known
	fields             []byte  // as they stand
	value              [curves]float64
	has                [curves]bool
	xid                *int
	reasons            *int
}

func readGPU(l record.Line) (*reading, error) {
	r := &reading{taken: l.Time}
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
		case "run":
			p.text("run", v, &r.run)
		case "source":
			p.text("source", v, &r.source)
		case "host":
			p.text("host", v, &r.host)
		case "uuid":
			p.text("uuid", v, &r.uuid)
		case "model":
			p.text("model", v, &r.model)
		case "mig":
			p.text("mig", v, &r.mig)
		case "gpu":
			p.index("gpu", v, &r.index)
		case "labels":
			r.labels = v
		case "taken":
			p.time("taken", v, &r.taken)
		case "within":
			p.number("within", v, &r.within)
		case "fields":
			r.fields = v
			r.readFields(&p)
		}
	}
	if r.value[byCounter] == 0 && r.has[byPower] {
		r.has[byCounter] = false // of a board that has none, or one that was not read yet
	}
	p.past("taken", r.taken)
	return r, p.err
}

func (r *reading) readFields(p *pick) {
	for key, v := range record.Keys(r.fields) {
		switch string(key) {
		case record.FieldEnergy:
			r.read(p, byCounter, record.FieldEnergy, v)
		case record.FieldPower:
			r.read(p, byPower, record.FieldPower, v)
		case record.FieldUtilization:
			r.read(p, byUtilization, record.FieldUtilization, v)
		case record.FieldSMUtilization:
			r.read(p, bySM, record.FieldSMUtilization, v)
		case record.FieldSMClock:
			r.read(p, byClock, record.FieldSMClock, v)
		case fieldTemperature:
			r.read(p, byTemperature, fieldTemperature, v)
		case fieldDRAM:
			r.read(p, byDRAM, fieldDRAM, v)
		case fieldMemory:
			r.read(p, byMemory, fieldMemory, v)
		case record.FieldPowerViol:
			r.read(p, byPowerViol, record.FieldPowerViol, v)
		case record.FieldThermalViol:
			r.read(p, byThermalViol, record.FieldThermalViol, v)
		case record.FieldXID:
			r.xid = p.code(record.FieldXID, v)
		case fieldReasons, fieldReasonsNew:
			r.reasons = p.code(string(key), v)
		}
	}
}

func (r *reading) read(p *pick, j int, key string, v record.Value) {
	r.has[j] = p.number(key, v, &r.value[j])
	if r.has[j] && !(math.Abs(r.value[j]) < mostRead) {
		p.unlikely(key, v)
	}
}

// mostRead is what no field of a reading comes to: 30 MW over a year, or a
// frequency of a petahertz.
const mostRead = 1e15

// code is a number that stands for something.
func (p *pick) code(key string, v record.Value) *int {
	var x float64
	if !p.number(key, v, &x) || x < 0 || x > 1<<53 {
		return nil
	}
	n := int(x)
	return &n
}

// key identifies the GPU. A UUID is the same through any source.
func (r *reading) key() string {
	if r.uuid != "" {
		return r.uuid
	}
	index := ""
	if r.index != nil {
		index = strconv.Itoa(*r.index)
	}
	return r.from + "\x00" + r.host + "\x00" + index
}

// carriesEnergy tells whether the reading says anything of energy.
func (r *reading) carriesEnergy() bool { return r.has[byCounter] || r.has[byPower] }
