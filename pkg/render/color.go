package render

import "strings"

// Colours of a terminal. They only stress what marks and words say.
const (
	bold    = "\x1b[1m"
	green   = "\x1b[32m"
	red     = "\x1b[31m"
	yellow  = "\x1b[33m"
	plainly = "\x1b[0m"
)

// paint colours headings, verdicts and warnings of a finished text. Its lines
// stay as wide as they are.
func paint(s string) string {
	var b strings.Builder
	title, warned := false, false
	for line := range strings.Lines(s) {
		text := strings.TrimSuffix(line, "\n")
		warned = strings.HasPrefix(text, "! ") || warned && strings.HasPrefix(text, "  ")
		switch {
		case strings.HasPrefix(text, "┌"):
			title = true
		case strings.HasPrefix(text, "├"):
			title = false
		case title && len(text) > 2*len("│"):
			text = "│" + bold + text[len("│"):len(text)-len("│")] + plainly + "│"
		case strings.HasPrefix(text, "aiperf | "):
			text = bold + text + plainly
		case warned:
			text = yellow + text + plainly
		default:
			text = stress(text)
		}
		b.WriteString(text + line[len(strings.TrimSuffix(line, "\n")):])
	}
	return b.String()
}

// stress colours verdicts.
func stress(s string) string {
	for _, v := range []struct{ mark, color string }{{"✔ valid", green}, {"✘ invalid", red}, {"✔", green}, {"✘", red}} {
		if before, after, ok := strings.Cut(s, v.mark); ok {
			return before + v.color + v.mark + plainly + stress(after)
		}
	}
	return s
}
