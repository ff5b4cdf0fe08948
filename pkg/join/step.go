package join

import (
	"bytes"
	"fmt"

	"aiperf/pkg/record"
)

// stepSeen tells of a step that shows in the lines.
func stepSeen(l record.Line, before record.Time) *Remark {
	by := float64(before)/1e9 - float64(l.Time)/1e9
	r := remark(record.Warning, ClockStep, l.File,
		"%s:%d: the time goes back by %.3f s here, from %v to %v: the clock was set, or files were put one behind the other; the lines from here on stay where they are and do not meet those of other streams in time; to mend it, split the file before this line and name both parts, with an --offset for one whose clock was wrong",
		l.File, l.Number, by, before, l.Time)
	by = -by
	r.Seconds, r.back = &by, true
	return r
}

// stepNoted tells of a step that the producer has noted; nil if l notes no such
// thing. Producers count on from their start, so that their lines show nothing.
func stepNoted(l record.Line) *Remark {
	if !bytes.Contains(l.Raw, []byte(ClockStep)) {
		return nil
	}
	var n record.Note
	if l.Decode(&n) != nil || n.Code != ClockStep {
		return nil
	}
	how, cure := "was set", ""
	if n.Seconds != nil {
		how = fmt.Sprintf("was set by %+.3f s", *n.Seconds)
		cure = fmt.Sprintf("; if it is right since then, --offset %s=%+.3fs sets this file right", l.File, *n.Seconds)
	}
	r := remark(record.Warning, ClockStep, l.File, "%s:%d: the producer notes that its clock %s; its lines go by the clock as it was at its start%s", l.File, l.Number, how, cure)
	r.Seconds = n.Seconds
	return r
}
