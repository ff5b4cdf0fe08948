package scrape

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"aiperf/pkg/record"
)

// farm answers every request on a loopback port with a page of the given number
// of GPUs, whose energy goes up each time that fresh says so. It costs next to
// nothing, so that what is measured is who asks.
func farm(tb testing.TB, gpus int, fresh func(n int64) bool) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	head, tail := farmPage(gpus)
	var visits, energy atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in, out := make([]byte, 4096), []byte(nil)
				for n := 0; ; {
					m, err := c.Read(in[n:])
					if err != nil {
						return
					}
					if n += m; !bytes.HasSuffix(in[:n], []byte("\r\n\r\n")) {
						continue
					}
					n = 0
					if fresh(visits.Add(1)) {
						energy.Add(1)
					}
					out = append(out[:0], head...)
					out = fmt.Appendf(out, "%012d", energy.Load())
					if _, err := c.Write(append(out, tail...)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// farmPage is an answer in two parts, between which twelve digits belong.
func farmPage(gpus int) (head, tail string) {
	families := []string{"SM_CLOCK", "MEM_CLOCK", "MEMORY_TEMP", "GPU_TEMP", "POWER_USAGE", "GPU_UTIL", "FB_USED"}
	if gpus > 1 {
		families = append(families, "FB_FREE", "FB_RESERVED", "MEM_COPY_UTIL", "ENC_UTIL", "DEC_UTIL", "XID_ERRORS", "PCIE_REPLAY_COUNTER",
			"VGPU_LICENSE_STATUS", "UNCORRECTABLE_REMAPPED_ROWS", "CORRECTABLE_REMAPPED_ROWS", "ROW_REMAP_FAILURE")
	}
	line := func(family string, gpu int, value string) string {
		return fmt.Sprintf("DCGM_FI_DEV_%s{gpu=\"%d\",UUID=\"GPU-00000000-0000-0000-0000-%012d\",pci_bus_id=\"00000000:53:00.0\",device=\"nvidia%d\",modelName=\"NVIDIA H100 80GB HBM3\",Hostname=\"node\",DCGM_FI_DRIVER_VERSION=\"580.105.08\"} %s",
			family, gpu, gpu, gpu, value)
	}
	var page bytes.Buffer
	for _, f := range families {
		fmt.Fprintf(&page, "# HELP DCGM_FI_DEV_%s Something (in some unit).\n# TYPE DCGM_FI_DEV_%s gauge\n", f, f)
		for g := range gpus {
			page.WriteString(line(f, g, strconv.Itoa(30+g)) + "\n")
		}
	}
	page.WriteString("# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter\n")
	for g := range gpus - 1 {
		page.WriteString(line("TOTAL_ENERGY_CONSUMPTION", g, "123456789") + "\n")
	}
	page.WriteString(line("TOTAL_ENERGY_CONSUMPTION", gpus-1, ""))
	body := page.String()
	const digits, end = 12, "\n"
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", len(body)+digits+len(end), body), end
}

// Many sources once a second, over loopback sockets, with a server that is in
// this process too. late-ms is how late visits began, MB what the Go runtime
// holds for both sides. An iteration is the visits of one second.
//
//	go test -run '^$' -bench Sources -benchtime 10x ./pkg/scrape
func BenchmarkSources(b *testing.B) {
	for _, c := range []struct {
		why           string
		sources, gpus int
		every         int64 // a page is new
	}{
		{"a new page each time", 1000, 1, 1},
		{"an exporter that refreshes every 30 s", 1000, 8, 30},
		{"the nodes of a large cluster", 72, 8, 1},
	} {
		b.Run(fmt.Sprintf("sources=%d/gpus=%d/refresh=%d", c.sources, c.gpus, c.every), func(b *testing.B) {
			address := farm(b, c.gpus, func(n int64) bool { return c.every == 1 || n%(c.every*int64(c.sources)) == 0 })
			list := make([]Source, c.sources)
			for i := range list {
				var err error
				if list[i], err = ParseSource(fmt.Sprintf("http://%s/node%d/metrics", address, i)); err != nil {
					b.Fatal(err)
				}
			}
			const warm = 5 // seconds, while connections are made
			seconds, from := 0, 0.0
			var late []float64
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			clock := record.StartClock()
			start := clock.Now()
			visits := 0
			b.ReportAllocs()
			for rec := range Run(ctx, Config{Sources: list, Interval: time.Second, Spread: 5 * time.Millisecond, Clock: clock}) {
				s, ok := rec.(*record.Scrape)
				if !ok {
					continue
				}
				if s.Error != "" {
					b.Fatal(s.Error)
				}
				if clock.Now().Sub(start) < warm {
					continue
				}
				if seconds == 0 {
					from = cpu(b)
					seconds = 1
					b.Loop() // the first second
				}
				late = append(late, s.Late*1e3)
				if visits++; visits%c.sources == 0 && !b.Loop() {
					break
				}
			}
			used := (cpu(b) - from) / (float64(visits) / float64(c.sources))
			slices.Sort(late)
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(late[len(late)/2], "late-p50-ms")
			b.ReportMetric(late[int(math.Ceil(0.99*float64(len(late))))-1], "late-p99-ms")
			b.ReportMetric(float64(m.Sys-m.HeapReleased)/1e6, "MB")
			b.ReportMetric(used, "cpu-s/s")
		})
	}
}
