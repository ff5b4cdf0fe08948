package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// A row is what is known of one client in one scenario.
type row struct {
	name      string
	requests  int
	all, few  cost
	fewCount  int
	ok        int
	rate      float64 // requests a second, by the simulator
	ttft, gap []float64
	arrival   []float64 // all microseconds
}

// compare prints the table of one scenario. Its directory has for each client
//
//	NAME.count     how many requests it sent, and how many in a run with few
//	NAME.cost      what that took, by measure
//	NAME.few.cost  what the run with few took
//	NAME.records   its records, if it writes any
//
// and truth.ndjson of the simulator. The first name is what the ratios are of.
func compare(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: peers compare DIR NAME [NAME...]")
	}
	dir := args[0]
	truth, err := answers(filepath.Join(dir, "truth.ndjson"))
	if err != nil {
		return err
	}
	var rows []*row
	for _, name := range args[1:] {
		r := &row{name: name}
		if err := r.read(dir, truth); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, r)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join(columns, "\t")+"\t")
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r.cells(), "\t")+"\t")
	}
	for _, r := range rows[1:] {
		fmt.Fprintln(w, strings.Join(ratios(r, rows[0]), "\t")+"\t")
	}
	return w.Flush()
}

var columns = []string{"client", "ok", "req/s", "wall s", "CPU s", "procs", "µs CPU/req", "further", "MiB", "TTFT+ p50", "p99", "|gap| p50", "p99", "arrival p50", "p99"}

func (r *row) read(dir string, truth map[string]answer) error {
	counts, err := os.ReadFile(filepath.Join(dir, r.name+".count"))
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(string(counts), &r.requests, &r.fewCount); err != nil {
		return err
	}
	for file, c := range map[string]*cost{".cost": &r.all, ".few.cost": &r.few} {
		text, err := os.ReadFile(filepath.Join(dir, r.name+file))
		if err == nil {
			err = json.Unmarshal(text, c)
		}
		if err != nil {
			return err
		}
	}
	came, err := answers(filepath.Join(dir, r.name+".records"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r.hold(came, truth)
	return err
}

// hold holds what a client has recorded against the truth.
func (r *row) hold(came, truth map[string]answer) {
	var starts []int64
	for id, a := range came {
		t, ok := truth[id]
		if !ok {
			continue
		}
		r.ok++
		starts = append(starts, t.start)
		if len(a.chunks) == 0 || len(a.chunks) != len(t.chunks) {
			continue
		}
		r.ttft = append(r.ttft, float64((a.chunks[0]-a.start)-(t.chunks[0]-t.start))/1e3)
		for i := range a.chunks {
			r.arrival = append(r.arrival, float64(a.chunks[i]-t.chunks[i])/1e3)
			if i > 0 {
				r.gap = append(r.gap, math.Abs(float64((a.chunks[i]-a.chunks[i-1])-(t.chunks[i]-t.chunks[i-1])))/1e3)
			}
		}
	}
	if len(starts) > 1 {
		r.rate = float64(len(starts)-1) / (float64(slices.Max(starts)-slices.Min(starts)) / 1e9)
	}
}

// values are the row's numbers; NaN is unknown.
func (r *row) values() []float64 {
	further := (r.all.CPU - r.few.CPU) / float64(r.requests-r.fewCount) * 1e6
	v := []float64{float64(r.ok), r.rate, r.all.Wall, r.all.CPU, float64(r.all.Processes),
		r.all.CPU / float64(r.requests) * 1e6, further, float64(r.all.PSS) / (1 << 20)}
	if r.ok == 0 {
		v[0], v[1] = math.NaN(), math.NaN()
	}
	for _, errors := range [][]float64{r.ttft, r.gap, r.arrival} {
		v = append(v, quantile(errors, 0.5), quantile(errors, 0.99))
	}
	return v
}

func (r *row) cells() []string {
	cells := []string{r.name}
	for _, v := range r.values() {
		cells = append(cells, number(v))
	}
	return cells
}

func ratios(r, base *row) []string {
	cells := []string{r.name + "/" + base.name}
	b := base.values()
	for i, v := range r.values() {
		cells = append(cells, number(v/b[i]))
	}
	return cells
}

func number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "-"
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// quantile is the smallest value that a share q of the values does not exceed;
// NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}
