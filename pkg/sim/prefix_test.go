package sim

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// prompt is n words, the first of which are shared with all others.
func sharing(shared, n int, own string) string {
	var b strings.Builder
	for i := range n {
		if i < shared {
			fmt.Fprintf(&b, "w%d ", i)
		} else {
			fmt.Fprintf(&b, "%s%d ", own, i)
		}
	}
	return b.String()
}

// What was worked through before costs no time, in whole blocks.
func TestPrefixCache(t *testing.T) {
	type seen struct {
		Cached float64
		Took   time.Duration
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := plainConfig()
		cfg.PrefixCache = true
		m, c := start(t, cfg)
		ask := func(prompt string) seen {
			from := time.Now()
			resp := post(t.Context(), t, c, "/v1/chat/completions", `{"messages":[{"role":"system","content":"`+prompt+`"},{"role":"user","content":"x"}],"max_tokens":1}`)
			var b strings.Builder
			copyTo(&b, resp)
			cached, _ := at(t, b.String(), "usage", "prompt_tokens_details", "cached_tokens").(float64)
			return seen{cached, time.Since(from)}
		}
		want := []seen{
			{0, 121 * ms},  // nothing is known
			{32, 89 * ms},  // 41 words, two whole blocks of them known
			{16, 105 * ms}, // one block
			{0, 121 * ms},  // what is shared begins too late
			{16, 96 * ms},  // the whole prompt of 32 is known, but one token must be left
		}
		got := []seen{ask(sharing(40, 40, "a")), ask(sharing(40, 40, "a")), ask(sharing(31, 40, "b")), ask("x " + sharing(39, 39, "c")), {}}
		ask(sharing(31, 31, ""))
		got[4] = ask(sharing(31, 31, ""))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if queries, hits := m.cache.count(); queries != 4*41+2*32 || hits != 32+16+16+16 {
			t.Errorf("%d queries, %d hits", queries, hits)
		}
		resp := post(t.Context(), t, c, "/reset_prefix_cache", "")
		copyTo(io.Discard, resp)
		if got := ask(sharing(40, 40, "a")); got.Cached != 0 {
			t.Errorf("behind the reset %v tokens are cached", got.Cached)
		}
		resp = post(t.Context(), t, c, "/v1/messages", `{"messages":[{"content":"`+sharing(40, 40, "a")+`"}],"max_tokens":1}`)
		var b strings.Builder
		copyTo(&b, resp)
		if at(t, b.String(), "usage", "cache_read_input_tokens") != 32.0 || at(t, b.String(), "usage", "input_tokens") != 8.0 {
			t.Errorf("Anthropic's usage: %s", b.String())
		}
	})
}

func TestPrefixCacheIsBounded(t *testing.T) {
	t.Parallel()
	p := newPrefixes()
	for i := range uint64(cachedBlocks + 10) {
		p.keep([]uint64{i})
	}
	if len(p.known) != cachedBlocks || len(p.ring) != cachedBlocks {
		t.Errorf("%d blocks are known", len(p.known))
	}
	if p.find([]uint64{9}, 100) != 0 || p.find([]uint64{10}, 100) != block {
		t.Error("it is not the oldest that went")
	}
}
