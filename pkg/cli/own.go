package cli

import "aiperf/pkg/record"

// own puts the id of the present file's run into what a scraper tells, and into
// notes that name a run.
func own(rec record.Record, run string) {
	switch x := rec.(type) {
	case *record.Note:
		if x.Run != "" {
			x.Run = run
		}
	case *record.GPU:
		x.Run = run
	case *record.Scrape:
		x.Run = run
	case *record.Server:
		x.Run = run
	}
}
