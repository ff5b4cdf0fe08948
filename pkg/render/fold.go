package render

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// across is how many columns of a terminal s takes.
func across(s string) int { return text.StringWidthWithoutEscSequences(s) }

// fold breaks s into lines of at most so many columns, between words where that
// can be. There is one line at least, and each line has one character at least,
// which may take two columns.
func fold(s string, width int) []string {
	width = max(width, 1)
	var lines []string
	line, used := "", 0
	for word := range strings.SplitSeq(s, " ") {
		w := across(word)
		switch {
		case used == 0 && line == "" && len(lines) == 0:
		case used+1+w <= width:
			line, used = line+" ", used+1
		default:
			lines, line, used = append(lines, line), "", 0
		}
		for w > width-used {
			head, rest := cut(word, width-used)
			if head == "" && used > 0 {
				lines, line, used = append(lines, line), "", 0
				continue
			}
			lines, line, used = append(lines, line+head), "", 0
			word, w = rest, across(rest)
			if rest == "" {
				break
			}
		}
		line, used = line+word, used+w
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// cut gives as much of s as goes into so many columns, and the rest. What takes
// no columns stays with what is before it.
func cut(s string, width int) (head, rest string) {
	used := 0
	for i, r := range s {
		w := across(string(r))
		if used+w > width {
			if i == 0 && width > 0 {
				continue // it takes two columns, and there is one
			}
			return s[:i], s[i:]
		}
		used += w
	}
	return s, ""
}
