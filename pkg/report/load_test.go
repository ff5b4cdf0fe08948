package report

import (
	"strings"
	"testing"
)

// What a load says of itself is told: lateness, shards, endpoints without
// tokens, notes of one kind.
func TestNotesOfLoads(t *testing.T) {
	t.Parallel()
	late := strings.Replace(good, `"took":2,`, `"late":1.5,"took":2,`, 1)
	soon := strings.Replace(good, `"took":2,`, `"late":0.0001,"took":2,`, 1)
	embedding := profiled + `"endpoint":"embeddings","took":1,"tokens":{"in":10,"in_source":"usage"}}` + "\n"
	shard := func(run, part string) string {
		return at + `"type":"run","v":1,"run":"` + run + `","tool":"aiperf-load","config":{"shard":"` + part + `"}}` + "\n" +
			strings.Replace(good, `"run":"R"`, `"run":"`+run+`"`, 1) +
			at + `"type":"end","v":1,"run":"` + run + `","reason":"complete"}` + "\n"
	}
	note := func(message string) string {
		return at + `"type":"note","v":1,"level":"warning","code":"bad-row","message":"` + message + `"}` + "\n"
	}
	for _, c := range []struct {
		why, stream, has, hasNot string
	}{
		{"late requests", late + soon, "requests started later than they were due: 750ms (p50), 1.485s (p99), 1.5s at most; latencies count from the start and leave this out", ""},
		{"requests in time", soon, "", "later than they were due"},
		{"embeddings have no output tokens to be missed", embedding, "", "no count of output tokens"},
		{"a chat without is missed", profiled + `"endpoint":"chat","took":1}` + "\n", "1 of 1 successful requests have no count of output tokens", ""},
		{"all shards of a load", shard("A", "0/2") + shard("B", "1/2"), "requests of the 2 shards of one load are put together", "runs are pooled"},
		{"a shard is missing", shard("A", "0/3") + shard("B", "1/3"), "of 3 shards of the load these are missing: 2/3; rates and counts are those of a part", "runs are pooled"},
		{"the same shard of two loads", shard("A", "0/2") + shard("B", "0/2"), "requests of 2 runs are pooled", "shards"},
		{"the same note again", good + note("x") + note("x"), "x (2 times)", ""},
		{"another note of its kind", good + note("x") + note("y") + note("z"), "x (and 2 other notes like it)", ""},
	} {
		var said []string
		for _, n := range build(t, c.stream).Notes {
			said = append(said, n.Message)
		}
		text := strings.Join(said, "\n")
		if !strings.Contains(text, c.has) || c.hasNot != "" && strings.Contains(text, c.hasNot) {
			t.Errorf("%s: the notes are\n%s\nwant %q and not %q", c.why, text, c.has, c.hasNot)
		}
	}
}

// The time to the first output token is shown where reasoning came before it,
// and for requests without reasoning is that to the first token.
func TestFirstOutputToken(t *testing.T) {
	t.Parallel()
	thought := strings.Replace(good, `"ttft":0.5,`, `"ttft":0.5,"ttfo":1.5,`, 1)
	if m, ok := build(t, good).Metric("time_to_first_output_token"); !ok || m.Order != 0 {
		t.Error("where nobody reasoned it is not told for files only")
	}
	m, ok := build(t, thought+good).Metric("time_to_first_output_token")
	if !ok || m.Stat.Min != 0.5 || m.Stat.Max != 1.5 || m.Stat.N != 2 {
		t.Errorf("%+v, %v", m.Stat, ok)
	}
	// What ended while it still reasoned has no output.
	silent := strings.Replace(good, `"ttft":0.5,`, `"ttft":0.5,"kinds":"r7",`, 1)
	if m, ok := build(t, thought+silent).Metric("time_to_first_output_token"); !ok || m.Stat.Min != 1.5 || m.Stat.N != 1 {
		t.Errorf("%+v, %v", m.Stat, ok)
	}
}
