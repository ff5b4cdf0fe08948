package dcgm

import "strings"

// comment takes a HELP or TYPE apart. Any other comment has no family.
func comment(text string) *words {
	word := strings.Fields(text)
	if len(word) < 4 || word[0] != "#" || word[1] != "HELP" && word[1] != "TYPE" {
		return &words{}
	}
	return &words{word[2], []label{{word[1], strings.Join(word[3:], " ")}}}
}

// comments is what the comments of a page say.
type comments struct {
	helps map[string]string
	parts map[string]bool // names that belong to a histogram or summary
}

// readComments reads the comments among the lines of a page. Groups of an
// exporter repeat HELP; of two that differ the first in the order of their
// text counts, for the groups have no order.
func readComments(lines []*line) comments {
	c := comments{map[string]string{}, map[string]bool{}}
	for _, l := range lines {
		if l.sample || l.family == "" {
			continue
		}
		switch word := l.labels[0]; word.name {
		case "HELP":
			if _, ok := c.helps[l.family]; !ok {
				c.helps[l.family] = word.value
			}
		case "TYPE":
			switch strings.ToLower(word.value) {
			case "histogram", "summary", "gauge_histogram", "gaugehistogram":
				// No exporter has a GPU's value in one.
				for _, end := range []string{"", "_bucket", "_sum", "_count"} {
					c.parts[l.family+end] = true
				}
			}
		}
	}
	return c
}
