package prompt

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// few is a tokenizer that makes no long text.
type few struct{ words }

func (f few) Text(n int, rng *rand.Rand) (string, error) {
	if n > 2000 {
		return "", errors.New("too much text")
	}
	return f.words.Text(n, rng)
}

// fuzz checks, of any bytes, that a file and a pipe of them are the same
// conversations and errors, and a shuffled file the same in another order.
func fuzz(f *testing.F, t Type) {
	for _, c := range rowTests {
		if c.t == t {
			f.Add([]byte(c.line + "\n" + c.line))
		}
	}
	for _, c := range badRowTests {
		if c.t == t {
			f.Add([]byte(c.line + "\n"))
		}
	}
	f.Fuzz(func(t2 *testing.T, data []byte) { fuzzOne(t2, t, data) })
}

func fuzzOne(t *testing.T, typ Type, data []byte) {
	d := Dataset{Type: typ, Tokenizer: few{}, Once: true, AnyLength: true}
	run := func(f File, sampling string) ([]Conversation, []string, error) {
		d.Files, d.Sampling = []File{f}, sampling
		all, bad, err := take(1<<20, d.Source())
		slices.Sort(bad)
		return all, bad, err
	}
	seekable := File{Name: "f", At: bytes.NewReader(data), Size: int64(len(data))}
	want, wantBad, wantErr := run(seekable, "")
	got, bad, err := run(File{Name: "f", Reader: iotest.HalfReader(bytes.NewReader(data))}, "")
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("a pipe differs from a file (-file +pipe):\n%s", d)
	}
	if wantErr == nil && err == nil && !slices.Equal(wantBad, bad) {
		t.Fatalf("bad rows of a file %q, of a pipe %q", wantBad, bad)
	}
	if (wantErr == nil) != (err == nil) {
		t.Fatalf("error of a file %v, of a pipe %v", wantErr, err)
	}
	for i, c := range want {
		if c.Index != i || len(c.Turns) == 0 || c.ID == "" {
			t.Fatalf("conversation %d is %+v", i, c)
		}
	}
	if wantErr != nil {
		return
	}
	mixed, bad, err := run(seekable, "shuffle")
	if err != nil || len(mixed) != len(want) || !slices.Equal(wantBad, bad) {
		t.Fatalf("shuffled: %d conversations, bad rows %q, error %v; in order %d and %q", len(mixed), bad, err, len(want), wantBad)
	}
	texts := func(all []Conversation) (s []string) {
		for _, c := range all {
			s = append(s, c.ID+textOf(c))
		}
		slices.Sort(s)
		return s
	}
	if !slices.Equal(texts(want), texts(mixed)) {
		t.Fatal("shuffled: other conversations")
	}
}

func FuzzSingleTurn(f *testing.F) {
	f.Add([]byte(strings.Join([]string{`{"text":"a"}`, `{"text":"b1","session_id":"b"}`, ``, `{"text":"c1","session_id":""}`, `{"text":"b2","session_id":"b"}`}, "\r\n")))
	fuzz(f, SingleTurn)
}

func FuzzMultiTurn(f *testing.F)  { fuzz(f, MultiTurn) }
func FuzzMooncake(f *testing.F)   { fuzz(f, Mooncake) }
func FuzzRawPayload(f *testing.F) { fuzz(f, RawPayload) }

func FuzzInputsJSON(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbf" + ` { "x" : {"data":[1]} , "y":3,"data" : [ {"session_id":"a","payloads":[{"a":1}]} , 1, "x]", {} ] } `))
	fuzz(f, InputsJSON)
}

func FuzzShareGPT(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbf" + ` [ {"conversations":[{"value":"a"},{"value":"b"}]} , 1 , tru ] x`))
	fuzz(f, ShareGPT)
}

func FuzzBurstGPT(f *testing.F) {
	f.Add([]byte("\n\nTimestamp,Model,Request tokens,Response tokens\n1,m,2,3\n\"2\",\"a,b\",3,4\n3,\"x,4,5\n"))
	fuzz(f, BurstGPT)
}

// A type that is detected can be read: no more than its rows are bad.
func FuzzDetect(f *testing.F) {
	for _, c := range rowTests {
		f.Add([]byte(c.line))
	}
	f.Add([]byte("Timestamp,Request tokens,Response tokens\n1,2,3\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Dataset{Files: []File{{Reader: bytes.NewReader(data)}}}
		if _, err := d.Detect(); (err == nil) != (d.Type != unknownType) {
			t.Fatalf("type %q beside error %v", d.Type, err)
		}
		if d.Type != unknownType && d.Type != RandomPool {
			fuzzOne(t, d.Type, data)
		}
	})
}
