package join

import (
	"strconv"

	"aiperf/pkg/record"
)

// Curves of a GPU.
const (
	byCounter = iota // J, the energy counter
	byPower          // W, a gauge; the curve is its integral, J
	byUtilization
	bySM
	byClock
	byViolation // s, counters of power and thermal violations together
	curves
)

// gauges are those whose means a request is told, and power.
var gauges = [...]int{byPower, byUtilization, bySM, byClock}

// A reading is what the join needs of a gpu record.
type reading struct {
	source, host, uuid string
	model, mig         string
	index              *int
	taken              record.Time
	fields             []byte // as they stand
	value              [curves]float64
	has                [curves]bool
}

func readGPU(l record.Line) (*reading, error) {
	r := &reading{taken: l.Time}
	p := pick{line: l}
	for key, v := range record.Keys(l.Raw) {
		switch string(key) {
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
		case "taken":
			p.time("taken", v, &r.taken)
		case "fields":
			r.fields = v
			r.readFields(&p)
		}
	}
	return r, p.err
}

func (r *reading) readFields(p *pick) {
	for key, v := range record.Keys(r.fields) {
		j := -1
		switch string(key) {
		case record.FieldEnergy:
			j = byCounter
		case record.FieldPower:
			j = byPower
		case record.FieldUtilization:
			j = byUtilization
		case record.FieldSMUtilization:
			j = bySM
		case record.FieldSMClock:
			j = byClock
		case record.FieldPowerViol, record.FieldThermalViol:
			j = byViolation
		default:
			continue
		}
		var x float64
		if p.number(string(key), v, &x) {
			r.value[j] += x // only violations come twice
			r.has[j] = true
		}
	}
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
	return r.source + "\x00" + r.host + "\x00" + index
}

// carriesEnergy tells whether the reading says anything of energy.
func (r *reading) carriesEnergy() bool {
	return r.mig == "" && (r.has[byCounter] || r.has[byPower])
}
