package prompt

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// firstTexts are the first texts of conversations, joined by spaces.
func firstTexts(all []Conversation) string {
	var texts []string
	for _, c := range all {
		var own []string
		for _, t := range c.Turns {
			own = append(own, strings.Join(t.Texts, "|"))
		}
		texts = append(texts, strings.Join(own, "+"))
	}
	return strings.Join(texts, " ")
}

// numbered is n lines of single_turn.
func numbered(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf(`{"text":"%d"}`, i)
	}
	return lines
}

func TestSequential(t *testing.T) {
	t.Parallel()
	d := lineDataset(SingleTurn, numbered(3)...)
	diff(t, "wraps round", "0 1 2 0 1 2 0", firstTexts(must(t, 7, d.Source())))
	d.Once = true
	all, _, err := take(9, d.Source())
	diff(t, "once", "0 1 2", firstTexts(all))
	again, _, _ := take(9, d.Source())
	diff(t, "ranged over again", all, again)
	all, _, _ = take(9, pipedDataset(SingleTurn, numbered(3)...).Source())
	if diff(t, "a pipe ends", "0 1 2", firstTexts(all)); err != nil {
		t.Error(err)
	}
}

func TestShuffle(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 100, 70_000} { // below and above where the permutation is computed
		if n > 100 && testing.Short() {
			continue
		}
		d := lineDataset(SingleTurn, numbered(n)...)
		d.Sampling, d.Seed = "shuffle", 3
		all := must(t, 2*n, d.Source())
		want := strings.Fields(firstTexts(must(t, n, lineDataset(SingleTurn, numbered(n)...).Source())))
		slices.Sort(want)
		for round := range 2 {
			got := strings.Fields(firstTexts(all[round*n : (round+1)*n]))
			slices.Sort(got)
			diff(t, "a round", want, got)
		}
		if n >= 100 && firstTexts(all[:n]) == firstTexts(all[n:]) {
			t.Errorf("two rounds of %d are in the same order", n)
		}
		if n == 100 {
			diff(t, "same seed", all, must(t, 2*n, d.Source()))
			if d.Seed = 4; firstTexts(must(t, n, d.Source())) == firstTexts(all[:n]) {
				t.Error("another seed gives the same order")
			}
		}
	}
}

func TestFeistelIsAPermutationWithoutPattern(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 5, 64, 65, 1000, 4097} {
		at := feistel(n, numbers(1, forShuffle, uint64(n)))
		hit := make([]bool, n)
		ascents := 0
		for i := range n {
			if at(i) < 0 || at(i) >= n || hit[at(i)] {
				t.Fatalf("%d of %d goes to %d, as another did", i, n, at(i))
			}
			hit[at(i)] = true
			if i > 0 && at(i) > at(i-1) {
				ascents++
			}
		}
		// The ascents of a random permutation are normal, of mean (n-1)/2 and variance (n+1)/12.
		if off := float64(ascents) - float64(n-1)/2; n > 500 && off*off > 16*float64(n+1)/12 {
			t.Errorf("%d ascents of %d", ascents, n)
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	d := lineDataset(SingleTurn, numbered(10)...)
	d.Sampling = "random"
	all := must(t, 5000, d.Source())
	count := make(map[string]int)
	for _, c := range all {
		count[c.Turns[0].Texts[0]]++
	}
	for k, n := range count {
		if n < 410 || n > 590 { // 500 ± 4 standard deviations
			t.Errorf("%s was drawn %d times of 5000, want some 500", k, n)
		}
	}
	diff(t, "same seed", all[:500], must(t, 500, d.Source()))
	d.Once = true
	if all, _, err := take(99, d.Source()); len(all) != 10 || err != nil {
		t.Errorf("once: %d conversations (%v), want 10", len(all), err)
	}
}

func TestRandomPool(t *testing.T) {
	t.Parallel()
	query := lineDataset("", `{"texts":[{"name":"query","contents":["q1"]}]}`, `{"texts":[{"name":"query","contents":["q2"]}]}`).Files[0]
	passage := lineDataset("", `{"text":"p1","output_length":4}`, ``, `{"text":"p2","model":"m"}`, `{"text":"p3"}`).Files[0]
	d := Dataset{Type: RandomPool, Files: []File{query, passage}}
	seen := make(map[string]int)
	for i, c := range must(t, 600, d.Source()) {
		if c.Index != i || len(c.Turns) != 1 {
			t.Fatalf("conversation %d: %+v", i, c)
		}
		seen[c.Turns[0].Query+c.Turns[0].Texts[0]]++
	}
	for k, n := range seen {
		if n < 60 || n > 140 {
			t.Errorf("%s was drawn %d times of 600, want some 100", k, n)
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d pairs of 2 queries and 3 passages", len(seen))
	}
	d.Sampling = "sequential"
	diff(t, "in turn", "p1 p2 p3 p1", firstTexts(must(t, 4, d.Source())))
	d.Files[1].At = strings.NewReader("{}")
	if _, bad, err := take(1, d.Source()); err == nil || len(bad) != 1 {
		t.Errorf("a pool without a row: bad rows %q, error %v", bad, err)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	lines := []string{`{"text":"a"}`, `{"text":"b1","session_id":"b"}`, ``, `{"text":"c1","session_id":"c"}`,
		`{"text":"b2","session_id":"b"}`, `{"text":3,"session_id":"b"}`, `{"text":"d"}`, `{"text":"b3","session_id":"b"}`, `{"text":"c2","session_id":"c"}`}
	want := "a b1+b2+b3 c1+c2 d"
	d := lineDataset(SingleTurn, lines...)
	all, bad, err := take(8, d.Source())
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "sessions", want+" "+want, firstTexts(all))
	diff(t, "bad rows", []string{`f:6: key "text": want a string, not a JSON number`}, bad)
	all2, bad2, err := take(8, pipedDataset(SingleTurn, lines...).Source())
	if diff(t, "sessions of a pipe", all[:4], all2); err != nil {
		t.Error(err)
	}
	diff(t, "bad rows of a pipe", bad, bad2)
	d.Sampling = "shuffle"
	all, _, _ = take(4, d.Source())
	got := strings.Fields(firstTexts(all))
	slices.Sort(got)
	diff(t, "sessions shuffled", want, strings.Join(got, " "))
}

func TestSessionsAmongMany(t *testing.T) {
	t.Parallel()
	// Sessions whose rows are far apart, and of all lengths.
	const n, sessions = 3000, 200
	var lines []string
	want := make(map[string]string)
	rng := numbers(1, 0, 0)
	for i := range n {
		id := fmt.Sprint(rng.IntN(sessions) * rng.IntN(2))
		lines = append(lines, fmt.Sprintf(`{"text":"%d","session_id":"%s"}`, i, id))
		want[id] = strings.TrimPrefix(want[id]+fmt.Sprintf("+%d", i), "+")
	}
	for _, sampling := range []string{"sequential", "shuffle"} {
		d := lineDataset(SingleTurn, lines...)
		d.Sampling = sampling
		got := make(map[string]string)
		for _, c := range must(t, len(want), d.Source()) {
			got[c.ID] = firstTexts([]Conversation{c})
		}
		diff(t, sampling, want, got)
	}
}

func TestHeldRowsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 256 MiB")
	}
	t.Parallel()
	line := `{"session_id":"a","text":"` + strings.Repeat("x", 1<<20) + "\"}\n"
	r := &made{row: func(int) string { return line }, n: 400}
	all, _, err := take(1, Dataset{Type: SingleTurn, Files: []File{{Name: "f", Reader: r}}}.Source())
	if all != nil || err == nil || !strings.Contains(err.Error(), "line 1 has a session_id, so what follows must be held in memory, and it is more than 256 MiB: give a file instead of a pipe") {
		t.Errorf("%d conversations and %v", len(all), err)
	}
}

func TestShards(t *testing.T) {
	t.Parallel()
	sources := map[string]Dataset{
		"single_turn":     lineDataset(SingleTurn, append(numbered(10), "{}", `{"text":"z"}`)...),
		"piped":           pipedDataset(SingleTurn, append(numbered(10), "{}", `{"text":"z"}`)...),
		"shuffled":        but(lineDataset(SingleTurn, append(numbered(10), "{}")...), func(d *Dataset) { d.Sampling = "shuffle" }),
		"random":          but(lineDataset(SingleTurn, append(numbered(10), "{}")...), func(d *Dataset) { d.Sampling = "random" }),
		"random_pool":     lineDataset(RandomPool, numbered(10)...),
		"sessions":        lineDataset(SingleTurn, `{"text":"a","session_id":"x"}`, `{"text":"b"}`, `{"text":"c","session_id":"x"}`, `{"text":"d"}`),
		"multi_turn":      lineDataset(MultiTurn, `{"turns":[{"text":"a"},{"text":"b"}]}`, `{"turns":[{"text":"c"}]}`),
		"mooncake_trace":  lineDataset(Mooncake, `{"input_length":700,"hash_ids":[1,2]}`, `{"input_length":3}`, `{"text_input":"x"}`, `{"input_length":3}`),
		"burst_gpt_trace": lineDataset(BurstGPT, "Timestamp,Request tokens,Response tokens", "1,2,3", "2,3,4", "3,x,4", "4,4,4"),
		"raw_payload":     lineDataset(RawPayload, `{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`),
		"inputs_json":     lineDataset(InputsJSON, `{"data":[`, `{"session_id":"a","payloads":[{"a":1}]},`, `{"session_id":"b","payloads":[{"a":1},{"b":2}]},3]}`),
		"sharegpt": lineDataset(ShareGPT, `[{"conversations":[{"value":"a b c d"},{"value":"a b c d"}]},`,
			`{"conversations":[{"value":"short"},{"value":"a"}]},`, `{"conversations":[{"value":"e f g h"},{"value":"a b c d"}]}]`),
	}
	for name, d := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "" // of a pipe, which can be read once
			if d.Files[0].At == nil {
				b, _ := io.ReadAll(d.Files[0].Reader)
				text = string(b)
			}
			shardsMakeWhole(t, 11, func(p Part) Source {
				d := d
				if d.Part = p; text != "" {
					d.Files = []File{{Name: "f", Reader: strings.NewReader(text)}}
				}
				return d.Source()
			})
		})
	}
}

func TestOtherShardsMakeNoText(t *testing.T) {
	t.Parallel()
	tok := &broken{left: 2}
	d := lineDataset(Mooncake, slices.Repeat([]string{`{"input_length":3}`}, 10)...)
	d.Once, d.Tokenizer, d.Part = true, tok, Part{4, 5}
	if all, _, err := take(9, d.Source()); len(all) != 2 || err != nil {
		t.Errorf("%d conversations (%v), want 2", len(all), err)
	}
}

// made is a file of n rows that are made when they are read.
type made struct {
	row  func(i int) string
	n, i int
	left string
}

func (m *made) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if m.left == "" {
			if m.i == m.n {
				break
			}
			m.left = m.row(m.i)
			m.i++
		}
		c := copy(p[n:], m.left)
		m.left = m.left[c:]
		n += c
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// fixed is a file whose rows have one length each, so that it can be read at
// any place without being kept.
type fixed struct {
	row  func(i int) string
	size int
}

func (f fixed) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		n += copy(p[n:], f.row(int(at) / f.size)[int(at)%f.size:])
	}
	return n, nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Not parallel: it looks at the memory of the whole process.
func TestManyRowsTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads millions of rows")
	}
	const rows = 1_000_000
	row := func(i int) string { return `{"text":"` + strconv.Itoa(i+1e8) + "\"}\n" }
	trace := func(i int) string {
		return `{"text_input":"x","timestamp":` + strconv.Itoa(i*7919%rows+1e8) + "}\n"
	}
	session := func(i int) string { return `{"text":"x","session_id":"` + strconv.Itoa(i/2+1e8) + "\"}\n" }
	file := func(row func(int) string) []File {
		size := len(row(0))
		return []File{{Name: "f", At: fixed{row, size}, Size: int64(size) * rows}}
	}
	for _, c := range []struct {
		why   string
		d     Dataset
		want  int
		bytes int64 // a row
	}{
		{"a stream", Dataset{Type: SingleTurn, Files: []File{{Reader: &made{row: row, n: rows}}}}, rows, 0},
		{"in order", Dataset{Type: SingleTurn, Files: file(row)}, rows / 10, 2},
		{"shuffled", Dataset{Type: SingleTurn, Files: file(row), Sampling: "shuffle"}, 5000, 2},
		{"sorted", Dataset{Type: Mooncake, Files: file(trace), Schedule: &Schedule{}}, 5000, 8},
		{"sessions", Dataset{Type: SingleTurn, Files: file(session), Once: true}, rows / 20, 8},
	} {
		before := heap()
		n, most := 0, int64(0)
		for _, err := range c.d.Source() {
			if err != nil {
				t.Fatalf("%s: %v", c.why, err)
			}
			if n++; n == 1 || n == c.want {
				most = max(most, heap()-before)
			}
			if n == c.want {
				break
			}
		}
		if n != c.want {
			t.Errorf("%s: %d conversations, want %d", c.why, n, c.want)
		}
		if most > c.bytes*rows+1<<20 {
			t.Errorf("%s: %d bytes of memory, want no more than %d a row and 1 MiB", c.why, most, c.bytes)
		}
		t.Logf("%s: %.2f bytes a row", c.why, float64(most)/rows)
	}
}

// go test -bench Rows -benchmem ./pkg/prompt/
func BenchmarkRows(b *testing.B) {
	for _, c := range []struct {
		name string
		t    Type
		row  string
	}{
		{"type=single_turn", SingleTurn, `{"text":"` + strings.Repeat("some words of a question ", 20) + `","output_length":128}` + "\n"},
		{"type=mooncake", Mooncake, `{"timestamp":27482,"input_length":6955,"output_length":52,"hash_ids":[46,47,48,49,50,51,52,53,54,55,56,57,2353,2354]}` + "\n"},
		{"type=raw_payload", RawPayload, `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("some words of a question ", 20) + `"}]}` + "\n"},
	} {
		for _, p := range []Part{{}, {0, 1000}} {
			b.Run(fmt.Sprintf("%s/part=%d", c.name, p.N), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(c.row)))
				d := Dataset{Type: c.t, Tokenizer: words{}, Part: p, Files: []File{{Reader: &made{row: func(int) string { return c.row }, n: b.N}}}}
				for _, err := range d.Source() {
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
