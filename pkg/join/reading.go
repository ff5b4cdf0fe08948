package join

import (
	"encoding/json"
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
	Source string          `json:"source"`
	Host   string          `json:"host"`
	GPU    *int            `json:"gpu"`
	UUID   string          `json:"uuid"`
	Model  string          `json:"model"`
	MIG    string          `json:"mig"`
	Taken  record.Time     `json:"taken"`
	Fields json.RawMessage `json:"fields"`

	value [curves]float64
	has   [curves]bool
}

func readGPU(l record.Line) (*reading, error) {
	r := new(reading)
	if err := l.Decode(r); err != nil {
		return nil, err
	}
	var f struct {
		Energy  *float64 `json:"energy_consumption"`
		Power   *float64 `json:"power_usage"`
		Util    *float64 `json:"gpu_utilization"`
		SM      *float64 `json:"sm_utilization"`
		Clock   *float64 `json:"sm_clock"`
		PowerV  *float64 `json:"power_violation"`
		ThermoV *float64 `json:"thermal_violation"`
	}
	if len(r.Fields) > 0 {
		if err := json.Unmarshal(r.Fields, &f); err != nil {
			return nil, l.Errorf("fields: %w", err)
		}
	}
	for i, x := range [...]*float64{f.Energy, f.Power, f.Util, f.SM, f.Clock, f.PowerV} {
		if x != nil {
			r.value[i], r.has[i] = *x, true
		}
	}
	if f.ThermoV != nil {
		r.value[byViolation] += *f.ThermoV
		r.has[byViolation] = true
	}
	if r.Taken == 0 {
		r.Taken = l.Time
	}
	return r, nil
}

// key identifies the GPU. A UUID is the same through any source.
func (r *reading) key() string {
	if r.UUID != "" {
		return r.UUID
	}
	index := "?"
	if r.GPU != nil {
		index = strconv.Itoa(*r.GPU)
	}
	return r.Source + "\x00" + r.Host + "\x00" + index
}

// carriesEnergy tells whether the reading says anything of energy.
func (r *reading) carriesEnergy() bool {
	return r.MIG == "" && (r.has[byCounter] || r.has[byPower])
}
