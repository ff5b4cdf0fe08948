package scrape

import (
	"errors"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// TestCosts: the trailer is worked out from the records alone.
func TestCosts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var costs Costs
		c := Config{Sources: sources(t, "a", "b"), Interval: 500 * ms, Count: 20, Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "b:9400" {
				return nil, errors.New("connection refused")
			}
			pause(r, 20*ms)
			return answer(200, gpuPage(1000*int(time.Since(start)/(2*time.Second)), 0)), nil
		})}
		for rec, err := range Run(t.Context(), c) {
			if err != nil {
				t.Fatal(err)
			}
			costs.Add(rec)
		}
		page := int64(len(gpuPage(1000, 0)))
		got := map[string]record.SourceCost{}
		for _, s := range costs.Sources() {
			got[s.Source] = s
		}
		zero := 0.0
		want := map[string]record.SourceCost{
			"http://a:9400/metrics": {Source: "http://a:9400/metrics", Requests: 20, Repeats: 15, Bytes: 20*page - 4*3, TookMean: new(0.02), TookP99: new(0.02), LateP99: &zero, Refresh: new(2.0)},
			// At 0, 0.5, 1.5, 3.5 and 7.5 s.
			"http://b:9400/metrics": {Source: "http://b:9400/metrics", Requests: 5, Failures: 5, LateP99: &zero},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSpreadQuantile(t *testing.T) {
	t.Parallel()
	var none spread
	if none.quantile(0.99) != nil || none.mean() != nil {
		t.Error("nothing has a quantile")
	}
	for _, scale := range []float64{1e-6, 1e-3, 1, 100} {
		var s spread
		for i := range 1000 {
			s.add(float64(i+1) / 1000 * scale)
		}
		for _, q := range []float64{0.01, 0.5, 0.99, 1} {
			got, want := *s.quantile(q), q*scale
			if math.Abs(got-want) > max(0.051*want, least) {
				t.Errorf("quantile %g of 0…%g is %g", q, scale, got)
			}
		}
	}
	var far spread
	far.add(1e9)
	if len(far.classes) > mostClasses+1 || *far.quantile(0.5) < 3600 {
		t.Errorf("%d classes, quantile %g", len(far.classes), *far.quantile(0.5))
	}
}
