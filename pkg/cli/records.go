package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"aiperf/pkg/record"
)

// Files say where a producer's records go.
type Files struct {
	// Name is the output: "" and "-" are standard output. With Rotate it is a
	// pattern of names, in strftime's %Y %m %d %H %M %S %j %s %%, in UTC.
	Name   string
	Rotate Rotate
	Max    int // finished files of the pattern that are kept; 0: all

	// Now is the time that records are stamped with and that files are named by.
	Now func() record.Time
	// Run is the first record of the first file. Those of later files have
	// another id, and the one before in their config, as "continues": each file
	// is a stream of its own, so that one without an end is seen to be partial.
	Run *record.Run
	// End gives the last record of a file. last tells whether it is that of the
	// producer too; if not, counts begin anew. What a call of Write brought
	// belongs to the file after an End that it calls.
	End func(last bool) *record.End
	// Tell is told what is worth telling at once, though it may be written much
	// later; nil: nobody is.
	Tell func(*record.Note)
	// Patience is how long Close waits for room on a full disk; 0: 10 s.
	Patience time.Duration
}

// Codes of notes about files.
const (
	Continues = "continues"  // in another file
	DiskFull  = "disk-full"  // and records may be lost
	LeftOver  = "left-over"  // files of runs that did not end
	NotPruned = "not-pruned" // old files that cannot be removed
)

// part ends the name of a file that is being written.
const part = ".part"

// Records writes a producer's records into one file or one after another. A
// file of several is written as NAME.part and gets its name when it is whole:
// when its end is written and on the disk. It may be used by several goroutines.
//
// A full disk is no error: what it does not take is kept in memory, up to some
// megabytes, and written when there is room again; if that was not enough a note
// counts the records that were dropped.
type Records struct {
	files   Files
	pattern *namePattern // nil for one file
	lock    *fileLock
	create  func(name string) (diskFile, error)

	mu      sync.Mutex
	run     *record.Run
	out     io.WriteCloser // of the records of the present file
	file    *openFile      // nil if it is not one on a disk
	until   time.Time      // when the present file is full
	named   string         // the first name for the instant that it began at
	nth     int            // which of the names it has
	closing *openFile      // is whole, but for the disk's being full
	stuck   time.Time      // since when the disk is full
	dropped int64          // records, since then
	first   record.Time    // the time of the first of them
	buf     []byte
}

// An openFile is a file that is being written.
type openFile struct {
	spool
	path, final string // the same, or final is the name that it will have
}

// Records opens the output and writes the first record. The caller must call
// Close. It is an error if another process writes the same output.
func (e *Env) Records(f Files) (*Records, error) {
	if f.Patience == 0 {
		f.Patience = 10 * time.Second
	}
	return e.records(f, createFile)
}

func (e *Env) records(f Files, create func(string) (diskFile, error)) (*Records, error) {
	r := &Records{files: f, run: f.Run, create: create}
	switch {
	case f.Max < 0:
		return nil, Usagef("a negative number of files")
	case f.Rotate == (Rotate{}) && f.Max > 0:
		return nil, Hint(Usagef("a number of files to keep needs several files"), "--rotate 1h -o 'gpu-%%Y%%m%%dT%%H%%M%%S.ndjson.zst'")
	case f.Rotate == (Rotate{}):
		return r, r.single(e)
	case f.Name == "" || f.Name == "-":
		return nil, Hint(Usagef("standard output cannot be rotated"), "-o 'gpu-%%Y%%m%%dT%%H%%M%%S.ndjson.zst' names files by their time")
	}
	var err error
	if r.pattern, err = parsePattern(f.Name); err != nil {
		return nil, Usagef("output: %w", err)
	}
	if r.lock, err = lockPattern(r.pattern); err != nil {
		return nil, err
	}
	if err = r.begin(f.Now()); err == nil {
		err = r.report()
	}
	if err != nil {
		r.lock.remove()
		return nil, err
	}
	return r, nil
}

// single begins output that is not rotated. A plain file is locked and keeps
// what it has until the first record is written.
func (r *Records) single(e *Env) error {
	name := r.files.Name
	if name == "" || name == "-" {
		r.out = keepOpen{e.Stdout}
		return r.stamp(r.run, r.files.Now())
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		if s, serr := os.Stat(name); serr == nil && s.IsDir() {
			return Usagef("output %q is a directory", name)
		}
		return err
	}
	if s, err := f.Stat(); err != nil || !s.Mode().IsRegular() {
		r.out, err = compress(name, f)
		if err == nil {
			err = r.stamp(r.run, r.files.Now())
		}
		return err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return err
	}
	return r.use(name, name, r.files.Now(), func() (diskFile, error) { return f, nil })
}

// use makes the present file one on a disk and writes the run.
func (r *Records) use(path, final string, now record.Time, create func() (diskFile, error)) (err error) {
	r.file = &openFile{spool: spool{create: create, most: pendingMost}, path: path, final: final}
	if r.out, err = compress(final, &r.file.spool); err != nil {
		return err
	}
	if err = r.stamp(r.run, now); err == nil {
		// A compressor would find out much later that the file cannot be made.
		_, err = r.file.Write(nil)
	}
	return err
}

func createFile(name string) (diskFile, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// begin begins the next file of the pattern.
func (r *Records) begin(now record.Time) error {
	r.until = r.files.Rotate.next(now.Time())
	first, n := r.pattern.name(now.Time(), 1), 1
	if first == r.named {
		n = r.nth + 1 // not a name again that was removed: it would seem to be older
	}
	final, n := r.free(now.Time(), n)
	r.named, r.nth = first, n
	return r.use(final+part, final, now, func() (diskFile, error) { return r.create(final + part) })
}

// free is the first name for an instant, from the n-th on, that no file has, not
// even one that is being written.
func (r *Records) free(t time.Time, n int) (string, int) {
	for ; ; n++ {
		name := r.pattern.name(t, n)
		if !exists(name) && !exists(name+part) && (r.closing == nil || r.closing.final != name) {
			return name, n
		}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// Write stamps a record and writes it, into the next file if the present one is
// full. Readings and visits get the id of the file's run, and so do notes that
// have one.
func (r *Records) Write(rec record.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.files.Now()
	if err := r.turn(now); err != nil {
		return err
	}
	return r.take(rec, now)
}

// take writes a record unless the disk is full and so is what is kept for it.
func (r *Records) take(rec record.Record, now record.Time) error {
	if r.file != nil {
		state := r.file.state()
		switch {
		case state.full != nil && r.stuck.IsZero():
			r.stuck = state.since
			r.tell(&record.Note{Level: record.Warning, Code: DiskFull, File: r.file.path,
				Message: fmt.Sprintf("%v; trying again, and keeping what comes in memory up to %d MB", state.full, pendingMost>>20)})
		case state.full == nil && !r.stuck.IsZero():
			if err := r.recovered(now); err != nil {
				return err
			}
		}
		if state.crammed {
			if r.dropped++; r.dropped == 1 {
				r.first = now
			}
			return nil
		}
	}
	own(rec, r.run.Run)
	return r.stamp(rec, now)
}

// recovered writes what a full disk has cost.
func (r *Records) recovered(now record.Time) error {
	took := time.Since(r.stuck).Seconds()
	n := &record.Note{Run: r.run.Run, Level: record.Info, Code: DiskFull, Seconds: &took,
		Message: fmt.Sprintf("there was no room on the disk for %.0f s; no record is lost", took)}
	if r.dropped > 0 {
		n.Level = record.Warning
		n.Message = fmt.Sprintf("there was no room on the disk for %.0f s; the %d records since %v are lost", took, r.dropped, r.first)
	}
	r.stuck, r.dropped = time.Time{}, 0
	r.tell(n)
	return r.stamp(n, now)
}

func (r *Records) stamp(rec record.Record, now record.Time) (err error) {
	rec.Head().Time = now
	if r.buf, err = record.Append(r.buf[:0], rec); err != nil {
		return err
	}
	_, err = r.out.Write(r.buf)
	return err
}

func (r *Records) tell(n *record.Note) {
	if r.files.Tell != nil {
		r.files.Tell(n)
	}
}

// turn goes on to the next file if the present one is full and the disk is not.
func (r *Records) turn(now record.Time) error {
	if err := r.complete(); err != nil || r.pattern == nil || r.closing != nil {
		return err
	}
	state := r.file.state()
	due := !r.until.IsZero() && !now.Time().Before(r.until) || r.files.Rotate.Size > 0 && state.size >= r.files.Rotate.Size
	if !due || state.full != nil || !r.stuck.IsZero() {
		return nil
	}
	note := &record.Note{Run: r.run.Run, Level: record.Info, Code: Continues, Message: "the run goes on in the next file"}
	if err := r.end(now, note, r.files.End(false)); err != nil {
		return err
	}
	next := *r.run
	next.Config = maps.Clone(r.run.Config)
	if next.Config == nil {
		next.Config = map[string]any{}
	}
	next.Config["continues"] = r.run.Run
	next.Run = record.NewRunID(now)
	r.run, r.closing = &next, r.file
	if err := r.complete(); err != nil {
		return err
	}
	return r.begin(now)
}

// end writes the last records of the present file.
func (r *Records) end(now record.Time, last ...record.Record) error {
	for _, rec := range last {
		if e, ok := rec.(*record.End); ok {
			e.Run = r.run.Run
		}
		if err := r.stamp(rec, now); err != nil {
			return err
		}
	}
	return r.out.Close()
}

// complete gives the file that is closing its name, if the disk has taken all
// of it.
func (r *Records) complete() error {
	f := r.closing
	if f == nil {
		return nil
	}
	done, err := f.finish()
	if !done {
		return nil
	}
	r.closing = nil
	if err != nil {
		return fmt.Errorf("%w; %q is left as it is", err, f.path)
	}
	if f.path == f.final {
		return nil
	}
	for n := 2; exists(f.final); n++ { // somebody else has made one meanwhile
		f.final, n = r.free(r.files.Now().Time(), n)
	}
	if err := os.Rename(f.path, f.final); err != nil {
		return err
	}
	syncDir(filepath.Dir(f.final))
	r.prune()
	return nil
}

// syncDir brings names to the disk, as far as the system does that.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// Close writes the end and closes the output. A file that a full disk does not
// take within the patience stays as it is, under its temporary name, and is an
// error.
func (r *Records) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lock != nil {
		defer r.lock.remove()
	}
	now := r.files.Now()
	deadline := time.Now().Add(r.files.Patience)
	var errs []error
	if r.file != nil {
		roomy := func() bool { return r.file.state().full == nil }
		if r.settle(deadline, roomy) && !r.stuck.IsZero() {
			errs = append(errs, r.recovered(now))
		}
	}
	errs = append(errs, r.end(now, r.files.End(true)))
	for _, f := range []*openFile{r.closing, r.file} {
		if f == nil {
			continue
		}
		r.closing = f
		var err error
		if !r.settle(deadline, func() bool { err = r.complete(); return r.closing == nil }) {
			err = r.lost(f)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settle waits until done, or is false at the deadline.
func (r *Records) settle(deadline time.Time, done func() bool) bool {
	for !done() {
		if !time.Now().Before(deadline) {
			return false
		}
		time.Sleep(shortestPause)
	}
	return true
}

// lost says what of a file is not on the disk.
func (r *Records) lost(f *openFile) error {
	return fmt.Errorf("%w: %q is partial; its last %d bytes and %d records before its end are lost", f.state().full, f.path, f.left(), r.dropped)
}
