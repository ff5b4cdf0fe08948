package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An event is one of a stream, read as the HTML standard says.
type event struct{ name, data string }

// events reads a whole stream. What is not ended by an empty line is no event.
func events(stream string) (all []event) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var e event
	var data []string
	for line := range strings.Lines(stream) {
		line, ended := strings.CutSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case !ended:
		case line == "":
			if data != nil {
				e.data = strings.Join(data, "\n")
				all = append(all, e)
			}
			e, data = event{}, nil
		case field == "event":
			e.name = value
		case field == "data":
			data = append(data, value)
		}
	}
	return all
}

// names are the names of events, or their data where there is no name and no
// object.
func names(all []event) (s []string) {
	for _, e := range all {
		if e.name == "" && e.data[0] != '{' {
			e.name = e.data
		}
		s = append(s, e.name)
	}
	return s
}

// squeeze replaces runs of equal strings by one.
func squeeze(all []string) (s []string) {
	for _, x := range all {
		if len(s) == 0 || s[len(s)-1] != x {
			s = append(s, x)
		}
	}
	return s
}

// at is what a path of keys and indices leads to in an object.
func at(t *testing.T, object string, path ...any) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(object), &v); err != nil {
		t.Errorf("%s: %v", object, err)
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// answerOf posts to a new server, and gives the whole answer and how long it
// took.
func answerOf(t *testing.T, cfg Config, path, body string, header ...string) (answer string, status int, took time.Duration) {
	t.Helper()
	m, c := start(t, cfg)
	from := time.Now()
	resp := post(t.Context(), t, c, path, body, header...)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	idle(t, m)
	return string(b), resp.StatusCode, time.Since(from)
}

// copyTo copies the body of an answer and closes it.
func copyTo(w io.Writer, resp *http.Response) (int64, error) {
	defer resp.Body.Close()
	return io.Copy(w, resp.Body)
}
