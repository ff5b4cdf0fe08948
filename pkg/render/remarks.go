package render

import (
	"fmt"

	"aiperf/pkg/record"
	"aiperf/pkg/report"
)

// mostAlike is how many notes of a kind are shown; of more it is the first, and
// how many there are.
const mostAlike = 3

// remarks are the notes under the tables: warnings first, each thing said once.
func remarks(r *report.Report) []line {
	type kind struct{ level, code string }
	times := map[report.Note]int{}
	alike := map[kind]int{}
	for _, n := range r.Notes {
		if times[n]++; times[n] == 1 {
			alike[kind{n.Level, n.Code}]++
		}
	}
	var first, rest []line
	for _, n := range r.Notes {
		count, k := times[n], kind{n.Level, n.Code}
		others := alike[k] - 1
		if count == 0 || others < 0 {
			continue // it was said
		}
		times[n] = 0
		text := n.Message
		if count > 1 {
			text += fmt.Sprintf(" (%d times)", count)
		}
		if others >= mostAlike {
			text += fmt.Sprintf(" (and %d notes like it)", others)
			alike[k] = 0
		}
		if n.Level == record.Warning {
			first = append(first, line{"!", text})
		} else {
			rest = append(rest, line{"•", text})
		}
	}
	return append(first, rest...)
}
