package promhist

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"aiperf/pkg/record"
)

// canned answers every query with the same body.
type canned struct{ gpus, durations, help []byte }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	body := c.gpus
	switch {
	case strings.HasSuffix(r.URL.Path, "/metadata"):
		body = c.help
	case strings.Contains(r.URL.RawQuery, "scrape_duration"):
		body = c.durations
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// can makes answers of so many GPUs with 22 families and of 300 seconds.
func can(gpus int) (c canned, samples int) {
	families := []string{"SM_CLOCK", "MEM_CLOCK", "MEMORY_TEMP", "GPU_TEMP", "POWER_USAGE", "TOTAL_ENERGY_CONSUMPTION", "PCIE_REPLAY_COUNTER", "GPU_UTIL", "MEM_COPY_UTIL",
		"ENC_UTIL", "DEC_UTIL", "XID_ERRORS", "FB_FREE", "FB_USED", "FB_RESERVED", "NVLINK_BANDWIDTH_TOTAL", "VGPU_LICENSE_STATUS", "ROW_REMAP_FAILURE",
		"CORRECTABLE_REMAPPED_ROWS", "UNCORRECTABLE_REMAPPED_ROWS", "BAR1_USED", "FAN_SPEED"}
	var b bytes.Buffer
	b.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	for g := range gpus {
		for i, f := range families {
			if g+i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"metric":{"__name__":"DCGM_FI_DEV_%s","UUID":"GPU-%d","gpu":"%d","instance":"node%d:9400","job":"dcgm","Hostname":"node%d","modelName":"NVIDIA H100 80GB HBM3","device":"nvidia%d","DCGM_FI_DRIVER_VERSION":"580.105.08"},"values":[`, f, g, g%8, g/8, g/8, g%8)
			for t := range 300 {
				if samples++; t > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `[%d.%03d,"%d"]`, base/1000+int64(t), g/8*7, 1016620365+69735*t+g)
			}
			b.WriteString("]}")
		}
	}
	b.WriteString("]}}")
	empty := []byte(`{"status":"success","data":{"resultType":"matrix","result":[]}}`)
	return canned{b.Bytes(), empty, []byte(`{"status":"success","data":{}}`)}, samples
}

// Run with: go test -run '^$' -bench Read ./pkg/promhist
func BenchmarkRead(b *testing.B) {
	for _, gpus := range []int{8, 72} {
		b.Run(fmt.Sprintf("gpus=%d", gpus), func(b *testing.B) {
			c, samples := can(gpus)
			b.ReportAllocs()
			b.SetBytes(int64(len(c.gpus)))
			for b.Loop() {
				n := 0
				for rec, err := range Read(b.Context(), Config{URL: "http://x", Since: atMS(base), Until: atMS(base + 299_999), Transport: c}) {
					if err != nil {
						b.Fatal(err)
					}
					if _, ok := rec.(*record.GPU); ok {
						n++
					}
				}
				if n != gpus*300 {
					b.Fatalf("%d readings", n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*samples), "ns/sample")
		})
	}
}
