package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"aiperf/pkg/scrape"
)

// A watched file is read again when it has changed.
type watched struct {
	name string
	most int64 // bytes

	mu       sync.Mutex
	mod      time.Time
	size     int64
	at       time.Time // when it was read
	data     []byte
	complete bool
}

// grain is the coarsest grain of modification times: within it of a change,
// another one may not be seen in them.
const grain = 2 * time.Second

// read gives what is in the file, and whether that is other than what it gave
// before.
func (w *watched) read() (data []byte, changed bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	info, err := os.Stat(w.name)
	if err != nil {
		w.complete = false
		return nil, false, err
	}
	if w.complete && info.ModTime().Equal(w.mod) && info.Size() == w.size && w.at.Sub(w.mod) > grain {
		return w.data, false, nil
	}
	at := time.Now()
	data, err = readMost(w.name, w.most)
	if err != nil {
		w.complete = false
		return nil, false, err
	}
	changed = w.data == nil || !bytes.Equal(data, w.data)
	w.mod, w.size, w.at, w.data, w.complete = info.ModTime(), info.Size(), at, data, true
	return data, changed, nil
}

// forget makes what is read next count as changed.
func (w *watched) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data, w.complete = nil, false
}

func readMost(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, err // names the file
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return append([]byte{}, data...), nil
}

// mostTargets bounds a list of sources, in bytes.
const mostTargets = 64 << 20

// A targetList is the sources in some files.
type targetList struct {
	files []*watched
	lists [][]scrape.Source // of each file
	fresh bool              // what was read has not been given
}

func newTargetList(names []string) *targetList {
	t := &targetList{lists: make([][]scrape.Source, len(names))}
	for _, name := range names {
		t.files = append(t.files, &watched{name: name, most: mostTargets})
	}
	return t
}

// read reads the files that have changed. A file that makes no sense leaves its
// list as it was, and is read again next time.
func (t *targetList) read() error {
	for i, f := range t.files {
		data, changed, err := f.read()
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		list, err := scrape.ParseTargets(data)
		if err != nil {
			f.forget()
			return fmt.Errorf("%s: %w", f.name, err)
		}
		t.lists[i], t.fresh = list, true
	}
	return nil
}

// sources is what [scrape.Config.Targets] asks for.
func (t *targetList) sources() (all []scrape.Source, changed bool, err error) {
	if err := t.read(); err != nil {
		return nil, false, err
	}
	for _, list := range t.lists {
		all = append(all, list...)
	}
	changed, t.fresh = t.fresh, false
	return all, changed, nil
}
