package cmd_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiperf/pkg/record"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPick writes a line of values for each record of a type, sorted, so that
// what came in any order can be compared. A key that a record has not is "-".
// The key "due" of requests is when they were due: the milliseconds since the
// first one was.
func cmdPick(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: pick OUT TYPE KEY[,KEY...] FILE...")
	}
	kind, keys := args[1], strings.Split(args[2], ",")
	var rows []map[string]any
	first := math.Inf(1)
	for _, name := range args[3:] {
		for line := range strings.Lines(ts.ReadFile(name)) {
			var row map[string]any
			ts.Check(json.Unmarshal([]byte(line), &row))
			if row["type"] != kind {
				continue
			}
			if late, ok := row["late"].(float64); ok {
				due := instant(ts, row["start"]) - late
				row["due"] = due
				first = min(first, due)
			}
			rows = append(rows, row)
		}
	}
	var lines []string
	for _, row := range rows {
		if due, ok := row["due"].(float64); ok {
			row["due"] = math.Round((due - first) * 1e3)
		}
		var values []string
		for _, key := range keys {
			values = append(values, value(row, key))
		}
		lines = append(lines, strings.Join(values, " ")+"\n")
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "")), 0o666))
}

// value is what a record has under a key, whose parts are joined by dots.
func value(row map[string]any, key string) string {
	var v any = row
	for part := range strings.SplitSeq(key, ".") {
		object, _ := v.(map[string]any)
		v = object[part]
	}
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return strconv.FormatFloat(v, 'g', 15, 64)
	}
	return fmt.Sprint(v)
}

// instant is a record's instant in seconds since 2026 began, which a float64
// has to some nanoseconds.
func instant(ts *testscript.TestScript, v any) float64 {
	s, _ := v.(string)
	t, err := record.ParseTime(s)
	ts.Check(err)
	return t.Sub(record.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// cmdPeak checks how many profiling requests were under way at most, by their
// start and took, or how many waited for their first token.
func cmdPeak(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] peak N FILE [took|ttft]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	length := "took"
	if len(args) == 3 {
		length = args[2]
	}
	type edge struct {
		at   float64
		step int
	}
	var edges []edge
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var row map[string]any
		ts.Check(json.Unmarshal([]byte(line), &row))
		if d, ok := row[length].(float64); ok && row["type"] == "request" && row["phase"] == "profiling" {
			at := instant(ts, row["start"])
			edges = append(edges, edge{at, 1}, edge{at + d, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if a.at < b.at || a.at == b.at && a.step < b.step {
			return -1
		}
		return 1
	})
	most, n := 0, 0
	for _, e := range edges {
		n += e.step
		most = max(most, n)
	}
	if (most == want) == neg {
		ts.Fatalf("%d requests of %s were under way at most", most, args[1])
	}
}
