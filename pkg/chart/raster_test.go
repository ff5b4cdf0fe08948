package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/google/go-cmp/cmp"
)

// decoded is a report's picture, through a reader of PNG.
func decoded(t testing.TB, r *report.Report, kind string) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := PNG(&b, r, kind); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return m
}

// count tells how many pixels are of a colour.
func count(m image.Image, c color.NRGBA) (n int) {
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if color.NRGBAModel.Convert(m.At(x, y)) == color.Color(c) {
				n++
			}
		}
	}
	return n
}

func TestEveryKindIsAnImage(t *testing.T) {
	t.Parallel()
	r := demo(t)
	for kind, want := range map[string][]int{"latency": {0, 1}, "ttft": {0, 1}, "throughput": {0, 2}, "concurrency": {0, 2}, "power": {0, 1}, "": {0, 1}} {
		m := decoded(t, r, kind)
		if got := m.Bounds().Size(); got != image.Pt(1600, 980) {
			t.Errorf("%s is of %v pixels", kind, got)
		}
		white, dark := count(m, rgb(0xffffff)), count(m, ink)
		if n := 1600 * 980; white < n/3 || white > n-20_000 || dark < 500 {
			t.Errorf("%s has %d white pixels and %d of text", kind, white, dark)
		}
		for _, k := range want {
			if n := count(m, palette[k]); n < 400 {
				t.Errorf("%s has %d pixels of colour %d", kind, n, k)
			}
		}
	}
}

// made is a report on two GPUs of 100 and 200 W over ten seconds.
func made() *report.Report {
	track := func(w float64) map[string]report.Track {
		return map[string]report.Track{record.FieldPower: {T: []record.Time{0, 10e9}, X: []float64{w, w}}}
	}
	return &report.Report{Story: &report.Story{GPUs: []report.Gauges{{Name: "a", Tracks: track(100)}, {Name: "b", Tracks: track(200)}}}}
}

func TestLinesAreWhereTheyBelong(t *testing.T) {
	t.Parallel()
	m := decoded(t, made(), "power")
	// The axis goes from 0 to 212 W over 230 pixels, of which the first is at 64.
	row := func(w float64) int { return int(scale * (64 + 230*(1-w/212))) }
	for _, c := range []struct {
		why  string
		x, y int
		want color.NRGBA
	}{
		{"the first GPU at its 100 W", 700, row(100), palette[0]},
		{"the other at 200 W", 700, row(200), palette[1]},
		{"and to the end", 1600 - 2*right - 2, row(200), palette[1]},
		{"nothing between them", 700, row(140), rgb(0xffffff)},
		{"nothing before the start", 2*left - 4, row(100), rgb(0xffffff)},
		{"the zero line", 700, row(0), faint},
		{"white to the corner", 0, 0, rgb(0xffffff)},
	} {
		if got := color.NRGBAModel.Convert(m.At(c.x, c.y)); got != color.Color(c.want) {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}

// A recorder is a canvas that tells what it was asked for, and asks another.
type recorder struct {
	canvas
	calls []string
}

func (r *recorder) note(name string, args ...any) {
	r.calls = append(r.calls, name+fmt.Sprintf("%v", args))
}

func (r *recorder) begin(width, height int, title string) {
	r.note("begin", width, height, title)
	r.canvas.begin(width, height, title)
}

func (r *recorder) text(x, y float64, s string, l look) {
	r.note("text", x, y, s, l)
	r.canvas.text(x, y, s, l)
}

func (r *recorder) caption(x, y float64, title, about string) {
	r.note("caption", x, y, title, about)
	r.canvas.caption(x, y, title, about)
}

func (r *recorder) square(at point, colour int) {
	r.note("square", at, colour)
	r.canvas.square(at, colour)
}

func (r *recorder) rule(from, to point, dashed bool) {
	r.note("rule", from, to, dashed)
	r.canvas.rule(from, to, dashed)
}

func (r *recorder) line(p []point, stepped bool, colour int) {
	r.note("line", p, stepped, colour)
	r.canvas.line(p, stepped, colour)
}

func (r *recorder) area(p []point, stepped bool, bottom float64, colour int) {
	r.note("area", p, stepped, bottom, colour)
	r.canvas.area(p, stepped, bottom, colour)
}

func (r *recorder) dots(p []point, cross bool, colour int) {
	r.note("dots", p, cross, colour)
	r.canvas.dots(p, cross, colour)
}

// What is drawn does not depend on the canvas, which leaves what it is given as
// it was.
func TestBothAreAskedForTheSame(t *testing.T) {
	t.Parallel()
	r := demo(t)
	var seen strings.Builder
	for _, kind := range Kinds {
		text, image := recorder{canvas: new(svg)}, recorder{canvas: new(raster)}
		for _, c := range []*recorder{&text, &image} {
			if err := compose(c, r, kind); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(text.calls, image.calls); diff != "" {
			t.Errorf("%s (-svg +png):\n%s", kind, diff)
		}
		seen.WriteString(strings.Join(text.calls, "\n") + "\n")
	}
	for _, name := range []string{"begin[", "text[", "caption[", "square[", "rule[", "line[", "area[", "dots["} {
		if !strings.Contains(seen.String(), name) {
			t.Errorf("no picture has a %s", strings.TrimSuffix(name, "["))
		}
	}
}

// The image's colours are those of the text's light theme.
func TestThemesAgree(t *testing.T) {
	t.Parallel()
	light, _, _ := strings.Cut(style, "@media")
	hex := func(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
	want := []string{"fill:" + hex(ink) + "}\n.back{fill:#fff}", ".m{fill:" + hex(muted), ".g{stroke:" + hex(faint), ".v{stroke:" + hex(muted)}
	for i, c := range palette {
		want = append(want, fmt.Sprintf(".k%d{stroke:%s;fill:%[2]s}", i, hex(c)))
	}
	want = append(want, fmt.Sprintf(".l{fill:none;stroke-width:%g;", lineWidth), fmt.Sprintf(".d{fill:none;stroke-width:%g;", dotWidth))
	for _, w := range want {
		if !strings.Contains(light, w) {
			t.Errorf("the style has no %q", w)
		}
	}
}

// Whatever the numbers and however often they overlap, a shape is drawn once and
// on the image.
func TestPen(t *testing.T) {
	t.Parallel()
	huge := math.MaxFloat64
	for _, c := range []struct {
		why  string
		draw func(*pen)
		at   image.Point
		want uint8 // grey
	}{
		{"a box", func(p *pen) { p.box(point{1, 1}, point{3, 3}) }, image.Pt(4, 4), 0x80},
		{"the other way round", func(p *pen) { p.fill([]point{{1, 1}, {1, 3}, {3, 3}, {3, 1}}) }, image.Pt(4, 4), 0x80},
		{"one on another", func(p *pen) {
			p.box(point{1, 1}, point{3, 3})
			p.fill([]point{{1, 1}, {1, 3}, {3, 3}, {3, 1}})
			p.disc(point{2, 2}, 2)
			p.segment(point{3, 3}, point{1, 1}, 1)
		}, image.Pt(4, 4), 0x80},
		{"a bend, on its outside", func(p *pen) { p.bend(point{0, 2}, point{2, 2}, point{2, 6}, 3) }, image.Pt(5, 3), 0x80},
		{"and not on its inside", func(p *pen) { p.bend(point{0, 2}, point{2, 2}, point{2, 6}, 3) }, image.Pt(3, 5), 0xff},
		{"a line without length", func(p *pen) { p.segment(point{2, 2}, point{2, 2}, 3) }, image.Pt(4, 4), 0xff},
		{"beyond every edge", func(p *pen) { p.box(point{-huge, -huge}, point{huge, huge}) }, image.Pt(4, 4), 0x80},
		{"beside the image", func(p *pen) { p.box(point{100, 100}, point{200, 200}) }, image.Pt(4, 4), 0xff},
		{"no numbers", func(p *pen) { p.segment(point{math.NaN(), 1}, point{math.Inf(1), 2}, 1) }, image.Pt(9, 9), 0xff},
	} {
		m := image.NewRGBA(image.Rect(0, 0, 10, 10))
		for i := range m.Pix {
			m.Pix[i] = 0xff
		}
		p := pen{limit: m.Rect}
		c.draw(&p)
		p.put(m, color.NRGBA{A: 127})
		if got := m.RGBAAt(c.at.X, c.at.Y).R; got != c.want {
			t.Errorf("%s: %#x, want %#x", c.why, got, c.want)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	r := demo(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := PNG(new(bytes.Buffer), r, "latency"); err != nil {
			b.Fatal(err)
		}
	}
}
