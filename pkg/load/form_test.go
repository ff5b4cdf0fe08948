package load

import (
	"bytes"
	"mime"
	"mime/multipart"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A form can be read by whoever reads forms, and has in it what the object has.
func TestForm(t *testing.T) {
	t.Parallel()
	b, err := form(nil, []byte(`{"model":"m","n":2,"stream":false,"prompt":"two\nlines \"quoted\"","messages":[{"role":"user"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(contentType(formType))
	if err != nil {
		t.Fatal(err)
	}
	read, err := multipart.NewReader(bytes.NewReader(b), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"model": {"m"}, "n": {"2"}, "stream": {"false"}, "prompt": {"two\nlines \"quoted\""}, "messages": {`[{"role":"user"}]`},
	}
	if diff := cmp.Diff(want, read.Value); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := form(nil, []byte(`[1]`)); err == nil {
		t.Error("an array was made a form")
	}
}
