package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkMergeDuckDB is aiperf-merge, with the shares of energy that it adds
// to requests, beside DuckDB, which joins each request with the latest reading
// at or before its start; both from zstd files to a zstd file. AIPERF_DUCKDB
// is a Python that has DuckDB; without it only the merge is measured.
// AIPERF_REQUESTS is the length of the run, 100,000 requests if it is not set.
//
//	make bench-duckdb
func BenchmarkMergeDuckDB(b *testing.B) {
	n := 100_000
	if s := os.Getenv("AIPERF_REQUESTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			b.Fatalf("AIPERF_REQUESTS=%s is no number of requests", s)
		}
	}
	python := os.Getenv("AIPERF_DUCKDB")
	dir, err := bin()
	if err != nil {
		b.Fatal(err)
	}
	work := b.TempDir()
	load, gpu := streamPair(b, work, n)
	merged, joined := filepath.Join(work, "merged.ndjson.zst"), filepath.Join(work, "joined.ndjson.zst")
	var ours, theirs usages
	for b.Loop() {
		ours.add(mustMeasure(b, filepath.Join(dir, "aiperf-merge"), "-q", "-o", merged, load, gpu))
		if python != "" {
			theirs.add(mustMeasure(b, python, "../tools/duckdb/asof.py", load, gpu, joined))
		}
	}
	ours.report(b, "merge")
	if python != "" {
		theirs.report(b, "duckdb")
	}
}

// usages are those of several runs.
type usages struct{ cpu, wall, peak []float64 }

func (u *usages) add(x usage) {
	u.cpu = append(u.cpu, x.cpu.Seconds())
	u.wall = append(u.wall, x.wall.Seconds())
	u.peak = append(u.peak, float64(x.peak)/(1<<20))
}

func (u *usages) report(b *testing.B, name string) {
	metric(b, median(u.wall), name+"-s")
	metric(b, median(u.cpu), name+"-cpu-s")
	metric(b, median(u.peak), name+"-MiB")
}

// BenchmarkMergeSort is the CPU time of merging two plain streams into a file
// beside sort -m, which compares bytes and checks nothing: of a merge that
// changes no line (--no-attribute), and of one that would if there were both
// requests and readings.
//
//	go test -run '^$' -bench MergeSort -benchtime 1x ./cmd
func BenchmarkMergeSort(b *testing.B) {
	if _, err := exec.LookPath("sort"); err != nil {
		b.Skip(err)
	}
	dir, err := bin()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		lines string
		make  func(name, run string)
	}{
		{"requests-200-gaps", func(name, run string) { makeLoad(b, name, run, 50_000, 200) }},
		{"requests-no-gaps", func(name, run string) { makeLoad(b, name, run, 200_000, 0) }},
		{"gpu", func(name, run string) { makeGPU(b, name, run, 4_000) }},
	} {
		b.Run("lines="+c.lines, func(b *testing.B) {
			work := b.TempDir()
			var files []string
			for _, run := range []string{"a", "bb"} {
				files = append(files, filepath.Join(work, run))
				c.make(files[len(files)-1], run)
			}
			out := filepath.Join(work, "out")
			merge, sort := filepath.Join(dir, "aiperf-merge"), []string{"LC_ALL=C", "sort", "-m", "--parallel=1", "-o", out}
			var plain, full, theirs usages
			for b.Loop() {
				for range rounds {
					plain.add(mustMeasure(b, merge, append([]string{"-q", "--no-attribute", "-o", out}, files...)...))
					full.add(mustMeasure(b, merge, append([]string{"-q", "-o", out}, files...)...))
					theirs.add(mustMeasure(b, "env", append(sort, files...)...))
				}
			}
			metric(b, median(plain.cpu), "merge-cpu-s")
			metric(b, median(full.cpu), "merge-attribute-cpu-s")
			metric(b, median(theirs.cpu), "sort-cpu-s")
			metric(b, median(plain.cpu)/median(theirs.cpu), "merge/sort")
			metric(b, median(full.cpu)/median(theirs.cpu), "merge-attribute/sort")
			sameBytes(b, dir, files)
		})
	}
}

// sameBytes holds the two to the same output.
func sameBytes(b *testing.B, dir string, files []string) {
	command := fmt.Sprintf(`"%s/aiperf-merge" -q "$@" >"$1.merged" && LC_ALL=C sort -m "$@" | cmp - "$1.merged"`, dir)
	if out, err := exec.Command("sh", append([]string{"-c", command, "sh"}, files...)...).CombinedOutput(); err != nil {
		b.Fatalf("the merge and sort -m differ: %v\n%s", err, out)
	}
}
