package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"aiperf/pkg/record"
	"aiperf/pkg/report"

	"github.com/google/go-cmp/cmp"
)

// A picture is drawn at every interval; one that takes long to draw makes the
// next one wait for ten times as long.
func TestPicturesTakeATenthOfTheTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		draw time.Duration
		want []time.Duration // when pictures begin
	}{
		{"quick ones come at every interval", 10 * time.Millisecond, []time.Duration{2e9, 4e9, 6e9, 8e9, 10e9}},
		{"slow ones leave nine tenths of the time to others", 500 * time.Millisecond, []time.Duration{2e9, 7e9}},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var got []time.Duration
			var b report.Builder
			b.Watch()
			v := &viewer{b: &b, show: func(*report.Live) {
				got = append(got, time.Since(began))
				time.Sleep(c.draw)
			}}
			done := make(chan error)
			oops := errors.New("oops")
			go func() {
				time.Sleep(11 * time.Second)
				done <- oops
			}()
			if err := v.run(done, 2*time.Second); err != oops {
				t.Errorf("%s: error %v, want that of reading", c.why, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: pictures (-want +got):\n%s", c.why, diff)
			}
		})
	}
}

// The clock of the records goes on while none comes.
func TestClockGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b report.Builder
		b.Watch()
		v := &viewer{b: &b}
		at := record.Time(1e18)
		raw := []byte(`{"time":"2001-09-09T01:46:40.000000000Z","type":"x","v":1}`)
		if err := v.add(record.Line{Header: record.Header{Time: at, Type: "x", V: 1}, Raw: raw}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if got := v.stand(time.Now()).Now; got != at.Add(3) {
			t.Errorf("3 s after the record of %v it is %v", at, got)
		}
	})
}

// A file is read on as it grows, even if it is not there at first, until what
// has begun has ended and nothing more comes.
func TestFollow(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f")
	synctest.Test(t, func(t *testing.T) {
		end := new(atEnd)
		f := &follower{ctx: t.Context(), name: name, end: end}
		defer f.Close()
		write := func(s string) {
			file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			file.WriteString(s)
			file.Close()
		}
		began := time.Now()
		go func() {
			time.Sleep(time.Second)
			write("one ")
			time.Sleep(time.Minute)
			write("two ")
			end.add(record.Line{Header: record.Header{Type: record.TypeRun}})
			end.add(record.Line{Header: record.Header{Type: record.TypeEnd}})
			time.Sleep(2 * poll)
			write("three")
		}()
		got, err := io.ReadAll(f)
		if err != nil || string(got) != "one two three" {
			t.Errorf("read %q and %v", got, err)
		}
		if took := time.Since(began); took < time.Minute || took > time.Minute+2*time.Second {
			t.Errorf("it was over after %v", took)
		}
	})
}

func TestFollowIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, stop)
		got, err := io.ReadAll(&follower{ctx: ctx, name: filepath.Join("no", "such", "file"), end: new(atEnd)})
		if err != nil || len(got) > 0 {
			t.Errorf("read %q and %v", got, err)
		}
	})
}
