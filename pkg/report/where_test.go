package report

import (
	"errors"
	"strings"
	"testing"

	"aiperf/pkg/expr"
)

const gpuLine = at + `"type":"gpu","v":1,"source":"s","host":"n1","gpu":0,"uuid":"u0","model":"H100","labels":{"pod":"a"},"taken":"2026-11-23T12:00:01.000000000Z","fields":{"power_usage":300}}` + "\n"

// filtered is the report on what meets all conditions.
func filtered(t *testing.T, stream string, where ...string) *Report {
	t.Helper()
	var opt Options
	for _, w := range where {
		c, err := ParseCondition(w)
		if err != nil {
			t.Fatal(err)
		}
		opt.Where = append(opt.Where, c)
	}
	return reportOn(opt, stream, func(err error) { t.Fatal(err) })
}

func TestWhere(t *testing.T) {
	t.Parallel()
	charged := strings.Replace(whole, `"took":1`, `"took":3,"gpu":{"energy":5,"throttled":true},"server":{"waiting_start":4}`, 1)
	other := strings.ReplaceAll(strings.ReplaceAll(gpuLine, "u0", "u1"), `"gpu":0`, `"gpu":1`)
	stream := good + single + failed + charged + gpuLine + other
	for _, c := range []struct {
		why               string
		where             []string
		ok, failing, gpus int
		note              string
	}{
		{"nothing asked, all counts", nil, 3, 1, 2, ""},
		{"seconds need no unit", []string{"took > 1.5"}, 2, 0, 2, "2 of 4 requests are left: those with took > 1.5"},
		{"but may have one", []string{"took > 1500ms"}, 2, 0, 2, ""},
		{"a part of a record", []string{"tokens.out >= 4"}, 2, 0, 2, ""},
		{"texts", []string{`model == "m" and error.class != "timeout"`}, 0, 1, 2, ""},
		{"an object is there or not", []string{"not error"}, 3, 0, 2, ""},
		{"what a join added", []string{"gpu.throttled and gpu.energy > 1J and server.waiting_start > 2"}, 1, 0, 2, ""},
		{"several are joined with and", []string{"took > 1.5", "not gpu.throttled"}, 1, 0, 2, "those with took > 1.5, and not gpu.throttled"},
		{"an index alone is that of a reading", []string{"gpu == 1"}, 3, 1, 1, "1 of 2 GPU readings are left"},
		{"labels and fields", []string{`labels.pod == "a" and fields.power_usage > 0.2kW and gpu_model =~ "^H"`}, 3, 1, 2, ""},
		{"conditions on both types", []string{"took > 1.5", `uuid in ("u1")`}, 2, 0, 1, ""},
		{"a name that no record has", []string{"tok.out > 4"}, 0, 0, 2, "--where: none of 4 requests has tok.out"},
	} {
		r := filtered(t, stream, c.where...)
		if n := r.Requests; n.OK != c.ok || n.Failed != c.failing || len(r.GPUs) != c.gpus {
			t.Errorf("%s: %d answered, %d failed, %d GPUs; want %d, %d, %d", c.why, n.OK, n.Failed, len(r.GPUs), c.ok, c.failing, c.gpus)
		}
		if !hasNote(r, c.note) {
			t.Errorf("%s: no note says %q: %v", c.why, c.note, r.Notes)
		}
	}
}

func hasNote(r *Report, text string) bool {
	for _, n := range r.Notes {
		if strings.Contains(n.Message, text) {
			return true
		}
	}
	return text == ""
}

// What was in flight at the end does not depend on a filter, and the energy of
// the whole run is divided by no part of it.
func TestWhereKeepsTotals(t *testing.T) {
	t.Parallel()
	begin := at + `"type":"begin","v":1,"run":"R","id":"1","phase":"profiling","start":"2026-11-23T12:00:00.000000000Z"}` + "\n"
	energy := at + `"type":"energy","v":1,"scope":"total","gpus":1,"phase":"profiling","from":"2026-11-23T12:00:00.000000000Z","to":"2026-11-23T12:00:02.000000000Z","took":2,"energy":80,"readings":3,"verdict":"valid","reasons":[]}` + "\n"
	stream := begin + begin + begin + good + single + energy
	all, part := filtered(t, stream), filtered(t, stream, "took > 1.5")
	if all.Requests.InFlight != 1 || part.Requests.InFlight != 1 {
		t.Errorf("in flight: %d of all, %d when filtered; want 1", all.Requests.InFlight, part.Requests.InFlight)
	}
	if _, ok := all.Metric("energy_per_output_token"); !ok {
		t.Error("without a filter there is no energy per token")
	}
	if m, ok := part.Metric("energy_per_output_token"); ok {
		t.Errorf("the whole energy is divided by a part of the tokens: %v", m.Value())
	}
	if m, ok := part.Metric("total_gpu_energy"); !ok || m.Value() != 80 {
		t.Errorf("the total is %v, want 80", m.Value())
	}
	if !hasNote(part, "of the whole run") {
		t.Errorf("no note on energy: %v", part.Notes)
	}
}

func TestConditionErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text string
		at        int
		want      string
	}{
		{"a wrong unit", "took > 2W", 7, "took is in s, and this is in W"},
		{"types do not mix", `took > 2s and uuid == "u"`, 14, "uuid is a key of GPU readings, and took of requests"},
		{"no name", "1 < 2", 0, "no key of a record"},
		{"a key that may hold", "gpu.throttled", -1, ""},
		{"no condition", "took", 0, "a condition must stand here"},
		{"not closed", "(took > 2s", 0, "not closed"},
	} {
		_, err := ParseCondition(c.text)
		if c.at < 0 {
			if err != nil {
				t.Errorf("%s: %v", c.why, err)
			}
			continue
		}
		var e *expr.Error
		if !errors.As(err, &e) || e.Offset != c.at || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error at %d that says %q", c.why, err, c.at, c.want)
		}
	}
}
