package prompt

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestMooncakeText(t *testing.T) {
	t.Parallel()
	d := lineDataset(Mooncake,
		`{"input_length":25,"hash_ids":[7,8,9],"output_length":4}`,
		`{"input_length":30,"hash_ids":[7,8,10]}`,
		`{"input_length":8,"hash_ids":[-1]}`,
		`{"input_length":25,"hash_ids":[7]}`,
		`{"input_length":12}`,
		`{"input_length":12}`,
	)
	d.BlockSize = 10
	all := must(t, 12, d.Source())
	blocks := func(i int) (bs []string) {
		words := strings.Fields(all[i].Turns[0].Messages[0].Content)
		for ; len(words) > 10; words = words[10:] {
			bs = append(bs, strings.Join(words[:10], " "))
		}
		return append(bs, strings.Join(words, " "))
	}
	for i, want := range []int{25, 30, 8, 25, 12, 12} {
		if turn := all[i].Turns[0]; turn.In != want || len(strings.Fields(turn.Texts[0])) != want || !all[i].Whole {
			t.Errorf("row %d: In is %d, of %d tokens, want %d", i, turn.In, tokens(turn), want)
		}
	}
	diff(t, "same ids, same text", blocks(0)[:2], blocks(1)[:2])
	diff(t, "same id in another row", blocks(0)[0], blocks(3)[0])
	if blocks(0)[0] == blocks(0)[1] || blocks(0)[2] == blocks(1)[2][:len(blocks(0)[2])] {
		t.Error("two ids have the same text")
	}
	if blocks(3)[1] == blocks(0)[1] {
		t.Error("what remains behind the ids is another block")
	}
	if blocks(4)[0] == blocks(5)[0] {
		t.Error("two rows without ids have the same text")
	}
	diff(t, "the next round", turns(all[:6]), turns(all[6:]))
	d.Seed = 1
	if cur := must(t, 1, d.Source()); cur[0].Turns[0].Texts[0] == all[0].Turns[0].Texts[0] {
		t.Error("another seed gives the same text")
	}
}

func TestMooncakeSessions(t *testing.T) {
	t.Parallel()
	d := lineDataset(Mooncake,
		`{"text_input":"a1","timestamp":1000,"session_id":"a"}`,
		`{"text_input":"b1","timestamp":500,"session_id":"b","message_mode":"delta"}`,
		`{"text_input":"a2","delay":50,"session_id":"a"}`,
		`{"text_input":"b2","timestamp":2000,"session_id":"b"}`)
	d.Schedule = &Schedule{}
	all, bad, err := take(9, d.Source())
	if bad != nil || err != nil {
		t.Fatal(bad, err)
	}
	timed := func(text string, due float64) Turn { return with(asked(text), func(t *Turn) { t.Due = ms(due) }) }
	diff(t, "sessions", []Conversation{
		{ID: "b", Turns: []Turn{timed("b1", 500), timed("b2", 2000)}},
		{ID: "a", Index: 1, Whole: true, Turns: []Turn{timed("a1", 1000), with(asked("a2"), func(t *Turn) { t.Delay = *ms(50) })}},
	}, all)
	for _, s := range []Schedule{{End: ms(1500)}, {Start: ms(600)}} {
		d.Schedule = &s
		if all, _, err := take(9, d.Source()); all != nil || err == nil || !strings.Contains(err.Error(), `line 4: the schedule cuts off a part of session "b"`) {
			t.Errorf("a cut of a session with live replies: error %v", err)
		}
	}
}

func TestScheduleLeavesOutWholeSessions(t *testing.T) {
	t.Parallel()
	d := lineDataset(Mooncake, `{"text_input":"a1","timestamp":1,"session_id":"a","message_mode":"delta"}`,
		`{"text_input":"b","timestamp":9,"session_id":"b","message_mode":"delta"}`, `{"text_input":"a2","timestamp":2,"session_id":"a"}`)
	d.Schedule = &Schedule{Start: ms(5)}
	all, _, err := take(9, d.Source())
	if diff(t, "what is left", "b", firstTexts(all)); err != nil {
		t.Error(err)
	}
}

func TestBurstGPT(t *testing.T) {
	t.Parallel()
	lines := []string{"\xef\xbb\xbf", " Timestamp ,Model,Request tokens,Response tokens,Total tokens,Log Type",
		"0.5,ChatGPT,3,0,3,API log", `"1.25","a ""b"", c",4,5,9,x`, "", "2,GPT-4,0,5,5,x", "x,GPT-4,1,5,6,x", "3,GPT-4,1", `4,"open,1,2`, "5,m,1,-2", "6,m,1,2"}
	turn := func(due float64, in, out int) Turn { return Turn{In: in, Out: new(out), Due: ms(due)} }
	wantBad := []string{
		`f:6: column Request tokens: 0, want 1 to 16777216`,
		`f:7: column Timestamp: "x" is not a number`,
		`f:8: has 3 columns, want 4`,
		`f:9: is not CSV: extraneous or missing " in quoted-field`,
		`f:10: column Response tokens: "-2", want a whole number from 0 to 16777216`,
	}
	want := []Turn{turn(500, 3, 1), turn(1250, 4, 5), turn(6000, 1, 2)}
	for _, d := range []Dataset{lineDataset(BurstGPT, lines...), pipedDataset(BurstGPT, lines...),
		but(lineDataset(BurstGPT, lines...), func(d *Dataset) { d.Schedule = &Schedule{} })} {
		all, bad, err := take(3, d.Source())
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "bad rows", wantBad, bad)
		for i, turn := range turns(all) {
			if tokens(turn) != turn.In {
				t.Errorf("%d tokens of text, want %d", tokens(turn), turn.In)
			}
			turn.Messages, turn.Texts = nil, nil
			diff(t, "turn", want[i], turn)
		}
	}
	d := lineDataset(BurstGPT, lines...)
	d.Sampling = "shuffle"
	must3, bad, err := take(3, d.Source())
	if len(must3) != 3 || err != nil || len(bad) > 5 {
		t.Errorf("shuffled: %d conversations, bad rows %q, error %v", len(must3), bad, err)
	}
}

func TestShareGPTLengths(t *testing.T) {
	t.Parallel()
	say := func(in, out int) string {
		return `{"conversations":[{"from":"human","value":"` + strings.Repeat("a ", in) + `"},{"from":"gpt","value":"` + strings.Repeat("b ", out) + `"}]}`
	}
	d := lineDataset(ShareGPT, say(3, 9), say(4, 3), say(4, 4), say(1025, 4), say(1024, 1024), say(1024, 1025))
	d.Once = true
	lengths := func() (ls [][2]int) {
		all, bad, err := take(99, d.Source())
		if bad != nil || err != nil {
			t.Fatal(bad, err)
		}
		for _, turn := range turns(all) {
			ls = append(ls, [2]int{turn.In, *turn.Out})
		}
		return ls
	}
	diff(t, "within bounds", [][2]int{{4, 4}, {1024, 1024}}, lengths())
	d.AnyLength = true
	diff(t, "all", [][2]int{{3, 9}, {4, 3}, {4, 4}, {1025, 4}, {1024, 1024}, {1024, 1025}}, lengths())
	d = lineDataset(ShareGPT, `{"conversations":[{"from":"human","value":"a b c d"},{"from":"gpt","value":"a b c d"},{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}`)
	d.Once = true
	diff(t, "one turn out of bounds", [][2]int(nil), lengths())
	d.MaxTurns = 1
	diff(t, "the first turn alone", [][2]int{{4, 4}}, lengths())
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	sorted := []string{`{"text":"a","timestamp":100}`, `{"text":"none"}`, `{"text":"b","timestamp":200}`, `{"text":"c","timestamp":200}`, `{"text":"d","timestamp":400.5}`}
	unsorted := []string{sorted[4], sorted[2], sorted[0], sorted[1], sorted[3]}
	for _, c := range []struct {
		why   string
		s     Schedule
		texts string
		dues  []float64
	}{
		{"as it is", Schedule{}, "a b c d", []float64{100, 200, 200, 400.5}},
		{"the first one at 0", Schedule{Auto: true}, "a b c d", []float64{0, 100, 100, 300.5}},
		{"from an offset, inclusive, which is 0", Schedule{Start: ms(200)}, "b c d", []float64{0, 0, 200.5}},
		{"an offset between", Schedule{Start: ms(150)}, "b c d", []float64{50, 50, 250.5}},
		{"to an offset, inclusive", Schedule{End: ms(200)}, "a b c", []float64{100, 200, 200}},
		{"both", Schedule{Start: ms(101), End: ms(400)}, "b c", []float64{99, 99}},
		{"twice as fast", Schedule{Speedup: 2, Auto: true}, "a b c d", []float64{0, 50, 50, 150.25}},
		{"nothing left", Schedule{Start: ms(500)}, "", nil},
	} {
		for name, d := range map[string]Dataset{"file": lineDataset(SingleTurn, sorted...), "pipe": pipedDataset(SingleTurn, sorted...), "unsorted": lineDataset(SingleTurn, unsorted...)} {
			d.Schedule = &c.s
			all, bad, err := take(99, d.Source())
			if err != nil || len(bad) != 1 || !strings.HasSuffix(bad[0], errUntimed.Error()) {
				t.Errorf("%s, %s: bad rows %q, error %v", c.why, name, bad, err)
			}
			diff(t, c.why+", "+name, c.texts, firstTexts(all))
			var dues []time.Duration
			for _, turn := range turns(all) {
				dues = append(dues, *turn.Due)
			}
			var want []time.Duration
			for _, due := range c.dues {
				want = append(want, *ms(due))
			}
			diff(t, c.why+", "+name, want, dues)
		}
	}
	d := pipedDataset(SingleTurn, unsorted...)
	d.Schedule = &Schedule{}
	all, _, err := take(99, d.Source())
	if want := "read f: line 2: its timestamp 200ms is before 400.5ms of the one above: sort the input by timestamp, or give a file, which can be read in order"; len(all) != 1 || err == nil || err.Error() != want {
		t.Errorf("%d conversations, then %v; want 1, then %s", len(all), err, want)
	}
	if _, ok := errors.AsType[*LineError](err); ok {
		t.Error("what ends the sequence is a LineError")
	}
}

func TestScheduleOfConversations(t *testing.T) {
	t.Parallel()
	lines := []string{`{"turns":[{"text":"a1","timestamp":100},{"text":"a2","timestamp":300}]}`, `{"turns":[{"text":"b1","timestamp":50},{"text":"b2","delay":5}]}`}
	d := lineDataset(MultiTurn, lines...)
	d.Schedule = &Schedule{Auto: true}
	all, bad, err := take(9, d.Source())
	if bad != nil || err != nil {
		t.Fatal(bad, err)
	}
	diff(t, "order", "b1+b2 a1+a2", firstTexts(all))
	diff(t, "second turn", ms(250), all[1].Turns[1].Due)
	// Rows of a session are sorted too, and counted from the first that is left.
	d = lineDataset(SingleTurn, `{"text":"x","session_id":"s","timestamp":30}`, `{"text":"y","timestamp":20}`, `{"text":"z","session_id":"s","timestamp":10}`)
	d.Schedule = &Schedule{}
	all, _, _ = take(9, d.Source())
	diff(t, "rows of a session", "z+x y", firstTexts(all))
	d.Schedule = &Schedule{Start: ms(15)}
	all, _, _ = take(9, d.Source())
	diff(t, "rows of a session, cut", "y x", firstTexts(all))
	// What was streamed before the rest was held must not be behind it.
	p := pipedDataset(SingleTurn, `{"text":"y","timestamp":20}`, `{"text":"x","session_id":"s","timestamp":30}`, `{"text":"z","session_id":"s","timestamp":10}`)
	p.Schedule = &Schedule{}
	if all, _, err := take(9, p.Source()); len(all) != 1 || err == nil || !strings.Contains(err.Error(), "sort the input by timestamp") {
		t.Errorf("%d conversations, then %v", len(all), err)
	}
}
