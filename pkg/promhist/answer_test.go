package promhist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

const realAnswer = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"DCGM_FI_DRIVER_VERSION":"580.105.08","Hostname":"gpu-node-1","UUID":"GPU-c4529c8d","__name__":"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION","gpu":"0","instance":"127.0.0.1:19400","job":"dcgm"},` +
	`"values":[[1795437373.934,"1016620365"],[1795437374.034,"1016690100"],[1795437375,"NaN"],[1795437376,"+Inf"]]},{"metric":{},"values":[ [ 1 , "-2.5e3" ] ]}]},"warnings":["w"],"infos":["i"]}`

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	a, err := parseAnswer(strings.NewReader(realAnswer), 100, func(s series) error {
		fmt.Fprintln(&got, s.labels["UUID"], s.points)
		return nil
	})
	want := "GPU-c4529c8d [{1795437373934 1.016620365e+09} {1795437374034 1.0166901e+09} {1795437376000 +Inf}]\n [{1000 -2500}]\n"
	if err != nil || got.String() != want || a.status != "success" || fmt.Sprint(a.warnings) != "[w i]" {
		t.Errorf("got %s and %v, error %v; want %s", got.String(), a, err, want)
	}
	if _, err := parseAnswer(strings.NewReader(realAnswer), 3, func(series) error { return nil }); err != errTooMuch {
		t.Errorf("error %v, want %v", err, errTooMuch)
	}
	for i := range len(realAnswer) {
		if _, err := parseAnswer(strings.NewReader(realAnswer[:i]), 100, func(series) error { return nil }); err == nil {
			t.Errorf("cut after %d bytes it is no error", i)
		}
	}
}

// slowAnswer reads the same by encoding/json alone.
func slowAnswer(b []byte) (out []series, ok bool) {
	var a struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&a) != nil {
		return nil, false
	}
	for _, r := range a.Data.Result {
		s := series{labels: r.Metric}
		for _, v := range r.Values {
			n, ok := v[0].(json.Number)
			text, ok2 := v[1].(string)
			sec, err := n.Float64()
			var x float64
			if _, serr := fmt.Sscanf(text, "%g", &x); !ok || !ok2 || err != nil || serr != nil {
				return nil, false
			}
			if !math.IsNaN(x) {
				s.points = append(s.points, point{int64(math.Round(sec * 1000)), x})
			}
		}
		out = append(out, s)
	}
	return out, true
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(realAnswer))
	f.Add([]byte(`{"status":"error","errorType":"bad_data","error":"x"}`))
	f.Add([]byte(`{"data":null,"status":"success"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var got []series
		_, err := parseAnswer(bytes.NewReader(in), 1000, func(s series) error {
			got = append(got, s)
			for i := range s.points {
				if i > 0 && s.points[i-1].ms >= s.points[i].ms || math.IsNaN(s.points[i].value) {
					t.Fatalf("points %v", s.points)
				}
			}
			return nil
		})
		var a *AnswerError
		if err != nil {
			if !errors.As(err, &a) && err != errTooMuch && err != io.ErrUnexpectedEOF {
				t.Fatalf("error %T: %v", err, err)
			}
			return
		}
		want, ok := slowAnswer(in)
		if !ok || len(want) != len(got) {
			return // one is laxer than the other in what no server sends
		}
		for i := range want {
			n := 0
			for _, p := range want[i].points {
				for n < len(got[i].points) && got[i].points[n].ms < p.ms {
					n++
				}
				if n == len(got[i].points) || got[i].points[n].ms != p.ms {
					t.Fatalf("%v is not in %v", p, got[i].points)
				}
			}
		}
	})
}
