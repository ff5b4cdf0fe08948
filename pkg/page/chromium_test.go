package page

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"aiperf/pkg/report"
)

// A browser looks at pages. AIPERF_CHROMIUM names the program; without it what
// needs one is skipped. It has no network.
type browser struct {
	program, dir string
}

func startBrowser(t *testing.T) browser {
	program := os.Getenv("AIPERF_CHROMIUM")
	if program == "" {
		t.Skip("AIPERF_CHROMIUM does not name a Chromium; make test-page does")
	}
	dir := os.Getenv("AIPERF_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	return browser{program, dir}
}

func (b browser) run(t *testing.T, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.program, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--proxy-server=127.0.0.1:9", "--user-data-dir=" + t.TempDir()}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %s: %v", b.program, err)
	}
	return out
}

// dom is a page after its scripts have run.
func (b browser) dom(t *testing.T, name string, page []byte) []byte {
	t.Helper()
	file := filepath.Join(b.dir, name+".html")
	if err := os.WriteFile(file, page, 0o666); err != nil {
		t.Fatal(err)
	}
	dom := b.run(t, "--window-size=1400,1000", "--dump-dom", "file://"+file)
	if wrong := attribute(dom, "errors"); wrong != "" {
		t.Errorf("%s: the page has errors: %s", name, wrong)
	}
	if attribute(dom, "drawn") == "" {
		t.Errorf("%s: the page was not drawn to its end", name)
	}
	return dom
}

// attribute is one of those that scripts set on the html element.
func attribute(dom []byte, name string) string {
	m := regexp.MustCompile(`<html[^>]* data-` + name + `="([^"]*)"`).FindSubmatch(dom)
	if m == nil {
		return ""
	}
	return html.UnescapeString(string(m[1]))
}

func (b browser) screenshots(t *testing.T, name string) {
	t.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int{800, 1400} {
			png := filepath.Join(b.dir, fmt.Sprintf("%s-%d-%s.png", name, width, theme))
			b.run(t, fmt.Sprintf("--window-size=%d,4200", width), "--screenshot="+png, "file://"+filepath.Join(b.dir, name+".html")+"#"+theme)
			if info, err := os.Stat(png); err != nil || info.Size() < 20_000 {
				t.Errorf("%s: the screenshot is missing or empty: %v", png, err)
			}
		}
	}
	t.Logf("screenshots of %s are in %s", name, b.dir)
}

func TestPagesInChromium(t *testing.T) {
	b := startBrowser(t)
	slow := synthetic(t, 3000, 2, 60, 1.03)
	for _, c := range []struct {
		name, why string
		runs      []Run
		canvases  int
		shots     bool
	}{
		{"demo", "all kinds of records of a real run", []Run{{Report: demo(t)}}, 15, true},
		{"large", "100,000 requests and 8 GPUs", []Run{{Report: synthetic(t, 100_000, 8, 1200, 1)}}, 13, true},
		{"compared", "a run beside its baseline", []Run{{"new", slow}, {"old", synthetic(t, 3000, 2, 60, 1)}}, 13, true},
		{"gpus", "readings and no requests", []Run{{Report: synthetic(t, 0, 4, 60, 1)}}, 5, false},
		{"requests", "requests and no readings", []Run{{Report: synthetic(t, 50, 0, 60, 1)}}, 8, false},
		{"one", "a single request", []Run{{Report: synthetic(t, 1, 0, 60, 1)}}, 8, false},
		{"nothing", "a report with nothing in it", []Run{{Report: new(report.Builder).Report()}}, 0, false},
		{"hostile", "names that would like to be markup", []Run{{Report: hostile(t, `</script><script>document.title="taken"</script><img src=x onerror=alert(1)><!--`)}}, 10, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dom := b.dom(t, c.name, written(t, c.runs...))
			if n := bytes.Count(dom, []byte("<canvas")); n != c.canvases {
				t.Errorf("%s: %d charts, want %d", c.why, n, c.canvases)
			}
			sameHeadline(t, dom, c.runs[0].Report)
			t.Logf("%s: drawn in %s ms", c.why, attribute(dom, "drawn"))
			if c.shots {
				b.screenshots(t, c.name)
			}
		})
	}
}

// sameHeadline compares the cards with the report.
func sameHeadline(t *testing.T, dom []byte, r *report.Report) {
	t.Helper()
	seen := 0
	for _, m := range regexp.MustCompile(`data-tag="([a-z_]+)" data-stat="([a-z0-9]+)" data-value="([^"]+)"`).FindAllSubmatch(dom, -1) {
		metric, ok := r.Metric(string(m[1]))
		want := metric.Stat.Mean
		if p, err := strconv.ParseFloat(string(m[2]), 64); err == nil {
			want, _ = metric.Stat.Percentile(p)
		}
		got, err := strconv.ParseFloat(string(m[3]), 64)
		if !ok || err != nil || got != want {
			t.Errorf("the card of %s %s says %s, the report %v", m[1], m[2], m[3], want)
		}
		seen++
	}
	if r.Requests.OK > 0 && seen < 4 {
		t.Errorf("only %d cards show a metric", seen)
	}
}

// with puts a script of a test into a page, which its policy would forbid.
func with(page []byte, script string) []byte {
	page = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAll(page, nil)
	return bytes.Replace(page, []byte("</body>"), []byte("<script>"+script+"</script></body>"), 1)
}

// The policy keeps out what was not put into the page by this package.
func TestPolicyInChromium(t *testing.T) {
	b := startBrowser(t)
	page := bytes.Replace(written(t, Run{Report: demo(t)}), []byte("</body>"), []byte(`<script>document.documentElement.dataset.taken = 1</script></body>`), 1)
	file := filepath.Join(b.dir, "policy.html")
	if err := os.WriteFile(file, page, 0o666); err != nil {
		t.Fatal(err)
	}
	dom := b.run(t, "--dump-dom", "file://"+file)
	if attribute(dom, "taken") != "" || !strings.Contains(attribute(dom, "errors"), "blocked script-src") {
		t.Errorf("another script ran; errors: %q", attribute(dom, "errors"))
	}
}

// Keys and the mouse do what the page says that they do.
func TestHandsInChromium(t *testing.T) {
	b := startBrowser(t)
	dom := b.dom(t, "hands", with(written(t, Run{Report: synthetic(t, 2000, 2, 100, 1)}), `(async () => {
		const said = [], check = (what, ok) => said.push((ok ? "" : "NOT ") + what);
		const settle = async () => { await null; await null; await null; };
		const span = () => stage.range[1] - stage.range[0];
		const press = (key, more) => stage.charts[1].root.closest("figure").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
		const whole = span();
		press("+"); await settle();
		check("plus zooms in", Math.abs(span() - whole / 2) < 1e-6 * whole);
		check("all charts show the same time", stage.charts.every((u) => Math.abs(u.scales.x.max - stage.range[1]) < 1e-6));
		const from = stage.range[0];
		press("ArrowRight", { shiftKey: true }); await settle();
		check("shift and an arrow move the view", stage.range[0] > from);
		press("ArrowRight"); await settle();
		check("an arrow moves all cursors", stage.charts.every((u) => Math.abs(u.posToVal(u.cursor.left, "x") - stage.charts[0].posToVal(stage.charts[0].cursor.left, "x")) < whole / 500));
		press("0"); await settle();
		check("0 shows the whole run", Math.abs(span() - whole) < 1e-6 * whole);
		const row = document.querySelector("#slow tbody tr");
		row.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" })); await settle();
		check("a slow request is shown", span() < whole / 5);
		const sort = [...document.querySelectorAll("#slow th button")].find((e) => e.textContent === "TTFT");
		sort.click();
		check("tables sort", sort.parentNode.getAttribute("aria-sort") === "descending" && document.querySelectorAll("#slow tbody tr").length === 15);
		document.querySelector("#slow .more").click();
		check("tables show all", document.querySelectorAll("#slow tbody tr").length === 100);
		const n = stage.charts.length, select = document.querySelector("#time figure select");
		select.value = "ttft"; select.dispatchEvent(new Event("change")); await settle();
		check("the scatter shows something else", stage.charts.length === n && document.querySelector("#time figure h3").textContent === "Time to first token over time");
		document.querySelector("#time figure input").click(); await settle();
		check("in logarithms", document.querySelector("#time figure input").checked && stage.charts.length === n);
		const before = theme["--ink"];
		document.getElementById("theme").click();
		check("the theme turns", theme["--ink"] !== before);
		const key = document.querySelector("#time figure:nth-of-type(2) .legend button");
		key.click();
		check("a line is hidden", key.getAttribute("aria-pressed") === "false");
		document.documentElement.dataset.said = said.join("; ");
	})();`))
	said := attribute(dom, "said")
	if said == "" || strings.Contains(said, "NOT ") {
		t.Errorf("the page did: %q", said)
	}
	t.Log(said)
}

// TestZoomInChromium measures what a reader waits for when 100,000 requests are
// zoomed, drawing included. The figures are told, not judged.
func TestZoomInChromium(t *testing.T) {
	b := startBrowser(t)
	page := with(written(t, Run{Report: synthetic(t, 100_000, 8, 1200, 1)}), `(async () => {
		const settle = () => { for (const u of drawn) u.ctx.getImageData(0, 0, 1, 1); };
		await null;
		settle();
		const times = [];
		for (let i = 0; i < 20; i++) {
			const begun = performance.now();
			zoom(i * 10, 1200 - i * 20);
			await null; await null;
			settle();
			times.push(performance.now() - begun);
		}
		times.sort((a, b) => a - b);
		document.documentElement.dataset.zoomed = times[10].toFixed(1) + " " + times[19].toFixed(1);
	})();`)
	dom := b.dom(t, "zoom", page)
	if attribute(dom, "zoomed") == "" {
		t.Fatal("the page was not zoomed")
	}
	t.Logf("%.1f MB; drawn in %s ms; a zoom of all charts takes (median, longest) %s ms", float64(len(page))/1e6, attribute(dom, "drawn"), attribute(dom, "zoomed"))
}
