package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listed are sources as a test likes to see them.
type listed struct {
	Name, URL string
	Labels    map[string]string
}

func listedOf(sources []Source) []listed {
	var all []listed
	for _, s := range sources {
		l := listed{Name: s.Name, Labels: s.Labels}
		if s.url != s.Name {
			l.URL = s.url
		}
		all = append(all, l)
	}
	return all
}

func TestParseTargets(t *testing.T) {
	t.Parallel()
	two := []listed{{Name: "http://node1:9400/metrics", Labels: map[string]string{"rack": "3"}}, {Name: "http://node2:9401/metrics", Labels: map[string]string{"rack": "3"}}}
	for _, c := range []struct {
		why, in string
		want    []listed
	}{
		{"nothing", "", nil},
		{"comments alone", "# none yet\n\n", nil},
		{"an empty JSON list", "[]\n", nil},
		{"file_sd as JSON", `[{"targets":["node1:9400","node2:9401"],"labels":{"rack":"3"}}]`, two},
		{"file_sd as YAML", "# made by hand\n---\n- targets:\n  - node1:9400\n  - node2:9401\n  labels: {rack: 3}\n", two},
		{"YAML in which JSON stands", `- {"targets": ["node1:9400", "node2:9401"], "labels": {"rack": "3"}}`, two},
		{"groups without labels or targets", `[{"targets":["a"]},{"labels":{"x":"y"}}]`, []listed{{Name: "http://a:9400/metrics"}}},
		{"what to ask for", `[{"targets":["a:1"],"labels":{"__scheme__":"https","__metrics_path__":"/gpu","__param_b":"2 3","__param_a":"1","__meta_x":"y","job":"dcgm"}}]`,
			[]listed{{Name: "https://a:1/gpu?a=1&b=2+3", Labels: map[string]string{"job": "dcgm"}}}},
		{"a whole URL as target", `[{"targets":["https://me:pw@a:1/x"]}]`, []listed{{Name: "https://a:1/x", URL: "https://me:pw@a:1/x"}}},
		{"a Unix socket as target", `[{"targets":["unix:///run/x.sock"],"labels":{"a":"b"}}]`,
			[]listed{{Name: "unix:///run/x.sock:/metrics", URL: "http://2f72756e2f782e736f636b.socket.invalid/metrics", Labels: map[string]string{"a": "b"}}}},
		{"a plain list", "node1 # the old one\n\n  http://node2/x#y\n#node3\n[::1]:9400\n", []listed{{Name: "http://node1:9400/metrics"}, {Name: "http://node2/x"}, {Name: "http://[::1]:9400/metrics"}}},
		{"a plain list that begins with a bracket", "[::1]:9400\nnode1\n", []listed{{Name: "http://[::1]:9400/metrics"}, {Name: "http://node1:9400/metrics"}}},
		{"the same twice", "node1\nnode1:9400\n", []listed{{Name: "http://node1:9400/metrics"}}},
		{"a byte order mark", "\ufeffnode1\r\n", []listed{{Name: "http://node1:9400/metrics"}}},
	} {
		got, err := ParseTargets([]byte(c.in))
		if diff := cmp.Diff(c.want, listedOf(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.why, err, diff)
		}
	}
}

func TestBadTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want string }{
		{"half a file", `[{"targets":["a"]},` + "\n", "line 2: unexpected EOF"},
		{"an object", `{"targets":["a"]}`, "the file is a JSON object; file_sd is a list of objects with targets and labels"},
		{"another key", `[{"target":["a"]}]`, `unknown field "target"`},
		{"another key in YAML", "- target: [a]\n", "line 1: field target not found"},
		{"a text for a list", "- targets: a\n", "line 1: cannot unmarshal"},
		{"YAML with bad indentation", "- targets:\n\t- a\n", "yaml: "},
		{"two lists", `[][]`, "there is something behind the list"},
		{"a bad target", "[{\"targets\":[\"a\"]},\n{\"targets\":[\"ftp://a\"]}]", `group 2: source "ftp://a": scheme "ftp" is none of http, https and unix`},
		{"a bad scheme", `[{"targets":["a"],"labels":{"__scheme__":"gopher"}}]`, `group 1: __scheme__ "gopher" is neither http nor https`},
		{"a bad path", `[{"targets":["a"],"labels":{"__metrics_path__":"gpu"}}]`, `group 1: __metrics_path__ "gpu" does not begin with a slash`},
		{"a bad line", "a\n\nx y\n", `line 3: source "x y" is not a URL`},
		{"credentials are not shown", "me:s3cret@a\n", `line 1: source "…@a": credentials need the scheme before them`},
		{"a bomb of aliases", "- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "cannot unmarshal"},
		{"too many", strings.Repeat("a\n", mostSources+1), "more than 100000 sources"},
	} {
		got, err := ParseTargets([]byte(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
			t.Errorf("%s: %d sources, %v; want %s", c.why, len(got), err, c.want)
		}
	}
}

// Whatever is in a file of sources, each of them can be named again, and no name
// has credentials.
func FuzzTargets(f *testing.F) {
	for _, s := range []string{"", "node1 # x\n", `[{"targets":["a:1"],"labels":{"__param_x":"1","b":"c"}}]`, "- targets: [a, b]\n  labels:\n    c: d\n",
		"[::1]:9400\n", `{"a":1}`, "- targets: [\"http://u:p@h/?token=x\"]\n", "%YAML 1.2\n---\n- &a {targets: [x]}\n- *a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseTargets(data)
		if err != nil {
			if list != nil {
				t.Errorf("%d sources beside the error %v", len(list), err)
			}
			return
		}
		for _, s := range list {
			again, err := ParseSource(s.Name)
			if err != nil || again.Name != s.Name {
				t.Errorf("a source is named %q, which gives %q, %v", s.Name, again.Name, err)
			}
			for k := range s.Labels {
				if strings.HasPrefix(k, "__") {
					t.Errorf("%q has the label %q", s.Name, k)
				}
			}
		}
	})
}
