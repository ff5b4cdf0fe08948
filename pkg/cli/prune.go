package cli

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aiperf/pkg/record"
)

// entries are the plain files of the pattern, oldest first; with the given
// suffix behind their names.
func (p *namePattern) entries(suffix string) ([]fs.FileInfo, error) {
	all, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, err
	}
	var files []fs.FileInfo
	for _, e := range all {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !p.match.MatchString(name) || !e.Type().IsRegular() {
			continue
		}
		if s, err := e.Info(); err == nil { // it may have been removed meanwhile
			files = append(files, s)
		}
	}
	slices.SortStableFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	return files, nil
}

// prune removes the oldest finished files above the number to keep.
func (r *Records) prune() {
	if r.files.Max == 0 {
		return
	}
	files, err := r.pattern.entries("")
	for i := 0; err == nil && i < len(files)-r.files.Max; i++ {
		err = os.Remove(filepath.Join(r.pattern.dir, files[i].Name()))
	}
	if err != nil {
		r.tell(&record.Note{Level: record.Warning, Code: NotPruned, Message: fmt.Sprintf("an old file cannot be removed: %v", err)})
	}
}

// report tells of files of runs that did not end. They are kept: each is a
// stream that breaks off, and can be read.
func (r *Records) report() error {
	files, err := r.pattern.entries(part)
	if err != nil {
		return err
	}
	const most = 5 // names in a note
	var names []string
	n := 0
	for _, f := range files {
		if name := filepath.Join(r.pattern.dir, f.Name()); name != r.file.path {
			if n++; len(names) < most {
				names = append(names, name)
			}
		}
	}
	if n == 0 {
		return nil
	}
	note := &record.Note{Run: r.run.Run, Level: record.Warning, Code: LeftOver,
		Message: fmt.Sprintf("%d files of runs that did not end are kept, and can be read as far as they go: %s", n, listed(names, n))}
	r.tell(note)
	return r.stamp(note, r.files.Now())
}

// listed names some of n.
func listed(names []string, n int) string {
	text := strings.Join(names, ", ")
	if more := n - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
