package token

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Find is the path of a model's tokenizer.json in fsys, for a model ORG/NAME, or
// NAME. Looked at are, in this order,
//
//	models--ORG--NAME/snapshots/COMMIT/tokenizer.json   fsys is a Hugging Face cache,
//	hub/models--ORG--NAME/…                             or the directory it is in
//	ORG/NAME/tokenizer.json                             fsys has models by name
//
// where COMMIT is what refs/main says or, without that, the only snapshot that has
// the file. The error is fs.ErrNotExist if there is none. The cache's symbolic
// links are for fsys to follow, as os.DirFS does; no model's name leads out of it.
func Find(fsys fs.FS, model string) (string, error) {
	if err := checkModel(model); err != nil {
		return "", err
	}
	repo := "models--" + strings.ReplaceAll(model, "/", "--")
	for _, dir := range []string{repo, "hub/" + repo} {
		name, err := findSnapshot(fsys, dir)
		if !errors.Is(err, fs.ErrNotExist) {
			return name, wrapFind(model, err)
		}
	}
	name := path.Join(model, "tokenizer.json")
	if isFile(fsys, name) {
		return name, nil
	}
	return "", wrapFind(model, fmt.Errorf("neither %s/snapshots/…/tokenizer.json nor %s: %w", repo, name, fs.ErrNotExist))
}

func wrapFind(model string, err error) error {
	if err != nil {
		return fmt.Errorf("find the tokenizer of %s: %w", model, err)
	}
	return nil
}

// checkModel allows what Hugging Face allows: letters, digits, and - _ . inside
// of a name, but not -- or .. there.
func checkModel(model string) error {
	parts := strings.Split(model, "/")
	ok := len(parts) <= 2 && len(model) <= 200
	for _, p := range parts {
		ok = ok && p != "" && strings.Trim(p, "-.") == p && !strings.Contains(p, "--") && !strings.Contains(p, "..")
	}
	ok = ok && !strings.ContainsFunc(model, func(r rune) bool {
		return !strings.ContainsRune("-_./", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if !ok {
		return fmt.Errorf("%.80q is not a model's name: want ORG/NAME of letters, digits, '-', '_' and '.'", model)
	}
	return nil
}

// findSnapshot looks in the cache's directory of a model.
func findSnapshot(fsys fs.FS, dir string) (string, error) {
	commit, err := readRef(fsys, dir+"/refs/main")
	if err == nil {
		name := dir + "/snapshots/" + commit + "/tokenizer.json"
		if !isFile(fsys, name) {
			return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return name, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	entries, err := fs.ReadDir(fsys, dir+"/snapshots")
	if err != nil {
		return "", err
	}
	found := ""
	for _, e := range entries {
		name := dir + "/snapshots/" + e.Name() + "/tokenizer.json"
		if !isFile(fsys, name) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%s/snapshots has more than one tokenizer.json, and no refs/main says which one to take", dir)
		}
		found = name
	}
	if found == "" {
		return "", fmt.Errorf("%s/snapshots/…/tokenizer.json: %w", dir, fs.ErrNotExist)
	}
	return found, nil
}

// readRef reads the name of a commit.
func readRef(fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 128))
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(b))
	if commit == "" || strings.Trim(commit, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%s has %.60q: want a commit", name, commit)
	}
	return commit, nil
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}
