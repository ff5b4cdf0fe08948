package prompt

import (
	"strings"
	"testing"
)

// seekable and piped are datasets of these lines.
func lineDataset(t Type, lines ...string) Dataset {
	text := strings.Join(lines, "\n")
	return Dataset{Type: t, Tokenizer: words{}, Files: []File{{Name: "f", At: strings.NewReader(text), Size: int64(len(text))}}}
}

func pipedDataset(t Type, lines ...string) Dataset {
	return Dataset{Type: t, Tokenizer: words{}, Files: []File{{Name: "f", Reader: strings.NewReader(strings.Join(lines, "\n"))}}}
}

func TestX(t *testing.T) {
	all, bad, err := take(5, lineDataset(SingleTurn, `{"text":"a b"}`, ``, `{"text":3}`, `{"text":"c","session_id":"x"}`, `{"text":"d"}`, `{"text":"e","session_id":"x"}`).Source())
	t.Logf("%+v\n%q %v", all, bad, err)
}
