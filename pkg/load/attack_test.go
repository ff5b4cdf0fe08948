package load

import (
	"testing"
	"testing/synctest"

	"aiperf/pkg/record"
)

// More shards than conversations: the last ones have nothing to do. They once
// took a share of 0 for no limit.
func TestShardWithoutConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(serve(t, stream(step{ms, word + stop + done})), true, Phase{
			Name: record.Profiling, Conversations: talks(50, 1, 0), Sessions: 1, Concurrency: 2,
		})
		p.Shard = Shard{Index: 1, Of: 2}
		if n := len(requests(t, Run(t.Context(), p))); n != 0 {
			t.Errorf("the second of two shards of one conversation sent %d requests", n)
		}
	})
}

// The duration ends the phase while conversations that were made ahead are
// still there: that they end is no failure.
func TestDurationBeforeTheLastConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(serve(t, stream(step{100 * ms, word + stop + done})), true, Phase{
			Name: record.Profiling, Conversations: talks(50, 1, 0), Requests: 100, Concurrency: 1, Duration: 950 * ms, Grace: -1,
		})
		if n := len(requests(t, Run(t.Context(), p))); n != 10 {
			t.Errorf("%d requests in 950 ms, want 10", n)
		}
	})
}
