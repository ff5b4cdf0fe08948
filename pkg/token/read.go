package token

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxFile bounds a tokenizer.json; the largest in use have about 40 MB.
const maxFile = 256 << 20 // bytes

// Read reads a Hugging Face tokenizer.json with a BPE model. Its counts are those
// of Hugging Face's tokenizers with add_special_tokens=false, without the
// truncation and padding that the file may ask for. What it does not know how to
// do as they do is an error that names it. The name is the tokenizer's.
func Read(r io.Reader, name string) (*Tokenizer, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("it is bigger than %d MiB", maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("read tokenizer %s: %w", name, err)
	}
	enc, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer %s: %w", name, err)
	}
	return &Tokenizer{name: name, encoder: enc, words: chooseWords(enc)}, nil
}

// parse reads the parts of a tokenizer.json.
func parse(b []byte) (*pipeline, error) {
	var file struct {
		AddedTokens  []addedToken               `json:"added_tokens"`
		Normalizer   json.RawMessage            `json:"normalizer"`
		PreTokenizer json.RawMessage            `json:"pre_tokenizer"`
		Model        map[string]json.RawMessage `json:"model"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if file.Model == nil {
		return nil, fmt.Errorf("not a tokenizer.json: it has no model")
	}
	p := &pipeline{cache: newCountCache()}
	var err error
	if p.normalizers, err = normalizers(file.Normalizer); err != nil {
		return nil, fmt.Errorf("read the normalizer: %w", err)
	}
	steps, byteLevel, err := preTokenizer(file.PreTokenizer)
	if err != nil {
		return nil, fmt.Errorf("read the pre_tokenizer: %w", err)
	}
	p.steps = steps
	vocab, err := p.readModel(file.Model, byteLevel)
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if err := p.addTokens(file.AddedTokens, vocab); err != nil {
		return nil, err
	}
	return p, nil
}

// addTokens adds the added tokens. A token of the model keeps its number.
func (p *pipeline) addTokens(tokens []addedToken, vocab map[string]int32) error {
	seen := map[string]addedToken{}
	var order []string
	for _, t := range tokens {
		if t.Content == "" {
			continue
		}
		if id, ok := vocab[t.Content]; ok {
			t.ID = id
		}
		if was, ok := seen[t.Content]; ok {
			t.ID = was.ID
		} else {
			order = append(order, t.Content)
		}
		seen[t.Content] = t // the last one's properties hold
	}
	for _, content := range order {
		t, set, spelling := seen[content], &p.raw, content
		if t.Normalized {
			n, err := p.normalize(piece{text: content})
			if err != nil {
				return fmt.Errorf("normalize added token %.40q: %w", content, err)
			}
			if set, spelling = &p.normalized, n.text; spelling == "" {
				continue
			}
		}
		if err := set.add(t, spelling); err != nil {
			return err
		}
	}
	return nil
}
