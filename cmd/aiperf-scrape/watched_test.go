package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write writes a file as if a while had passed since.
func write(t *testing.T, name, text string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-age)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestWatched(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x")
	w := &watched{name: name, most: 10}
	for _, c := range []struct {
		why     string
		before  func()
		want    string
		changed bool
		err     string
	}{
		{"it is not there", func() {}, "", false, "no such file"},
		{"it is", func() { write(t, name, "one", time.Hour) }, "one", true, ""},
		{"nothing has happened", func() {}, "one", false, ""},
		{"touched", func() { write(t, name, "one", time.Minute) }, "one", false, ""},
		{"another text of the same length", func() { write(t, name, "two", 50*time.Second) }, "two", true, ""},
		{"a text that is very new", func() { write(t, name, "new", 0) }, "new", true, ""},
		{"another one within the grain of its time", func() {
			at, _ := os.Stat(name)
			write(t, name, "now", 0)
			os.Chtimes(name, at.ModTime(), at.ModTime())
		}, "now", true, ""},
		{"larger than is allowed", func() { write(t, name, "01234567890", 0) }, "", false, "larger than 10 bytes"},
		{"gone", func() { os.Remove(name) }, "", false, "no such file"},
		{"back as it was", func() { write(t, name, "now", time.Hour) }, "now", false, ""},
		{"empty", func() { write(t, name, "", time.Hour) }, "", true, ""},
	} {
		c.before()
		data, changed, err := w.read()
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.why, err, c.err)
			}
			continue
		}
		if string(data) != c.want || changed != c.changed || err != nil {
			t.Errorf("%s: %q, %v, %v; want %q, %v", c.why, data, changed, err, c.want, c.changed)
		}
	}
}

// A token that is rotated is the next one that is sent.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "token")
	token := authorize(name, func(s string) (string, error) { return "Bearer " + s, nil })
	pair := authorize(name, basic)
	for _, c := range []struct{ text, token, pair string }{
		{"me:pw\n", "Bearer me:pw", "Basic bWU6cHc="},
		{"next", "Bearer next", ""},
	} {
		write(t, name, c.text, time.Hour)
		if got, err := token(); got != c.token || err != nil {
			t.Errorf("%q as a token: %q, %v", c.text, got, err)
		}
		if got, err := pair(); got != c.pair || (err == nil) != (c.pair != "") {
			t.Errorf("%q as user and password: %q, %v", c.text, got, err)
		}
	}
}

// A list that makes no sense is an error each time, until it makes sense again;
// the other list of two is taken in then.
func TestTargetList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "node1", time.Hour)
	write(t, b, "node2", time.Hour)
	list := newTargetList([]string{a, b})
	for _, c := range []struct {
		why     string
		before  func()
		sources int
		changed bool
		err     string
	}{
		{"both", func() {}, 2, true, ""},
		{"nothing new", func() {}, 2, false, ""},
		{"one good, one bad", func() { write(t, a, "node1\nnode3", time.Minute); write(t, b, "[", time.Minute) }, 0, false, b + ": line 1: "},
		{"still", func() {}, 0, false, b + ": line 1: "},
		{"mended", func() { write(t, b, "node2", time.Minute) }, 3, true, ""},
	} {
		c.before()
		got, changed, err := list.sources()
		if c.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.why, err, c.err)
			}
			continue
		}
		if len(got) != c.sources || changed != c.changed || err != nil {
			t.Errorf("%s: %d sources, changed %v, %v", c.why, len(got), changed, err)
		}
	}
}
