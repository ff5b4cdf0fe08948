package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	type run struct {
		Kind Kind
		N    int
	}
	for _, c := range []struct {
		why  string
		k    Kinds
		want []run
	}{
		{"nothing", "", nil},
		{"two runs", "r120c80", []run{{KindReasoning, 120}, {KindText, 80}}},
		{"a kind that is not known yet is given too", "x3t1", []run{{'x', 3}, {KindTool, 1}}},
		{"nonsense ends it", "c5r", []run{{KindText, 5}}},
		{"no number that an int holds", "c99999999999999999999", nil},
	} {
		var got []run
		for k, n := range c.k.All() {
			got = append(got, run{k, n})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
	if got := Kinds(AppendKind(AppendKind(nil, KindReasoning, 7), KindText, 12)); got != "r7c12" {
		t.Errorf("appended %q, want r7c12", got)
	}
}
