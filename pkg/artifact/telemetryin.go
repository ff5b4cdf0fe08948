package artifact

import (
	"errors"
	"math"
	"strings"

	"aiperf/pkg/record"
)

// A fieldIn is what one of AIPerf's fields is called in a record, and by what
// its value is multiplied to be in base units.
type fieldIn struct {
	name   string
	factor float64
}

// Fields by AIPerf's names without the platform in front; those that AIPerf
// had before it put the platform there come after. MJ, %, GB (10⁹ bytes) and µs
// are the units of its own; fields of a --gpu-telemetry list have DCGM's.
var fieldsIn = map[string]fieldIn{
	"power_usage":         {record.FieldPower, 1},
	"energy_consumption":  {record.FieldEnergy, 1e6},
	"gpu_utilization":     {record.FieldUtilization, 1e-2},
	"memory_utilization":  {"memory_utilization", 1e-2},
	"memory_used":         {"memory_used", 1e9},
	"temperature":         {"temperature", 1},
	"sm_utilization":      {record.FieldSMUtilization, 1e-2},
	"decoder_utilization": {"decoder_utilization", 1e-2},
	"encoder_utilization": {"encoder_utilization", 1e-2},
	"jpg_utilization":     {"jpeg_utilization", 1e-2},
	"xid_errors":          {record.FieldXID, 1},
	"power_violation":     {record.FieldPowerViol, 1e-6},

	"gpu_power_usage": {record.FieldPower, 1},
	"mem_utilization": {"memory_utilization", 1e-2},
	"gpu_memory_used": {"memory_used", 1e9},
	"gpu_temperature": {"temperature", 1},

	"sm_clock":          {record.FieldSMClock, 1e6},
	"mem_clock":         {"memory_clock", 1e6},
	"thermal_violation": {record.FieldThermalViol, 1e-9},
}

// amdFieldsIn are those of AMD's that differ.
var amdFieldsIn = map[string]fieldIn{
	"power":             {record.FieldPower, 1},
	"gfx_activity":      {record.FieldUtilization, 1e-2},
	"umc_activity":      {"memory_utilization", 1e-2},
	"ecc_uncorrectable": {"ecc_uncorrectable", 1},
}

// fieldOf gives the field and, if its name tells, the platform. One that is not
// known keeps name and value.
func fieldOf(key string) (fieldIn, string) {
	if name, ok := strings.CutPrefix(key, "amd_"); ok {
		if f, ok := amdFieldsIn[name]; ok {
			return f, "amd"
		}
		if f, ok := fieldsIn[name]; ok {
			return f, "amd"
		}
		return fieldIn{key, 1}, "amd"
	}
	platform := ""
	name, ok := strings.CutPrefix(key, "nvidia_")
	if ok {
		platform = "nvidia"
	}
	f, ok := fieldsIn[name]
	if !ok {
		return fieldIn{key, 1}, platform
	}
	return f, "nvidia" // as all GPUs were before there was a prefix
}

// reading makes a record of a line of gpu_telemetry_export.jsonl. Its instant
// is that at which AIPerf had read the exporter's page; how long before that
// the exporter answered is not told, so there is no "within".
func reading(line []byte) (*record.GPU, error) {
	g := &record.GPU{Fields: map[string]float64{}}
	var guess string
	var err error
	for key, v := range record.Keys(line) {
		if v.Null() {
			continue
		}
		switch string(key) {
		case "timestamp_ns":
			if g.Taken, err = instant("timestamp_ns", v); err != nil {
				return nil, err
			}
		case "telemetry_source_url", "dcgm_url":
			s, _ := v.Text()
			g.Source = source(s)
		case "gpu_index":
			if n, ok := v.Int(); ok {
				g.GPU = &n
			}
		case "gpu_uuid":
			g.UUID, _ = v.Text()
		case "gpu_model_name":
			g.Model, _ = v.Text()
		case "hostname":
			g.Host, _ = v.Text()
		case "platform":
			g.Platform, _ = v.Text()
		case "namespace":
			label(g, "namespace", v)
		case "pod_name":
			label(g, "pod", v)
		case "telemetry_data":
			guess = fields(g.Fields, v)
		}
	}
	if g.Platform != "nvidia" && g.Platform != "amd" {
		g.Platform = guess
	}
	g.Time = g.Taken
	switch {
	case g.Source == "":
		return nil, errors.New("a reading without telemetry_source_url or dcgm_url")
	case g.UUID == "" && g.GPU == nil:
		return nil, errors.New("a reading without gpu_uuid and gpu_index")
	case len(g.Fields) == 0:
		return nil, errors.New("a reading without a number in telemetry_data")
	}
	return g, nil
}

func label(g *record.GPU, name string, v record.Value) {
	s, _ := v.Text()
	if s == "" {
		return
	}
	if g.Labels == nil {
		g.Labels = map[string]string{}
	}
	g.Labels[name] = s
}

// fields fills m with the fields of telemetry_data, in base units, and tells
// the platform that their names speak of.
func fields(m map[string]float64, data record.Value) (platform string) {
	for key, v := range record.Keys(data) {
		x, ok := v.Number()
		if !ok {
			continue
		}
		f, p := fieldOf(string(key))
		if platform == "" {
			platform = p
		}
		if x = scale(x, f.factor); !math.IsInf(x, 0) {
			m[f.name] = x
		}
	}
	return platform
}

// scale multiplies by a power of ten. Dividing by a whole one is what gives
// 0.29, and not 0.29000000000000004, of 29 %; and the product of what was
// divided before, 60.817408 GB, is taken back to whole bytes, if it is as near
// as rounding could have left it.
func scale(x, factor float64) float64 {
	if factor < 1 {
		return x / math.Round(1/factor)
	}
	y := x * factor
	if r := math.Round(y); factor > 1 && math.Abs(y-r) <= math.Abs(y)*0x1p-52 {
		return r
	}
	return y
}
