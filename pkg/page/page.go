// Package page writes a report as one HTML file that loads nothing from
// anywhere: a team can open it from a disk, an archive or a mail.
//
// The file is a skeleton, the report as JSON, and the scripts that draw it; a
// policy in it forbids the browser to run or to load anything else. What comes
// from servers, such as the names of models and messages of errors, is data
// only, and reaches the page as text.
//
// Charts are drawn by uPlot, which is part of the file; its licence is in it
// too.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"

	"aiperf/pkg/report"
)

// A Run is one side of a page.
type Run struct {
	Name   string // what it is called beside another one
	Report *report.Report
}

// A Change is what a comparison found of one metric.
type Change struct {
	Tag, Stat string // avg, p99, …; empty of what has one value
	Header    string
	Change    float64 // (new − old) / old; NaN if it is not known
	Low, High float64 // the interval of Change; NaN if it is not known
	Verdict   string  // in words; what begins with "better" or "worse" is marked as that
}

// Options say how a page is made. The zero value is ready.
type Options struct {
	Title   string
	Changes []Change // between the second run and the first
}

var (
	//go:embed page.css
	style string
	//go:embed uplot/uPlot.min.css
	chartStyle string
	//go:embed uplot/uPlot.iife.min.js
	chartScript string
	//go:embed uplot/LICENSE
	license string
	//go:embed format.js
	formatScript string
	//go:embed charts.js
	chartsScript string
	//go:embed time.js
	timeScript string
	//go:embed tables.js
	tablesScript string
	//go:embed page.js
	pageScript string
	//go:embed first.js
	firstScript string
)

// HTML writes the page of a run, and if there is a second one, that of a
// comparison with it as the baseline.
func HTML(w io.Writer, opt Options, runs ...Run) error {
	data, err := payload(opt, runs)
	if err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	if opt.Title == "" {
		opt.Title = title(runs)
	}
	scripts := []string{chartScript, formatScript, chartsScript, timeScript, tablesScript, pageScript}
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	fmt.Fprintf(&b, "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n", policy(append(scripts, firstScript)))
	b.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(opt.Title))
	fmt.Fprintf(&b, "<style>%s</style>\n<style>%s</style>\n", chartStyle, style)
	fmt.Fprintf(&b, "<script>%s</script>\n</head>\n<body>\n<main id=\"page\">\n", firstScript)
	b.WriteString("<noscript><p>This report is drawn by a script that is part of the file. It loads nothing; please allow it.</p></noscript>\n</main>\n")
	fmt.Fprintf(&b, "<script type=\"application/json\" id=\"data\">%s</script>\n", data)
	fmt.Fprintf(&b, "<script type=\"text/plain\" id=\"license\">%s</script>\n", html.EscapeString(license))
	for _, s := range scripts {
		fmt.Fprintf(&b, "<script>%s</script>\n", s)
	}
	b.WriteString("</body>\n</html>\n")
	_, err = w.Write(b.Bytes())
	return err
}

// policy allows the scripts, by their hashes, and no others, and no request.
// Styles may be set, for charts are placed by them.
func policy(scripts []string) string {
	var b strings.Builder
	b.WriteString("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src")
	for _, s := range scripts {
		sum := sha256.Sum256([]byte(s))
		b.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	}
	return b.String()
}

// payload is the data as JSON in which no "<" is left, nor anything else that
// could end a script element or begin a comment in it.
func payload(opt Options, runs []Run) ([]byte, error) {
	d := data{Title: opt.Title}
	for _, c := range opt.Changes {
		d.Changes = append(d.Changes, changed{c.Tag, c.Stat, c.Header, finite(c.Change), finite(c.Low), finite(c.High), c.Verdict})
	}
	for _, r := range runs {
		d.Runs = append(d.Runs, tell(r))
	}
	if d.Title == "" {
		d.Title = title(runs)
	}
	return json.Marshal(d) // which escapes <, >, &, U+2028 and U+2029
}

// title names the model if a run tells of one.
func title(runs []Run) string {
	for _, r := range runs {
		for _, p := range r.Report.Runs {
			if model, ok := p.Config["model"].(string); ok && model != "" {
				return "aiperf: " + model
			}
		}
		if s := r.Report.Story; s != nil && len(s.Slowest) > 0 && s.Slowest[0].Model != "" {
			return "aiperf: " + s.Slowest[0].Model
		}
	}
	return "aiperf"
}
