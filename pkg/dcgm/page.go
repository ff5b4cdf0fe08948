package dcgm

import (
	"errors"
	"fmt"

	"aiperf/pkg/record"
)

// A Page is what an exporter's page says.
type Page struct {
	// GPUs has one reading for each GPU and MIG instance, in the order of host,
	// index, UUID and instance. Header, Source, Taken and Within are left to the
	// caller, who owns the slice and the Fields. Labels and what GPU points at
	// are shared by the pages of a Parser: read only.
	GPUs []record.GPU

	// Repeat tells that the readings are those of the page that the Parser had
	// before, to the bit and in whatever order the lines are.
	Repeat bool

	Samples  int       // on the page, also those of no GPU
	Rejected int       // lines that were no sample, or were cut short
	Bad      []BadLine // the first few of them
	Reason   error     // the first of them, nil if there was none
}

// badLines is how many lines of a page are told of; badText is how many bytes
// of each.
const (
	badLines = 3
	badText  = 200
)

// A BadLine is a line that was rejected.
type BadLine struct {
	Line int    // counted from 1
	Text string // its first 200 bytes
	Why  string
}

func (b BadLine) Error() string { return fmt.Sprintf("line %d: %s", b.Line, b.Why) }

// ErrNotPage is wrapped by the error of a page that has lines, and not one
// that makes sense.
var ErrNotPage = errors.New("not a page of metrics")

// Parse reads one page in the Prometheus text format. An empty page is no
// error, nor is one without a GPU. Whoever reads page after page of a source
// wants a [Parser].
func Parse(page []byte) (Page, error) {
	var p Parser
	return p.Parse(page)
}

// reject counts a line.
func (p *Page) reject(n int, line []byte, why string) {
	p.Rejected++
	if len(p.Bad) == badLines {
		return
	}
	b := BadLine{n, string(line[:min(len(line), badText)]), why}
	if p.Bad = append(p.Bad, b); p.Reason == nil {
		p.Reason = b
	}
}
