package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"

	"github.com/google/go-cmp/cmp"
)

// A shelf is a directory that records are written into.
type shelf struct {
	t   *testing.T
	dir string
	n   int64 // records since the last end
	now func() record.Time
	rec *Records
	mu  sync.Mutex
	say []string // codes of notes that were told
}

func newShelf(t *testing.T) *shelf { return &shelf{t: t, dir: t.TempDir()} }

func (s *shelf) files(name string, rotate string, most int) Files {
	var r Rotate
	if rotate != "" {
		if err := r.Set(rotate); err != nil {
			s.t.Fatal(err)
		}
	}
	now := s.now
	if now == nil {
		now = record.StartClock().Now
	}
	return Files{Name: filepath.Join(s.dir, name), Rotate: r, Max: most, Now: now,
		Run: &record.Run{Run: "first", Tool: "x", Config: map[string]any{"a": "b"}},
		End: func(last bool) *record.End {
			e := &record.End{Reason: record.Complete, Counts: map[string]int64{"notes": s.n}}
			s.n = 0
			return e
		},
		Tell: func(n *record.Note) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.say = append(s.say, n.Code)
		},
		Patience: time.Minute,
	}
}

func (s *shelf) open(f Files) {
	s.t.Helper()
	var err error
	if s.rec, err = (&Env{Name: "x"}).Records(f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) write(text string) {
	s.t.Helper()
	if err := s.rec.Write(&record.Note{Run: "whatever", Code: "test", Message: text}); err != nil {
		s.t.Fatal(err)
	}
	s.n++
}

func (s *shelf) close() {
	s.t.Helper()
	if err := s.rec.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// names are those of the files in the directory, the lock's included.
func (s *shelf) names() []string {
	all, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	names := []string{}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// read gives the messages of the test's own notes in a file, whose stream must
// be whole.
func (s *shelf) read(name string) (messages []string) {
	s.t.Helper()
	return readWhole(s.t, filepath.Join(s.dir, name))
}

func readWhole(t *testing.T, path string) (messages []string) {
	t.Helper()
	messages = []string{}
	in, err := (&Env{}).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var lines []record.Line
	var runs record.Runs
	var last record.Time
	for l, err := range record.Read(in, path) {
		if err == nil {
			err = runs.Add(l)
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if l.Time < last {
			t.Errorf("%s:%d: out of order", path, l.Number)
		}
		last = l.Time
		lines = append(lines, l)
		var n record.Note
		if l.Type == record.TypeNote {
			if err := l.Decode(&n); err != nil {
				t.Error(err)
			}
			if n.Code == "test" {
				messages = append(messages, n.Message)
			}
		}
	}
	if n := len(lines); n < 2 || lines[0].Type != record.TypeRun || lines[n-1].Type != record.TypeEnd {
		t.Errorf("%s is not whole: %d lines", path, n)
		return messages
	}
	if all := runs.All(); len(all) != 1 || len(runs.Partial()) > 0 {
		t.Errorf("%s has runs %v", path, all)
	}
	var end record.End
	if err := lines[len(lines)-1].Decode(&end); err != nil || end.Counts["notes"] != int64(len(messages)) {
		t.Errorf("%s: its end counts %v, and it has %d", path, end.Counts, len(messages))
	}
	return messages
}

func (s *shelf) want(files map[string][]string) {
	s.t.Helper()
	got := map[string][]string{}
	for _, name := range s.names() {
		got[name] = s.read(name)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		s.t.Errorf("files (-want +got):\n%s", diff)
	}
}

// The bubble's time begins at midnight of 2000-01-01.
func TestRotationByTime(t *testing.T) {
	s := newShelf(t)
	synctest.Test(t, func(*testing.T) {
		time.Sleep(50 * time.Minute)
		s.open(s.files("g-%H%M%S.ndjson.zst", "1h", 0))
		for i := range 5 {
			s.write(fmt.Sprint(i))
			time.Sleep(20 * time.Minute)
		}
		s.close()
	})
	s.want(map[string][]string{
		"g-005000.ndjson.zst": {"0"},
		"g-011000.ndjson.zst": {"1", "2", "3"}, // due at 01:00; named for when it begins
		"g-021000.ndjson.zst": {"4"},
	})
}

// Each file is a stream of its own, and tells which one it continues.
func TestRotationLinks(t *testing.T) {
	s := newShelf(t)
	synctest.Test(t, func(*testing.T) {
		s.open(s.files("g-%H%M%S.ndjson", "1m", 0))
		s.write("a")
		time.Sleep(time.Minute)
		s.write("b")
		s.close()
	})
	second, err := os.ReadFile(filepath.Join(s.dir, "g-000100.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(s.dir, "g-000000.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(second, []byte(`"config":{"a":"b","continues":"first"}`)) || bytes.Contains(second, []byte(`"run":"first"`)) {
		t.Errorf("the second file:\n%s", second)
	}
	if !bytes.Contains(first, []byte(`"code":"continues"`)) || bytes.Contains(first, []byte("whatever")) || bytes.Contains(first, []byte(`"continues":`)) {
		t.Errorf("the first file:\n%s", first)
	}
}

func TestRotationBySize(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"g-%Y.ndjson", "g-%Y.ndjson.gz"} {
		s := newShelf(t)
		now := record.Time(1795594087e9)
		s.now = func() record.Time { now += 1e6; return now } // always 2026: the names are the same
		s.open(s.files(name, "2kB", 0))
		var want, got []string
		for i := range 500 {
			want = append(want, fmt.Sprint(i))
			s.write(want[i])
		}
		s.close()
		names := s.names()
		if plain := name == "g-%Y.ndjson"; plain && len(names) < 10 {
			t.Errorf("files %v", names)
		}
		slices.SortFunc(names, func(a, b string) int {
			return cmpInt(len(a), len(b), strings.Compare(a, b))
		})
		for _, n := range names {
			got = append(got, s.read(n)...)
			if st, err := os.Stat(filepath.Join(s.dir, n)); err != nil || st.Size() > 3000 {
				t.Errorf("%s has %d bytes, %v", n, st.Size(), err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", name, diff)
		}
	}
}

func cmpInt(a, b, rest int) int {
	if a != b {
		return a - b
	}
	return rest
}

func TestMaxFiles(t *testing.T) {
	s := newShelf(t)
	others := []string{"g-99999.ndjson", "g-000000.ndjson.bak", "h-000000.ndjson", "g-230000.ndjson.part"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(s.dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(s.dir, "g-235959.ndjson")
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(*testing.T) {
		s.open(s.files("g-%H%M%S.ndjson", "1m", 2))
		for range 5 {
			s.write("x")
			time.Sleep(time.Minute)
		}
		s.close()
	})
	want := append([]string{"g-000300.ndjson", "g-000400.ndjson"}, others...)
	slices.Sort(want)
	if diff := cmp.Diff(want, s.names()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{LeftOver}, s.say); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// A finished file, or one that a killed process left, is never written over.
func TestNothingIsOverwritten(t *testing.T) {
	s := newShelf(t)
	for name, text := range map[string]string{"g-00.ndjson": "finished", "g-00_2.ndjson.part": "left over"} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(*testing.T) {
		s.open(s.files("g-%H.ndjson", "1d", 0))
		s.write("mine")
		if _, err := os.Stat(filepath.Join(s.dir, "g-00_3.ndjson.part")); err != nil {
			t.Error(err)
		}
		// Somebody takes the name meanwhile.
		if err := os.WriteFile(filepath.Join(s.dir, "g-00_3.ndjson"), []byte("theirs"), 0o644); err != nil {
			t.Error(err)
		}
		s.close()
	})
	if got := s.read("g-00_4.ndjson"); len(got) != 1 {
		t.Errorf("got %v in the fourth file", got)
	}
	for name, text := range map[string]string{"g-00.ndjson": "finished", "g-00_2.ndjson.part": "left over", "g-00_3.ndjson": "theirs"} {
		if b, err := os.ReadFile(filepath.Join(s.dir, name)); string(b) != text {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, name, rotate string }{
		{"a pattern", "g-%S.ndjson", "1h"},
		{"a file", "g.ndjson", ""},
	} {
		s := newShelf(t)
		s.open(s.files(c.name, c.rotate, 0))
		s.write("kept")
		_, err := (&Env{Name: "x"}).Records(s.files(c.name, c.rotate, 0))
		if want := fmt.Sprintf("g%s\" is being written by process %d", strings.TrimPrefix(c.name, "g"), os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", c.why, err, want)
		}
		s.close()
		if names := s.names(); len(names) != 1 {
			t.Errorf("%s: files %v", c.why, names)
		}
		if got := s.read(s.names()[0]); len(got) != 1 {
			t.Errorf("%s: the first one's record is lost", c.why)
		}
		s.open(s.files(c.name, c.rotate, 0))
		s.close()
	}
}

func TestRecordsMisuse(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for _, c := range []struct {
		why   string
		files Files
		want  string
	}{
		{"a directory", s.files("", "", 0), "is a directory"},
		{"an output nowhere", s.files("no/g-%S", "1h", 0), "no such file or directory"},
		{"a file nowhere", s.files("no/g", "", 0), "no such file or directory"},
		{"one name for all", s.files("g.ndjson", "1h", 0), "names one file"},
		{"kept files without rotation", s.files("g-%S", "", 3), "needs several files"},
		{"standard output", Files{Name: "-", Rotate: Rotate{Size: 1}}, "standard output cannot be rotated"},
		{"a negative number", s.files("g-%S", "1h", -1), "negative"},
	} {
		if _, err := (&Env{Name: "x"}).Records(c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.why, err, c.want)
		}
	}
	if names := s.names(); len(names) != 0 {
		t.Errorf("files %v", names)
	}
}

func TestRecordsOnStdout(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newShelf(t)
	f := s.files("", "", 0)
	f.Name = "-"
	rec, err := (&Env{Name: "x", Stdout: &out}).Records(f)
	if err != nil {
		t.Fatal(err)
	}
	s.rec = rec
	s.write("a")
	s.close()
	if lines := strings.Count(out.String(), "\n"); lines != 3 {
		t.Errorf("%d lines:\n%s", lines, &out)
	}
}

// A disk has room for so many bytes.
type disk struct {
	mu    sync.Mutex
	room  int
	files map[string]*bytes.Buffer
	sync  error
}

type onDisk struct {
	d *disk
	b *bytes.Buffer
	f *os.File // an empty one of the same name
}

func (d *disk) create(name string) (diskFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room <= 0 {
		return nil, &os.PathError{Op: "open", Path: name, Err: syscall.ENOSPC}
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	b := new(bytes.Buffer)
	d.files[filepath.Base(name)] = b
	return onDisk{d, b, f}, nil
}

func (o onDisk) Write(b []byte) (int, error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	n := min(len(b), o.d.room)
	o.b.Write(b[:n])
	if o.d.room -= n; n < len(b) {
		return n, &os.PathError{Op: "write", Path: o.f.Name(), Err: syscall.ENOSPC}
	}
	return n, nil
}

func (o onDisk) Sync() error { return o.d.sync }

func (o onDisk) Close() error {
	if _, err := o.f.Write(o.b.Bytes()); err != nil {
		return err
	}
	return o.f.Close()
}

func (d *disk) free(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

func (s *shelf) openOn(d *disk, f Files) {
	var err error
	if s.rec, err = (&Env{Name: "x"}).records(f, d.create); err != nil {
		s.t.Fatal(err)
	}
}

// What a full disk does not take at first is in the file in the end, and the
// file is whole, compressed or not.
func TestDiskFull(t *testing.T) {
	for _, name := range []string{"g-%H%M%S.ndjson", "g-%H%M%S.ndjson.zst", "g-%H%M%S.ndjson.gz"} {
		s := newShelf(t)
		d := &disk{room: 600, files: map[string]*bytes.Buffer{}}
		var want []string
		synctest.Test(t, func(*testing.T) {
			s.openOn(d, s.files(name, "1m", 0))
			for i := range 300 { // 150 s; a file is due while the disk is full
				if i == 200 {
					d.free(1 << 30)
				}
				want = append(want, fmt.Sprint(i))
				s.write(want[i])
				time.Sleep(500 * time.Millisecond)
			}
			s.close()
		})
		var got []string
		for _, n := range s.names() {
			got = append(got, s.read(n)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{DiskFull, DiskFull}, s.say); diff != "" {
			t.Errorf("%s: told (-want +got):\n%s", name, diff)
		}
	}
}

// What does not fit into memory either is counted.
func TestDiskFullForLong(t *testing.T) {
	s := newShelf(t)
	d := &disk{room: 600, files: map[string]*bytes.Buffer{}}
	synctest.Test(t, func(*testing.T) {
		s.openOn(d, s.files("g-%H%M%S.ndjson", "1h", 0))
		s.rec.file.most = 1000
		for i := range 100 {
			s.write(fmt.Sprint(i))
		}
		d.free(1 << 30)
		time.Sleep(time.Minute)
		s.write("after")
		s.n = 0
		s.close()
	})
	b, err := os.ReadFile(filepath.Join(s.dir, "g-000000.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	kept := bytes.Count(b, []byte(`"code":"test"`))
	note := fmt.Sprintf("there was no room on the disk for 60 s; the %d records since 2000-01-01T00:00:00.000000000Z are lost", 101-kept)
	if kept < 5 || kept > 20 || !bytes.Contains(b, []byte(note)) || bytes.Index(b, []byte(note)) > bytes.Index(b, []byte("after")) {
		t.Errorf("%d records are kept, and %q is not said before the next:\n%s", kept, note, b)
	}
}

// A file that never gets its room keeps its temporary name.
func TestDiskStaysFull(t *testing.T) {
	s := newShelf(t)
	d := &disk{room: 400, files: map[string]*bytes.Buffer{}}
	synctest.Test(t, func(*testing.T) {
		s.openOn(d, s.files("g-%H%M%S.ndjson", "1h", 0))
		for i := range 10 {
			s.write(fmt.Sprint(i))
		}
		start := time.Now()
		err := s.rec.Close()
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "g-000000.ndjson.part\" is partial; its last ") {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d < time.Minute || d > 2*time.Minute {
			t.Errorf("it waited %v", d)
		}
	})
	if diff := cmp.Diff([]string{"g-000000.ndjson.part"}, s.names()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A disk that is full as a file is closed does not hold up the next one, and
// one that is full as a file begins does not hold up what comes.
func TestDiskFullAtTheEdge(t *testing.T) {
	for room := 300; room < 1500; room += 37 {
		s := newShelf(t)
		d := &disk{room: room, files: map[string]*bytes.Buffer{}}
		var want []string
		synctest.Test(t, func(*testing.T) {
			s.openOn(d, s.files("g-%H%M%S.ndjson", "10s", 0))
			for i := range 40 {
				if i == 30 {
					d.free(1 << 30)
				}
				want = append(want, fmt.Sprint(i))
				s.write(want[i])
				time.Sleep(2 * time.Second)
			}
			s.close()
		})
		var got []string
		for _, n := range s.names() {
			got = append(got, s.read(n)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("room for %d bytes: records (-want +got):\n%s", room, diff)
		}
	}
}

// Any other error ends the run, and names no file as whole.
func TestSyncFails(t *testing.T) {
	s := newShelf(t)
	d := &disk{room: 1 << 30, files: map[string]*bytes.Buffer{}, sync: io.ErrClosedPipe}
	synctest.Test(t, func(*testing.T) {
		s.openOn(d, s.files("g-%H%M%S.ndjson", "1h", 0))
		if err := s.rec.Close(); !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), "is left as it is") {
			t.Errorf("error %v", err)
		}
	})
	if names := s.names(); len(names) != 1 || !strings.HasSuffix(names[0], ".part") {
		t.Errorf("files %v", names)
	}
}

// A directory that is gone is no full disk: the run ends, and says why.
func TestDirectoryGone(t *testing.T) {
	s := newShelf(t)
	synctest.Test(t, func(*testing.T) {
		s.open(s.files("g-%H%M%S.ndjson", "1m", 0))
		s.write("a")
		if err := os.RemoveAll(s.dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := s.rec.Write(&record.Note{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), s.dir) {
			t.Errorf("error %v", err)
		}
		if err := s.rec.Close(); err == nil {
			t.Error("closing is no error")
		}
	})
}
