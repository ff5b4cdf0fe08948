package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSource(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want, url string }{
		{"node1", "http://node1:9400/metrics", ""},
		{"node1:9401", "http://node1:9401/metrics", ""},
		{"NODE1:9401/", "http://node1:9401/metrics", ""},
		{"http://node1", "http://node1/metrics", ""},
		{"https://node1:9400/gpu/metrics/", "https://node1:9400/gpu/metrics", ""},
		{"node1:5000/amd?x=1#top", "http://node1:5000/amd?x=1", ""},
		{"[::1]:9400", "http://[::1]:9400/metrics", ""},
		{"[::1]", "http://[::1]:9400/metrics", ""},
		{"http://node1/m?x=1&api_key=abc&y", "http://node1/m?x=1&api_key=REDACTED&y", "http://node1/m?x=1&api_key=abc&y"},
		{"unix:///run/x.sock", "unix:///run/x.sock:/metrics", "http://2f72756e2f782e736f636b.socket.invalid/metrics"},
		{"unix:///run/x.sock:/gpu?a=b", "unix:///run/x.sock:/gpu?a=b", "http://2f72756e2f782e736f636b.socket.invalid/gpu?a=b"},
		{"http://me:pw@node1:9400", "http://node1:9400/metrics", "http://me:pw@node1:9400/metrics"},
	}
	for _, test := range tests {
		s, err := ParseSource(test.in)
		if test.url == "" {
			test.url = test.want
		}
		if err != nil || s.Name != test.want || s.url != test.url {
			t.Errorf("%q: %+v, %v; want %q", test.in, s, err, test.want)
		}
	}
	for in, want := range map[string]string{
		"":                         `source "" has no host`,
		"http://":                  `source "http://" has no host`,
		"ftp://x":                  `source "ftp://x": scheme "ftp" is none of http, https and unix`,
		"http://me:pw@x:port":      `source "…@x:port" is not a URL`,
		"me:pw@node1:9400":         `source "…@node1:9400": credentials need the scheme before them, http:// or https://`,
		"http://x y":               `source "http://x y" is not a URL`,
		"unix://run/x.sock":        `source "unix://run/x.sock": a Unix socket is unix:///path/to.sock or unix:///path/to.sock:/metrics`,
		"http://2f.socket.invalid": `source "http://2f.socket.invalid": no host is called so`,
	} {
		if _, err := ParseSource(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	got, err := Sources([]string{"localhost:9401", "node1", "http://node1:9400/metrics"}, true)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range got {
		names[s.Name] = s.Optional
	}
	want := map[string]bool{
		"http://localhost:9401/metrics": false, "http://node1:9400/metrics": false,
		"http://localhost:9400/metrics": true,
	}
	if diff := cmp.Diff(want, names); diff != "" || len(got) != 3 {
		t.Errorf("sources and whether they are optional (-want +got):\n%s", diff)
	}
}

func FuzzParseSource(f *testing.F) {
	for _, s := range []string{"node1", "http://a:b@c/d?e#f", "[::1]:1", "ftp://x", "a@b", "http://%zz", "x%2fy/z", "unix:///a:/b:/c?d", "unix:////", "x?key=1&key=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSource(text)
		if err != nil {
			return
		}
		again, err := ParseSource(s.Name)
		if err != nil || again.Name != s.Name {
			t.Errorf("%q gave %q, which gives %q, %v", text, s.Name, again.Name, err)
		}
		if !strings.HasPrefix(text, "unix:") && strings.Contains(strings.SplitN(strings.TrimPrefix(s.Name, "http"), "/", 4)[2], "@") {
			t.Errorf("%q gave %q", text, s.Name)
		}
	})
}
