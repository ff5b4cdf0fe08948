package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/pflag"
)

func TestExit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code int
		want string
	}{
		{nil, Done, ""},
		{errors.New("it broke"), Failed, "x: error: it broke\n"},
		{Usagef("--a is wrong"), Misused, "x: error: --a is wrong\n"},
		{Verdictf("too slow"), Refused, "x: error: too slow\n"},
		{Hint(Usagef("--a is wrong"), "try %s", "--b"), Misused, "x: error: --a is wrong\nx: hint: try --b\n"},
		{fmt.Errorf("wrapped: %w", Hint(Usagef("no"), "yes")), Misused, "x: error: wrapped: no\nx: hint: yes\n"},
	} {
		var b strings.Builder
		env := &Env{Name: "x", Stderr: &b}
		if code := env.Exit(c.err); code != c.code || b.String() != c.want {
			t.Errorf("Exit(%v) = %d and %q, want %d and %q", c.err, code, b.String(), c.code, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const doc = "// X does it.\n//\n//\tx FILE\n//\n// # Flags\n//\n// # Example\n//\n//\tx a | y\npackage x\n"
	for _, c := range []struct {
		args   string
		code   int
		stdout string // a part of it
		stderr string
	}{
		{"--n 3", -1, "", ""},
		{"-h", Done, "X does it.\n\n\tx FILE\n\nFLAGS\n\n  ", ""},
		{"--help", Done, "show this manual\n", ""},
		{"--version", Done, "x ", ""},
		{"--nope", Misused, "", "x: error: unknown flag: --nope\nx: hint: x --help lists the flags\n"},
		{"--n three", Misused, "", `x: error: invalid argument "three" for "--n" flag`},
	} {
		var out, talk strings.Builder
		env := &Env{Name: "x", Args: strings.Fields(c.args), Stdout: &out, Stderr: &talk}
		f := pflag.NewFlagSet("x", pflag.ContinueOnError)
		n := f.Int("n", 0, "a number")
		err := env.Parse(f, doc)
		if c.code < 0 {
			if err != nil || *n != 3 {
				t.Errorf("x %s: %v, n = %d", c.args, err, *n)
			}
			continue
		}
		if code := env.Exit(err); err == nil || code != c.code || !strings.Contains(out.String(), c.stdout) || !strings.HasPrefix(talk.String(), c.stderr) {
			t.Errorf("x %s: error %v, code %d, stdout:\n%sstderr:\n%s", c.args, err, code, &out, &talk)
		}
	}
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func zs(s string) string {
	z, _ := zstd.NewWriter(nil)
	return string(z.EncodeAll([]byte(s), nil))
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want, err string }{
		{"nothing", "", "", ""},
		{"plain", "hello\n", "hello\n", ""},
		{"one byte", "h", "h", ""},
		{"gzip", gz("hello"), "hello", ""},
		{"gzip, two members", gz("hel") + gz("lo"), "hello", ""},
		{"zstd", zs("hello"), "hello", ""},
		{"zstd, two frames", zs("hel") + zs("lo"), "hello", ""},
		{"what only begins like zstd", "\x28\xb5x", "\x28\xb5x", ""},
		{"gzip cut in its header", gz("hello")[:5], "", "unexpected EOF"},
		{"gzip cut in its end", gz("hello")[:len(gz("hello"))-4], "hello", "unexpected EOF"},
		{"gzip of something else", "\x1f\x8bxxxxxxxxxxxxxxx", "", "gzip: invalid header"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := io.ReadAll(Decompress(r))
			message := ""
			if err != nil {
				message = err.Error()
			}
			if string(got) != c.want || message != c.err {
				t.Errorf("%s: %q, %v; want %q, %s", c.why, got, err, c.want, c.err)
			}
		}
	}
}

// A line of a pipe that is still being written comes through at once.
func TestDecompressDoesNotHoldBack(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	go w.Write([]byte("ab\n"))
	b := make([]byte, 100)
	if n, err := Decompress(r).Read(b); string(b[:n]) != "ab\n" || err != nil {
		t.Errorf("Read = %q, %v", b[:n], err)
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add([]byte(gz("a")))
	f.Add([]byte(zs("a")))
	f.Fuzz(func(t *testing.T, in []byte) {
		io.Copy(io.Discard, io.LimitReader(Decompress(bytes.NewReader(in)), 1<<24))
	})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	env := &Env{Name: "x", Stdout: new(strings.Builder)}
	for _, name := range []string{"a", "a.gz", "a.zst"} {
		w, err := env.Create(path(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path(name)); err == nil {
			t.Errorf("%s is there before the first write", name)
		}
		io.WriteString(w, "hello\n")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Close(); name != "a" && err != nil {
			t.Errorf("closing %s again: %v", name, err)
		}
		r, err := env.Open(path(name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "hello\n" || err != nil {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
		r.Close()
	}
	raw, _ := os.ReadFile(path("a.zst"))
	if !bytes.HasPrefix(raw, zstdMagic) {
		t.Errorf("a.zst begins with % x", raw[:4])
	}
	empty, _ := env.Create(path("none.zst"))
	if err := empty.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path("none.zst")); err == nil {
		t.Error("a file that nothing was written to is there")
	}
	for why, f := range map[string]func() error{
		"a directory as output": func() error { _, err := env.Create(dir); return err },
		"an input as output":    func() error { _, err := env.Create(path("a"), "-", path("a")); return err },
		"a directory as input":  func() error { _, err := env.Open(dir); return err },
		"an input that is not":  func() error { _, err := env.Open(path("nothing")); return err },
		"an output nowhere": func() error {
			w, _ := env.Create(path("no/such/dir"))
			_, err := io.WriteString(w, "x")
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want one with the name", why, err)
		}
	}
	w, _ := env.Create("-")
	io.WriteString(w, "out")
	if env.Stdout.(*strings.Builder).String() != "out" {
		t.Error(`"-" is not standard output`)
	}
}

// memory is a file whose bytes can be read while it is being written.
type memory struct {
	mu     sync.Mutex
	b      []byte
	closed int
}

func (m *memory) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.b = append(m.b, b...)
	return len(b), nil
}

func (m *memory) Close() error { m.closed++; return nil }

func (m *memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.b)
}

// What has been written can be read from the file a second later, though
// nobody closed or flushed anything: a killed process loses no more.
func TestCompressedOutputIsFlushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		z, err := zstd.NewWriter(&m, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		f := newFlusher(z, &m, time.Second)
		for i := range 3 {
			fmt.Fprintf(f, "line %d\n", i)
			time.Sleep(time.Second)
			synctest.Wait()
			got, err := io.ReadAll(Decompress(strings.NewReader(m.String())))
			var want strings.Builder
			for j := range i + 1 {
				want.WriteString(fmt.Sprintf("line %d\n", j))
			}
			if string(got) != want.String() || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("after %d lines the file gives %q, %v", i+1, got, err)
			}
		}
		if err := f.Close(); err != nil || m.closed != 1 {
			t.Errorf("Close: %v, file closed %d times", err, m.closed)
		}
		if got, err := io.ReadAll(Decompress(strings.NewReader(m.String()))); string(got) != "line 0\nline 1\nline 2\n" || err != nil {
			t.Errorf("closed, the file gives %q, %v", got, err)
		}
	})
}

func TestBuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		b := Buffered(&m, 100*time.Millisecond)
		io.WriteString(b, "a")
		if m.String() != "" {
			t.Error("it does not collect")
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if m.String() != "a" {
			t.Errorf("100 ms later %q is through", m.String())
		}
		io.WriteString(b, "b")
		if err := b.Close(); err != nil || m.String() != "ab" || m.closed != 1 {
			t.Errorf("closed: %v, %q, %d", err, m.String(), m.closed)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
func (full) Close() error              { return nil }

// An error of a flush behind the caller's back is not lost.
func TestFlushErrorsComeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Buffered(full{}, time.Second)
		if _, err := io.WriteString(b, "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if _, err := io.WriteString(b, "b"); err == nil {
			t.Error("the next write does not say that the disk is full")
		}
		if err := b.Close(); err == nil {
			t.Error("Close does not say that the disk is full")
		}
	})
}
