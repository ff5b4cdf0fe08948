package prompt

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestSynthetic(t *testing.T) {
	t.Parallel()
	tok := uncounted{t: t}
	for _, c := range []struct {
		why      string
		s        Synthetic
		in, next int // tokens of the first turn, and of others
		roles    string
	}{
		{"a text alone", Synthetic{In: Lengths{Mean: 40}}, 40, 40, "user"},
		{"a prefix comes on top", Synthetic{In: Lengths{Mean: 40}, PrefixPool: 3, PrefixLength: 10}, 50, 40, "user"},
		{"a system prompt comes on top", Synthetic{In: Lengths{Mean: 40}, System: 7}, 47, 40, "system user"},
		{"a context is a message of the user", Synthetic{In: Lengths{Mean: 40}, Context: 5}, 45, 40, "user user"},
		{"all of them", Synthetic{In: Lengths{Mean: 40}, System: 7, Context: 5, PrefixPool: 1, PrefixLength: 1}, 53, 40, "system user user"},
		{"several texts, each with its prefix", Synthetic{In: Lengths{Mean: 40}, Texts: 3, PrefixPool: 2, PrefixLength: 2}, 126, 120, ""},
		{"a query and passages", Synthetic{Rankings: &Rankings{Lengths{Mean: 4}, Lengths{Mean: 10}, Lengths{Mean: 3}}}, 43, 43, ""},
		{"a mix of one", Synthetic{Mix: Mix{{Lengths{Mean: 9}, Lengths{Mean: 8}, 100}}}, 9, 9, "user"},
	} {
		c.s.Distinct, c.s.Seed, c.s.Turns = 3, 5, Lengths{Mean: 2}
		got := must(t, 7, c.s.Source(tok))
		for i, conv := range got {
			if conv.Index != i || len(conv.Turns) != 2 || conv.Whole {
				t.Fatalf("%s: conversation %d: %+v", c.why, i, conv)
			}
			for j, turn := range conv.Turns {
				want := c.next
				if j == 0 {
					want = c.in
				}
				if turn.In != want || tokens(turn) != want {
					t.Errorf("%s: turn %d says %d tokens and has %d, want %d", c.why, j, turn.In, tokens(turn), want)
				}
			}
			var roles []string
			for _, m := range conv.Turns[0].Messages {
				roles = append(roles, m.Role)
			}
			diff(t, c.why+": roles", c.roles, strings.Join(roles, " "))
			diff(t, c.why+": same again", got[i%3].Turns, conv.Turns)
		}
		if tokens(got[0].Turns[0]) == 0 || textOf(got[0]) == textOf(got[1]) {
			t.Errorf("%s: two conversations are the same", c.why)
		}
		more := c.s
		more.Distinct = 0
		diff(t, c.why+": however many there are", got[:3], must(t, 3, more.Source(tok)))
		other := c.s
		other.Seed = 6
		if textOf(must(t, 1, other.Source(tok))[0]) == textOf(got[0]) {
			t.Errorf("%s: another seed gives the same text", c.why)
		}
		shardsMakeWhole(t, 20, func(p Part) Source {
			s := c.s
			s.Part = p
			return s.Source(tok)
		})
	}
}

func textOf(c Conversation) string {
	var b strings.Builder
	for _, t := range c.Turns {
		for _, m := range t.Messages {
			b.WriteString(m.Content)
		}
		b.WriteString(t.Query + strings.Join(t.Texts, ""))
	}
	return b.String()
}

func TestSyntheticShares(t *testing.T) {
	t.Parallel()
	s := Synthetic{In: Lengths{Mean: 5}, PrefixPool: 4, PrefixLength: 3, Seed: 1}
	prefixes := make(map[string]int)
	for _, c := range must(t, 4000, s.Source(words{})) {
		prefixes[c.Turns[0].Messages[0].Content[:11]]++
	}
	if len(prefixes) != 4 {
		t.Errorf("%d prefixes, want 4", len(prefixes))
	}
	for p, n := range prefixes {
		if n < 880 || n > 1120 { // 4 standard deviations
			t.Errorf("prefix %q goes in front of %d of 4000, want some 1000", p, n)
		}
	}
	s = Synthetic{In: Lengths{Mean: 5}, System: 6, Context: 4}
	contexts := make(map[string]bool)
	all := must(t, 50, s.Source(words{}))
	for _, c := range all {
		diff(t, "system prompt", all[0].Turns[0].Messages[0], c.Turns[0].Messages[0])
		contexts[c.Turns[0].Messages[1].Content] = true
	}
	if len(contexts) != 50 {
		t.Errorf("%d contexts of 50 conversations", len(contexts))
	}
}

// moments are the mean and the standard deviation.
func moments(xs []float64) (mean, sd float64) {
	var sum, squares float64
	for _, x := range xs {
		sum += x
		squares += x * x
	}
	mean = sum / float64(len(xs))
	return mean, math.Sqrt(squares/float64(len(xs)) - mean*mean)
}

func TestSyntheticDistributions(t *testing.T) {
	t.Parallel()
	s := Synthetic{In: Lengths{50, 10}, Out: &Lengths{200, 20}, Turns: Lengths{6, 1},
		Think: Delays{time.Second, 100 * time.Millisecond}.Times(2)}
	var in, out, turns, think []float64
	for _, c := range must(t, 2000, s.Source(words{})) {
		turns = append(turns, float64(len(c.Turns)))
		for i, turn := range c.Turns {
			in = append(in, float64(turn.In))
			out = append(out, float64(*turn.Out))
			if i > 0 {
				think = append(think, turn.Delay.Seconds())
			} else if turn.Delay != 0 {
				t.Fatal("a first turn has a think time")
			}
		}
	}
	for _, c := range []struct {
		what                 string
		xs                   []float64
		mean, sd, mOff, sOff float64
	}{
		{"input", in, 50, 10, 0.4, 0.3},
		{"output", out, 200, 20, 0.8, 0.6},
		{"turns", turns, 6, 1.04, 0.1, 0.08}, // rounding adds a variance of 1/12
		{"think time", think, 2, 0.2, 0.009, 0.006},
	} {
		if mean, sd := moments(c.xs); math.Abs(mean-c.mean) > c.mOff || math.Abs(sd-c.sd) > c.sOff {
			t.Errorf("%s: mean %.3f, standard deviation %.3f; want %v ± %v and %v ± %v", c.what, mean, sd, c.mean, c.mOff, c.sd, c.sOff)
		}
	}
	low := Synthetic{In: Lengths{1, 30}, Turns: Lengths{1, 2}, Think: Delays{0, time.Second}}
	for _, c := range must(t, 500, low.Source(words{})) {
		for _, turn := range c.Turns {
			if turn.In < 1 || turn.Delay < 0 || turn.Out != nil {
				t.Fatalf("a turn of %d tokens after %v, output %v", turn.In, turn.Delay, turn.Out)
			}
		}
	}
}

func TestSyntheticMistakes(t *testing.T) {
	t.Parallel()
	for why, s := range map[string]Synthetic{
		"no length":                       {},
		"not a number":                    {In: Lengths{math.NaN(), 0}},
		"infinite deviation":              {In: Lengths{1, math.Inf(1)}},
		"negative deviation":              {In: Lengths{1, -1}},
		"length beyond memory":            {In: Lengths{Mean: 1e12}},
		"output of no tokens":             {In: Lengths{Mean: 1}, Out: &Lengths{}},
		"prefixes without length":         {In: Lengths{Mean: 1}, PrefixPool: 3},
		"negative count":                  {In: Lengths{Mean: 1}, Distinct: -1},
		"system prompt for an embedding":  {In: Lengths{Mean: 1}, Texts: 1, System: 4},
		"negative think time":             {In: Lengths{Mean: 1}, Think: Delays{Mean: -1}},
		"rankings without their lengths":  {Rankings: &Rankings{}},
		"an empty mix":                    {Mix: Mix{}},
		"a mix of half":                   {Mix: Mix{{Lengths{Mean: 1}, Lengths{Mean: 1}, 50}}},
		"turns whose deviation is absurd": {In: Lengths{Mean: 1}, Turns: Lengths{1, 1e300}},
	} {
		if all, _, err := take(1, s.Source(words{})); err == nil || all != nil {
			t.Errorf("%s: no error", why)
		}
	}
	all, _, err := take(10, Synthetic{In: Lengths{Mean: 1}}.Source(&broken{left: 4}))
	if len(all) != 4 || !errors.Is(err, errBroken) {
		t.Errorf("%d conversations, then %v; want 4, then %v", len(all), err, errBroken)
	}
}

func TestCacheBust(t *testing.T) {
	t.Parallel()
	plain := Synthetic{Distinct: 2, In: Lengths{Mean: 5}, Turns: Lengths{Mean: 2}}
	system := plain
	system.System = 3
	for _, c := range []struct {
		target string
		s      Synthetic
		at     int // the message that has the marker
		prefix bool
		n      int // messages
	}{
		{"system_prefix", system, 0, true, 2},
		{"system_suffix", system, 0, false, 2},
		{"system_prefix", plain, 0, true, 2},
		{"system_suffix", plain, 0, false, 2},
		{"first_turn_prefix", system, 1, true, 2},
		{"first_turn_suffix", plain, 0, false, 1},
	} {
		b := CacheBust{Target: c.target, Salt: 1}
		want := must(t, 6, c.s.Source(words{}))
		got := must(t, 6, b.Source(c.s.Source(uncounted{t: t}), uncounted{t: t}))
		markers := make(map[string]bool)
		for i := range got {
			first := got[i].Turns[0]
			if first.In != want[i].Turns[0].In+markerTokens || tokens(first) != first.In {
				t.Errorf("%s: In is %d, of %d tokens", c.target, first.In, tokens(first))
			}
			text := first.Messages[c.at].Content
			old := ""
			if c.n == len(want[i].Turns[0].Messages) {
				old = want[i].Turns[0].Messages[c.at].Content
			}
			marker, ok := strings.CutSuffix(text, old)
			if !c.prefix {
				marker, ok = strings.CutPrefix(text, old)
			}
			if !ok || len(first.Messages) != c.n {
				t.Errorf("%s: %q is not %q with a marker (%d messages)", c.target, text, old, len(first.Messages))
			}
			markers[strings.TrimSpace(marker)] = true
			diff(t, c.target+": later turns", want[i].Turns[1:], got[i].Turns[1:])
		}
		if len(markers) != 6 {
			t.Errorf("%s: %d markers of 6 conversations", c.target, len(markers))
		}
		diff(t, c.target+": the source is left alone", want, must(t, 6, c.s.Source(words{})))
		b.Salt = 2
		if textOf(must(t, 1, b.Source(c.s.Source(words{}), words{}))[0]) == textOf(got[0]) {
			t.Errorf("%s: another run has the same marker", c.target)
		}
	}
}

func TestCacheBustMistakes(t *testing.T) {
	t.Parallel()
	plain := Synthetic{Distinct: 2, In: Lengths{Mean: 5}}
	diff(t, "none", must(t, 3, plain.Source(words{})), must(t, 3, CacheBust{Target: "none"}.Source(plain.Source(words{}), words{})))
	for why, d := range map[string]Source{
		"an unknown target": CacheBust{Target: "suffix"}.Source(plain.Source(words{}), words{}),
		"a payload":         CacheBust{Target: "system_prefix"}.Source(lineDataset(RawPayload, `{"a":1}`).Source(), words{}),
		"a system of parts": CacheBust{Target: "system_prefix"}.Source(lineDataset(Mooncake, `{"messages":[{"role":"system","content":[]}]}`).Source(), words{}),
		"parts":             CacheBust{Target: "first_turn_prefix"}.Source(lineDataset(SingleTurn, `{"texts":["a","b"]}`).Source(), words{}),
		"no words":          CacheBust{Target: "system_prefix"}.Source(plain.Source(words{}), &broken{}),
		"texts":             CacheBust{Target: "system_prefix"}.Source(Synthetic{In: Lengths{Mean: 3}, Texts: 1}.Source(words{}), words{}),
	} {
		if all, _, err := take(1, d); err == nil || all != nil {
			t.Errorf("%s: no error", why)
		}
	}
	// Bad rows pass through, and take no marker of others.
	b := CacheBust{Target: "first_turn_suffix", Salt: 3}
	d := lineDataset(Mooncake, `{"text_input":"a"}`, `{}`, `{"text_input":"b","session_id":"s"}`, `{"text_input":"c","session_id":"s"}`)
	all, bad, err := take(2, b.Source(d.Source(), words{}))
	if len(all) != 2 || len(bad) != 1 || err != nil {
		t.Fatalf("%d conversations, bad rows %q, error %v", len(all), bad, err)
	}
	// Each turn of a whole conversation is a prompt of its own.
	first, second := all[1].Turns[0].Messages[0].Content, all[1].Turns[1].Messages[0].Content
	if strings.TrimPrefix(first, "b ") != strings.TrimPrefix(second, "c ") || len(strings.Fields(second)) != 1+markerTokens {
		t.Errorf("the turns of a whole conversation are %q and %q", first, second)
	}
}

// go test -bench Synthetic ./pkg/prompt/
func BenchmarkSynthetic(b *testing.B) {
	b.ReportAllocs()
	n := 0
	s := Synthetic{In: Lengths{550, 50}, Out: &Lengths{Mean: 100}}
	next := s.Source(words{})
	for range next {
		if n++; !b.Loop() {
			break
		}
	}
}
