package scrape

import (
	"net/http"
	"strings"
	"testing"
)

// TestEcho: a server that repeats a credential in its error tells no record.
func TestEcho(t *testing.T) {
	t.Parallel()
	req := &http.Request{Header: http.Header{"Authorization": {"Bearer sesame"}, "X-Key": {"hush"}}}
	for _, line := range []string{"bad: Bearer sesame", "bad token sesame", "key hush"} {
		if got := firstLine([]byte(line), req); strings.Contains(got, "sesame") || strings.Contains(got, "hush") {
			t.Errorf("%q gave %q", line, got)
		}
	}
	if got := firstLine([]byte("no\nmore"), req); got != "no" {
		t.Errorf("got %q, want no", got)
	}
}
