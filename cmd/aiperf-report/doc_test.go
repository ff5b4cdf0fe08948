package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// The manual says of every metric that a table shows what it is.
func TestManualKnowsEveryMetric(t *testing.T) {
	t.Parallel()
	_, text, ok := strings.Cut(doc, "// # Metrics\n")
	text, _, ok2 := strings.Cut(text, "// # ")
	if !ok || !ok2 {
		t.Fatal("the manual has no list of metrics")
	}
	var known []*regexp.Regexp
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z]\S*)`).FindAllStringSubmatch(text, -1) {
		known = append(known, regexp.MustCompile("^"+strings.ReplaceAll(m[1], "…", "[a-z]+")+"$"))
	}
	f, err := os.Open("../testdata/demo/merged.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	goodput, err := report.ParseGoodput("request_latency:200")
	if err != nil {
		t.Fatal(err)
	}
	b := report.Builder{Options: report.Options{Goodput: goodput}}
	for l, err := range record.Read(f, "demo") {
		if err == nil {
			err = b.Add(l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := b.Report()
	seen := 0
	for _, m := range append(r.Metrics, r.Energy.Metrics...) {
		if m.Order == 0 {
			continue
		}
		seen++
		if !slices.ContainsFunc(known, func(k *regexp.Regexp) bool { return k.MatchString(m.Tag) }) {
			t.Errorf("the manual does not say what %s is", m.Tag)
		}
	}
	if seen < 40 {
		t.Errorf("only %d metrics were looked at", seen)
	}
}
