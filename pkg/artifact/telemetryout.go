package artifact

import (
	"io"
	"maps"
	"slices"
	"strings"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// A TelemetryWriter writes gpu records as lines of gpu_telemetry_export.jsonl:
// one for each GPU and page, of all phases, in AIPerf's units. Readings that
// repeat the page before are left out, as AIPerf leaves them out.
type TelemetryWriter struct{ W io.Writer }

// Add writes l if it is a gpu record, and passes over anything else. An error
// about the line is a [*record.LineError].
func (x *TelemetryWriter) Add(l record.Line) error {
	if l.Type != record.TypeGPU {
		return nil
	}
	var g record.GPU
	if err := l.Decode(&g); err != nil {
		return err
	}
	if g.Repeat {
		return nil
	}
	platform := g.Platform
	if platform == "" {
		platform = "unknown"
	}
	index := 0
	if g.GPU != nil {
		index = *g.GPU
	}
	o := object{{"timestamp_ns", int64(g.Taken)}, {"telemetry_source_url", g.Source}, {"gpu_index", index},
		{"gpu_uuid", uuid(g)}, {"gpu_model_name", g.Model}}
	for _, label := range []struct{ key, name string }{{"pci_bus_id", "pci_bus_id"}, {"device", "device"}} {
		o.text(label.key, g.Labels[label.name])
	}
	o.text("hostname", g.Host)
	o.text("namespace", g.Labels["namespace"])
	o.text("pod_name", pod(report.GPU{Labels: g.Labels}))
	o.set("platform", platform)
	fields := object{}
	for _, name := range slices.SortedFunc(maps.Keys(g.Fields), report.CompareFields) {
		f := report.FieldNamed(name)
		fields.number(fieldName(g.Platform, name), g.Fields[name]*f.Unit.Factor)
	}
	o.set("telemetry_data", fields)
	return line(x.W, o)
}

// uuid tells instances of one GPU apart, for which AIPerf has no key.
func uuid(g record.GPU) string {
	return strings.TrimPrefix(strings.TrimSuffix(g.UUID+"/"+g.MIG, "/"), "/")
}
