package scrape

import (
	"bytes"
	"errors"
	"hash/maphash"
	"maps"
	"slices"

	"aiperf/pkg/dcgm"
	"aiperf/pkg/record"
)

// A gpuKey tells one GPU or instance of a source from the others.
type gpuKey struct {
	host, uuid, mig string
	index           int
}

func keyOf(g *record.GPU) gpuKey {
	k := gpuKey{g.Host, g.UUID, g.MIG, -1}
	if g.UUID == "" && g.GPU != nil {
		k.index = *g.GPU
	}
	return k
}

// A presence is when a GPU was last on a page.
type presence struct {
	what string // for messages
	page int    // counted by the source's new pages
	lost bool
}

// A watch remembers what a source said last and notices what is new.
type watch struct {
	parse func([]byte) (dcgm.Page, error)
	hash  uint64    // of the last page
	page  dcgm.Page // what it said
	seen  bool      // a page at all

	// Since close.
	before map[gpuKey]record.GPU // readings not yet followed by another value
	pages  int                   // that were new
}

// A finding is what a page is beside the one before it.
type finding int

const (
	news finding = iota
	repeat
	empty
)

// newParser gives what reads the pages of one source, one after another. What it
// gives stays valid: readings go to whoever writes them, and the last page is
// compared with the next one.
func newParser(fields *dcgm.Select) func([]byte) (dcgm.Page, error) {
	p := &dcgm.Parser{Select: fields}
	return p.Parse
}

// seed is that of all hashes of pages. One that is taken for another by chance
// is not to be seen in the age of the world.
var seed = maphash.MakeSeed()

// look takes a page and tells whether it says anything new. Most repeats are
// repeats to the byte, and are not even parsed. Others differ in the order in
// which the exporter prints groups, or in metrics of the exporter itself.
func (w *watch) look(body []byte) (finding, error) {
	hash := maphash.Bytes(seed, body)
	if w.seen && hash == w.hash {
		return repeat, nil
	}
	page, err := w.parse(body)
	if err != nil {
		return 0, err
	}
	if unended(body) {
		return 0, errUnended
	}
	if page.Samples == 0 {
		return empty, nil
	}
	same := w.seen && slices.EqualFunc(w.page.GPUs, page.GPUs, sameReading)
	w.hash, w.page, w.seen = hash, page, true
	if same {
		return repeat, nil
	}
	w.pages++
	for i := range page.GPUs {
		k := keyOf(&page.GPUs[i])
		if old, ok := w.before[k]; ok && !maps.Equal(old.Fields, page.GPUs[i].Fields) {
			delete(w.before, k)
		}
	}
	return news, nil
}

// errUnended is a page whose end only the end of the connection has shown: HTTP
// cannot tell that more of it was to come, but its last line can.
var errUnended = errors.New("the page is cut short: its last line has no end")

func unended(body []byte) bool {
	body = bytes.TrimRight(body, " \t\r")
	return len(body) > 0 && body[len(body)-1] != '\n' && !bytes.HasSuffix(body, []byte("# EOF"))
}

func sameReading(a, b record.GPU) bool {
	return keyOf(&a) == keyOf(&b) && (a.GPU == b.GPU || a.GPU != nil && b.GPU != nil && *a.GPU == *b.GPU) &&
		a.Platform == b.Platform && a.Model == b.Model && a.MIGProfile == b.MIGProfile &&
		maps.Equal(a.Fields, b.Fields) && maps.Equal(a.Labels, b.Labels)
}

// close begins to wait for new values.
func (w *watch) close() {
	w.pages = 0
	w.before = make(map[gpuKey]record.GPU, len(w.page.GPUs))
	for _, g := range w.page.GPUs {
		w.before[keyOf(&g)] = g
	}
}

// closed tells whether every GPU has shown a new value since close. After two
// new pages nothing more is to be expected: an idle GPU's values may all stand
// still, and one that is lost has none.
func (w *watch) closed() bool { return len(w.before) == 0 || w.pages >= 2 }
