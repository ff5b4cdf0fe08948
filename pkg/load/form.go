package load

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// boundary stands between the parts of a form. A body in which it occurs is not
// one that a benchmark sends by chance.
const boundary = "aiperf-load-7MA4YWxkTrZu0gW"

// formType is the content type of a form.
const formType = "multipart/form-data"

// form makes of a JSON object the form that has its keys: texts as they are,
// other values as JSON.
func form(b, object []byte) ([]byte, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(object, &keys); err != nil {
		return b, fmt.Errorf("make a form of the body: %w", err)
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		b = append(b, "--"+boundary+"\r\nContent-Disposition: form-data; name="...)
		b = append(b, fmt.Sprintf("%q\r\n\r\n", k)...)
		var text string
		if json.Unmarshal(keys[k], &text) == nil {
			b = append(b, text...)
		} else {
			b = append(b, keys[k]...)
		}
		b = append(b, "\r\n"...)
	}
	return append(b, "--"+boundary+"--\r\n"...), nil
}
