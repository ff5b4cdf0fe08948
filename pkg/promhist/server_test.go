package promhist

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A fake is a Prometheus that has some series.
type fake struct {
	closed     bool // ranges include their lower end, as before Prometheus 3
	maxSamples int  // of a query, 0: no limit
	helps      map[string]string
	noMetadata bool
	warnings   []string
	before     func(w http.ResponseWriter, n int) bool // may answer the n-th request

	mu      sync.Mutex
	series  []series
	queries []string
	auth    []string
}

// add gives the fake a series of values at instants of the given step in
// milliseconds from start on.
func (f *fake) add(labels string, start, step int64, values ...float64) {
	s := series{labels: map[string]string{}}
	name, rest, _ := strings.Cut(labels, "{")
	s.labels["__name__"] = name
	for _, m := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		s.labels[m[1]] = m[2]
	}
	for i, v := range values {
		s.points = append(s.points, point{start + int64(i)*step, v})
	}
	f.series = append(f.series, s)
}

func (f *fake) start(t *testing.T) string {
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = append(f.queries, r.FormValue("query"))
	f.auth = append(f.auth, r.Header.Get("Authorization"))
	if f.before != nil && f.before(w, len(f.queries)) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/api/v1/query":
		f.query(w, r)
	case "/api/v1/metadata":
		f.metadata(w, r.FormValue("metric"))
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.Error(w, "404 page not found", http.StatusNotFound)
	}
}

func (f *fake) metadata(w http.ResponseWriter, name string) {
	if f.noMetadata {
		fail(w, http.StatusNotFound, "not_found", "no metadata here")
		return
	}
	data := map[string]any{}
	if help, ok := f.helps[name]; ok {
		data[name] = []map[string]string{{"type": "gauge", "unit": "", "help": help}}
	}
	json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data})
}

func fail(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"status": "error", "errorType": kind, "error": message})
}

var rangeQuery = regexp.MustCompile(`^(\w*)(\{.*\})?\[(\d+)ms\]$`)

func (f *fake) query(w http.ResponseWriter, r *http.Request) {
	m := rangeQuery.FindStringSubmatch(r.FormValue("query"))
	at, err := strconv.ParseFloat(r.FormValue("time"), 64)
	if m == nil || err != nil {
		fail(w, 400, "bad_data", `invalid parameter "query": 1:5: parse error: unexpected character`)
		return
	}
	length, _ := strconv.ParseInt(m[3], 10, 64)
	to := int64(at*1000 + 0.5)
	from := to - length + 1
	if f.closed {
		from--
	}
	result, n := []any{}, 0
	for _, s := range f.series {
		if !matches(m[1], m[2], s.labels) {
			continue
		}
		var values []any
		for _, p := range s.points {
			if from <= p.ms && p.ms <= to {
				sec := json.Number(fmt.Sprintf("%d.%03d", p.ms/1000, p.ms%1000))
				values = append(values, []any{sec, strconv.FormatFloat(p.value, 'f', -1, 64)})
			}
		}
		if n += len(values); f.maxSamples > 0 && n > f.maxSamples {
			fail(w, 422, "execution", "query processing would load too many samples into memory in query execution")
			return
		}
		if values != nil {
			result = append(result, map[string]any{"metric": s.labels, "values": values})
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}, "warnings": f.warnings})
}

var matcher = regexp.MustCompile(`(\w+)(=~|=)"((?:[^"\\]|\\.)*)"`)

// matches knows equality and regular expressions.
func matches(name, braces string, labels map[string]string) bool {
	if name != "" && labels["__name__"] != name {
		return false
	}
	for _, m := range matcher.FindAllStringSubmatch(braces, -1) {
		value, err := strconv.Unquote(`"` + m[3] + `"`)
		if err != nil {
			return false
		}
		if m[2] == "=" {
			value = regexp.QuoteMeta(value)
		}
		if !regexp.MustCompile("^(?:" + value + ")$").MatchString(labels[m[1]]) {
			return false
		}
	}
	return true
}

// asked gives the distinct queries without their ranges.
func (f *fake) asked() []string {
	all := map[string]bool{}
	for _, q := range f.queries {
		if q != "" {
			all[cmp.Or(regexp.MustCompile(`\[\d+ms\]$`).ReplaceAllString(q, ""), q)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
