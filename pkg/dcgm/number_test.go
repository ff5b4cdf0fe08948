package dcgm

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// checkNumber compares the fast way with the general one, and both with
// expfmt.
func checkNumber(t *testing.T, text string) {
	t.Helper()
	v, n := number([]byte(text + "\n"))
	if n > 0 {
		want, err := strconv.ParseFloat(text, 64)
		if n != len(text)+1 || err != nil || math.Float64bits(v) != math.Float64bits(want) {
			t.Errorf("number(%q) = %v of %d bytes; want %v, %v", text, v, n, want, err)
		}
	}
	if _, n := number([]byte(text)); n > 0 {
		t.Errorf("number(%q) took a number that may go on", text)
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text, "\n\r{") || strings.TrimSpace(text) != text || text[0] == '#' {
		return
	}
	v, err := tail([]byte(text))
	parser := newExpfmt()
	families, wantErr := parser.TextToMetricFamilies(bytes.NewReader([]byte("x " + text + "\n")))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("tail(%q): %v; expfmt: %v", text, err, wantErr)
	}
	if err != nil {
		return
	}
	if want := families["x"].GetMetric()[0].GetUntyped().GetValue(); v != want && (v == v || want == want) {
		t.Errorf("tail(%q) = %v; want %v", text, v, want)
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, s := range append([]string{"00", "-", "-.5", "+1", "1e", "1e+", "1e5", "1E5", "1e-22", "1e-23", "1e22", "1e23", "1e099", "1e+1000", "12.e3",
		"9007199254740991", "9007199254740992", "9007199254740993", "900719925474099.3", "999999999999999999", "1000000000000000000", "18446744073709551616",
		"0.000000", "386.022000", "4.55497156e+08", "7.839848e+07", "1.2e-05", "2147483648.5", "1 2", "1  -2", "1 2 3", "1\t2", "1 2.5"}, someValues...) {
		checkNumber(t, s)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		v := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			v = float64(r.Int64N(1<<r.IntN(63)+1)) / math.Pow10(r.IntN(9))
		}
		checkNumber(t, strconv.FormatFloat(v, "efg"[r.IntN(3)], r.IntN(12)-1, 64))
	}
}

// TestNumberIsUsed: the numbers of both writers go the fast way.
func TestNumberIsUsed(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0", "1980", "237463871", "386.022000", "0.421000", "-1", "113.611", "4.55497156e+08", "1.2e-05"} {
		if _, n := number([]byte(s + "\n")); n == 0 {
			t.Errorf("%s does not", s)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range someValues {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 100 && !strings.Contains(s, "\n") {
			checkNumber(t, s)
		}
	})
}
