package report

import (
	"fmt"
	"slices"
	"strings"

	"aiperf/pkg/expr"
	"aiperf/pkg/record"
)

// A Condition is one that records of one type must meet to count: requests, or
// readings of GPUs. The others are not asked.
type Condition struct {
	*expr.Expr
	Type string // record.TypeRequest or record.TypeGPU
}

// ofGPUs are the keys of a reading that no request has, or that are meant as a
// reading's when they stand alone.
var ofGPUs = []string{"source", "host", "platform", "uuid", "gpu_model", "mig", "mig_profile", "labels", "fields", "taken", "within"}

// ParseCondition reads a condition in the language of package expr. Its names
// are keys of records: took, tokens.out, error.class, gpu.energy (what a join
// knows of the GPUs of a request) or, of readings, host, gpu (the index), uuid,
// gpu_model, labels.pod, fields.power_usage. A name that is neither is taken for
// a request's. A number without a unit is in the base unit. Errors are of type
// *expr.Error.
func ParseCondition(s string) (Condition, error) {
	e, err := expr.Parse(s)
	if err != nil {
		return Condition{}, err
	}
	c := Condition{Expr: e}
	for _, n := range e.Names() {
		t := typeOf(n.Path)
		if c.Type == "" {
			c.Type = t
		}
		if t != c.Type {
			return Condition{}, &expr.Error{Expr: s, Offset: n.Offset, Hint: "give each a --where of its own",
				Message: fmt.Sprintf("%s is a key of %s, and %s of %s", n, plural(t), e.Names()[0], plural(c.Type))}
		}
	}
	if c.Type == "" {
		return Condition{}, &expr.Error{Expr: s, Message: "this is about no key of a record", Hint: "as in took > 2s"}
	}
	return c, e.Check(func(path []string) (expr.Quantity, bool) { return keyQuantity(path), true })
}

func typeOf(path []string) string {
	if slices.Contains(ofGPUs, path[0]) || path[0] == "gpu" && len(path) == 1 {
		return record.TypeGPU
	}
	return record.TypeRequest
}

func plural(kind string) string {
	if kind == record.TypeGPU {
		return "GPU readings"
	}
	return "requests"
}

// keyUnits are the base units of a request's keys, as far as they have one.
var keyUnits = map[string]string{
	"took": "s", "ttft": "s", "ttfo": "s", "late": "s",
	"tokens.in": "tokens", "tokens.out": "tokens", "tokens.cached": "tokens", "tokens.reasoning": "tokens", "tokens.asked": "tokens",
	"bytes.sent": "bytes", "bytes.received": "bytes",
	"http.blocked": "s", "http.dns": "s", "http.connect": "s", "http.tls": "s", "http.sent": "s", "http.first_byte": "s",
	"gpu.energy": "J", "gpu.power": "W", "gpu.utilization": "1", "gpu.sm_utilization": "1", "gpu.memory_utilization": "1",
	"gpu.sm_clock": "Hz", "gpu.temperature": "°C",
	"server.waiting": "requests", "server.waiting_start": "requests", "server.running": "requests", "server.running_start": "requests",
	"server.kv_cache": "1", "server.kv_cache_start": "1",
	"within": "s",
}

// anyUnit is the quantity of what nothing is known of.
var anyUnit = expr.Quantity{Unit: "?", Bare: true}

func keyQuantity(path []string) expr.Quantity {
	if path[0] == "fields" && len(path) == 2 {
		if u := FieldNamed(path[1]).Unit.Base; u != "" {
			return expr.Quantity{Unit: u, Bare: true}
		}
		return anyUnit
	}
	if u, ok := keyUnits[strings.Join(path, ".")]; ok {
		return expr.Quantity{Unit: u, Bare: true}
	}
	return anyUnit
}

// A Filter keeps the records that meet all conditions on their type. The zero
// Filter keeps all.
type Filter struct {
	Conditions []Condition

	tests []*test
	kept  map[string]int // by type
	all   map[string]int
}

// A test is a condition with the values of the record that is looked at.
type test struct {
	Condition
	names  []expr.Name
	values []expr.Value
	seen   []int // by name: how many records had it
}

// Keep tells whether a record counts.
func (f *Filter) Keep(l record.Line) bool {
	if len(f.Conditions) == 0 || l.Type != record.TypeRequest && l.Type != record.TypeGPU {
		return true
	}
	if f.tests == nil {
		f.kept, f.all = map[string]int{}, map[string]int{}
		for _, c := range f.Conditions {
			n := c.Names()
			f.tests = append(f.tests, &test{c, n, make([]expr.Value, len(n)), make([]int, len(n))})
		}
	}
	keep := true
	for _, t := range f.tests {
		if t.Type == l.Type {
			keep = t.meets(l) && keep
		}
	}
	f.all[l.Type]++
	if keep {
		f.kept[l.Type]++
	}
	return keep
}

func (t *test) meets(l record.Line) bool {
	clear(t.values)
	for key, v := range record.Keys(l.Raw) {
		for i, n := range t.names {
			name := n.Path[0]
			if name == "gpu_model" {
				name = "model"
			}
			if string(key) == name {
				t.values[i] = dig(v, n.Path[1:])
			}
		}
	}
	for i, v := range t.values {
		if !v.Absent() {
			t.seen[i]++
		}
	}
	holds, _ := t.EvalAt(func(i int) (expr.Value, bool) { return t.values[i], true })
	return holds
}

// dig is the value under a path in v.
func dig(v record.Value, path []string) expr.Value {
	if len(path) > 0 {
		for key, inner := range record.Keys(v) {
			if string(key) == path[0] {
				return dig(inner, path[1:])
			}
		}
		return expr.Value{}
	}
	if len(v) == 0 || v.Null() {
		return expr.Value{}
	}
	switch v[0] {
	case '"':
		if s, ok := v.Text(); ok {
			return expr.Text(s)
		}
	case 't', 'f':
		return expr.Bool(v[0] == 't')
	case '{', '[':
		return expr.Bool(true) // it is there, as an error is or is not
	default:
		if x, ok := v.Number(); ok {
			return expr.Number(x)
		}
	}
	return expr.Value{}
}

// on tells whether there is a condition on that type of record.
func (f *Filter) on(kind string) bool {
	return slices.ContainsFunc(f.Conditions, func(c Condition) bool { return c.Type == kind })
}

// Notes tell what was filtered, how much is left, and which names no record had.
func (f *Filter) Notes() []Note {
	var n remarks
	for _, kind := range []string{record.TypeRequest, record.TypeGPU} {
		if !f.on(kind) {
			continue
		}
		var texts []string
		for _, c := range f.Conditions {
			if c.Type == kind {
				texts = append(texts, c.Text())
			}
		}
		n.info("filter", "%d of %d %s are left: those with %s", f.kept[kind], f.all[kind], plural(kind), strings.Join(texts, ", and "))
	}
	for _, t := range f.tests {
		for i, name := range t.names {
			if t.seen[i] == 0 && f.all[t.Type] > 0 {
				n.warn("filter-name", "--where: none of %d %s has %s", f.all[t.Type], plural(t.Type), name)
			}
		}
	}
	return n
}

// skip counts what is known of a line that is filtered out.
func (b *Builder) skip(l record.Line) {
	if l.Type != record.TypeRequest {
		return
	}
	for key, v := range record.Keys(l.Raw) {
		if string(key) == "run" {
			b.finished.add(v) // it was not in flight when the stream ended
		}
	}
}

// byRun are the metrics of energy that no requests or readings divide.
var byRun = []string{"total_gpu_energy", "average_gpu_power"}

// undivided takes away from the energy what would divide that of the whole run, or
// of all GPUs, by a part of it.
func (b *Builder) undivided(r *Report) {
	f := &b.filter
	if !f.on(record.TypeRequest) && !f.on(record.TypeGPU) {
		return
	}
	divided := func(m Metric) bool { return m.Kind == Single && energyTags[m.Tag] && !slices.Contains(byRun, m.Tag) }
	if r.Energy != nil {
		r.Energy.Metrics = slices.DeleteFunc(r.Energy.Metrics, divided)
	}
	for i := range r.Slices {
		r.Slices[i].Metrics = slices.DeleteFunc(r.Slices[i].Metrics, divided)
	}
}
