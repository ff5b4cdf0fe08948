package token

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const a, b = "0123456789abcdef0123456789abcdef01234567", "fedcba9876543210fedcba9876543210fedcba98"
	repo := "models--acme--small-1.5B/"
	file := &fstest.MapFile{Data: []byte("{}")}
	ref := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, c := range []struct {
		why, model string
		fsys       fstest.MapFS
		want       string
		err        string
	}{
		{"the commit of refs/main", "acme/small-1.5B", fstest.MapFS{repo + "refs/main": ref(a), repo + "snapshots/" + a + "/tokenizer.json": file,
			repo + "snapshots/" + b + "/tokenizer.json": file}, repo + "snapshots/" + a + "/tokenizer.json", ""},
		{"a line end behind the commit", "acme/small-1.5B", fstest.MapFS{repo + "refs/main": ref(a + "\n"), repo + "snapshots/" + a + "/tokenizer.json": file},
			repo + "snapshots/" + a + "/tokenizer.json", ""},
		{"the directory above the cache", "acme/small-1.5B", fstest.MapFS{"hub/" + repo + "refs/main": ref(a), "hub/" + repo + "snapshots/" + a + "/tokenizer.json": file},
			"hub/" + repo + "snapshots/" + a + "/tokenizer.json", ""},
		{"no refs, one snapshot has the file", "acme/small-1.5B", fstest.MapFS{repo + "snapshots/" + a + "/config.json": file, repo + "snapshots/" + b + "/tokenizer.json": file},
			repo + "snapshots/" + b + "/tokenizer.json", ""},
		{"no refs, two snapshots", "acme/small-1.5B", fstest.MapFS{repo + "snapshots/" + a + "/tokenizer.json": file, repo + "snapshots/" + b + "/tokenizer.json": file},
			"", "more than one"},
		{"models by name", "acme/small-1.5B", fstest.MapFS{"acme/small-1.5B/tokenizer.json": file}, "acme/small-1.5B/tokenizer.json", ""},
		{"a model without an organization", "gpt2", fstest.MapFS{"models--gpt2/refs/main": ref(a), "models--gpt2/snapshots/" + a + "/tokenizer.json": file},
			"models--gpt2/snapshots/" + a + "/tokenizer.json", ""},
		{"nothing", "acme/small-1.5B", fstest.MapFS{}, "", "find the tokenizer of acme/small-1.5B: neither"},
		{"a commit without the file", "acme/small-1.5B", fstest.MapFS{repo + "refs/main": ref(a)}, "", "file does not exist"},
		{"a reference that leads elsewhere", "acme/small-1.5B", fstest.MapFS{repo + "refs/main": ref("../../../../etc")}, "", "want a commit"},
		{"a directory of that name", "acme/small-1.5B", fstest.MapFS{"acme/small-1.5B/tokenizer.json/x": file}, "", "file does not exist"},
		{"up and out", "../acme", nil, "", "not a model's name"},
		{"up and out in the middle", "acme/..", nil, "", "not a model's name"},
		{"from the root", "/etc", nil, "", "not a model's name"},
		{"three parts", "a/b/c", nil, "", "not a model's name"},
		{"another model's directory", "a--b", nil, "", "not a model's name"},
		{"a backslash", `a\b`, nil, "", "not a model's name"},
		{"a NUL", "a\x00", nil, "", "not a model's name"},
		{"nothing asked", "", nil, "", "not a model's name"},
		{"a long name", strings.Repeat("a", 300), nil, "", "not a model's name"},
	} {
		got, err := Find(c.fsys, c.model)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: Find(%q) = %q, %v, want %q, %q", c.why, c.model, got, err, c.want, c.err)
		}
	}
	if _, err := Find(fstest.MapFS{}, "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

// TestFindFollowsTheCachesLinks has the layout that the cache has on a disk.
func TestFindFollowsTheCachesLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	repo := filepath.Join(dir, "models--acme--tiny")
	for _, d := range []string{"blobs", "refs", "snapshots/abc123"} {
		if err := os.MkdirAll(filepath.Join(repo, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string]string{"blobs/f00": "{}", "refs/main": "abc123"} {
		if err := os.WriteFile(filepath.Join(repo, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../blobs/f00", filepath.Join(repo, "snapshots/abc123/tokenizer.json")); err != nil {
		t.Skip(err) // a file system without symbolic links
	}
	got, err := Find(os.DirFS(dir), "acme/tiny")
	if want := "models--acme--tiny/snapshots/abc123/tokenizer.json"; got != want || err != nil {
		t.Errorf("Find = %q, %v, want %q", got, err, want)
	}
}
