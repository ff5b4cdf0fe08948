package artifact

import (
	"fmt"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// platform is that of all GPUs; "" if they are of several, or it is not known.
func platform(r *report.Report) string {
	p := ""
	for _, g := range r.GPUs {
		if p != "" && g.Platform != p {
			return ""
		}
		p = g.Platform
	}
	return p
}

func prefix(platform string) string {
	if platform == "" {
		return ""
	}
	return platform + "_"
}

// amdNames are the names that AIPerf has for fields of AMD's GPUs, where they
// are not those of NVIDIA's.
var amdNames = map[string]string{
	record.FieldPower:       "power",
	record.FieldUtilization: "gfx_activity",
	"memory_utilization":    "umc_activity",
}

// fieldName is AIPerf's name for a field. One that is unknown to both keeps its
// own, in small letters and without what all of them begin with. One that was
// read from AIPerf's files has its prefix.
func fieldName(platform, name string) string {
	if p := prefix(platform); p != "" && strings.HasPrefix(name, p) {
		return name
	}
	if n, ok := amdNames[name]; ok && platform == "amd" {
		name = n
	}
	if name == "jpeg_utilization" && platform == "nvidia" {
		name = "jpg_utilization"
	}
	for _, p := range []string{"DCGM_FI_DEV_", "DCGM_FI_PROF_"} {
		name = strings.TrimPrefix(name, p)
	}
	return prefix(platform) + strings.ToLower(name)
}

// header is AIPerf's display name.
func header(platform, header string) string {
	switch platform {
	case "nvidia":
		return "NVIDIA " + header
	case "amd":
		return "AMD " + header
	}
	return header
}

// telemetry is the object telemetry_data.
func telemetry(r *report.Report) object {
	summary := object{
		{"endpoints_configured", []string{}},
		{"endpoints_successful", []string{}},
	}
	failures := []object{}
	var all, good []string
	for _, s := range r.Sources {
		if s.Default && !s.Reachable {
			continue
		}
		all = append(all, s.URL)
		if s.Reachable {
			good = append(good, s.URL)
		}
		if s.Failed > 0 {
			failures = append(failures, object{
				{"error_details", object{{"type", "scrape"}, {"message", s.URL + ": " + s.Error}}},
				{"count", s.Failed},
			})
		}
	}
	if all != nil {
		summary[0].value = all
	}
	if good != nil {
		summary[1].value = good
	}
	if r.Window != nil {
		summary.set("start_time", naive(r.Window.From))
		summary.set("end_time", naive(r.Window.To))
	}
	return object{{"summary", summary}, {"endpoints", endpoints(r)}, {"error_summary", failures}}
}

// endpoints has the GPUs by endpoint.
func endpoints(r *report.Report) object {
	byName := map[string]*object{}
	var names []string
	used := map[string]bool{}
	for _, g := range r.GPUs {
		name := report.Endpoint(g.Source)
		if byName[name] == nil {
			byName[name] = &object{}
			names = append(names, name)
		}
		byName[name].set(gpuKey(g, name, used), gpu(g))
	}
	o := object{}
	for _, name := range names {
		o.set(name, object{{"gpus", *byName[name]}})
	}
	return o
}

// gpuKey is AIPerf's gpu_<index>, and more where that would be there twice:
// instances of one GPU, several hosts behind one exporter.
func gpuKey(g report.GPU, endpoint string, used map[string]bool) string {
	key := "gpu_" + g.UUID
	if g.Index != nil {
		key = fmt.Sprintf("gpu_%d", *g.Index)
	}
	if g.MIG != "" {
		key += "_mig_" + g.MIG
	}
	if used[endpoint+" "+key] {
		key += "_" + g.UUID
	}
	for base, n := key, 2; used[endpoint+" "+key]; n++ {
		key = fmt.Sprintf("%s_%d", base, n)
	}
	used[endpoint+" "+key] = true
	return key
}

func gpu(g report.GPU) object {
	// AIPerf's model wants these keys to be there, whatever is known.
	index, host := 0, any(nil)
	if g.Index != nil {
		index = *g.Index
	}
	if g.Host != "" {
		host = g.Host
	}
	o := object{{"gpu_index", index}, {"gpu_name", g.Model}, {"gpu_uuid", g.UUID}}
	o.text("platform", g.Platform)
	o.set("hostname", host)
	o.text("namespace", g.Labels["namespace"])
	o.text("pod_name", pod(g))
	fields := object{}
	for _, f := range g.Fields {
		m := object{{"unit", f.Unit.Shown}}
		if f.Counter {
			m.number("avg", f.Shown().Mean)
		} else {
			distribution(&m, f.Shown())
		}
		fields.set(fieldName(g.Platform, f.Name), m)
	}
	o.set("metrics", fields)
	return o
}

func pod(g report.GPU) string {
	if p := g.Labels["pod"]; p != "" {
		return p
	}
	return g.Labels["pod_name"]
}
