package join

import (
	"sync/atomic"

	"aiperf/pkg/record"
)

// commonTexts are some of the texts that were seen lately, so that a source or
// a UUID is not made anew for each line. Each has one place, by its hash.
var commonTexts [256]atomic.Pointer[string]

// longestCommon bounds what is kept.
const longestCommon = 256

// commonText is the text of v if it is at hand; else nil.
func commonText(v record.Value) *string {
	s := commonTexts[placeOf(v)].Load()
	if s == nil || len(v) < 2 || v[0] != '"' || string(v[1:len(v)-1]) != *s {
		return nil
	}
	return s
}

// keepText keeps the text of v if that is what v says without escapes.
func keepText(v record.Value, text string) {
	if len(text) <= longestCommon && len(text) == len(v)-2 && string(v[1:len(v)-1]) == text {
		commonTexts[placeOf(v)].Store(&text)
	}
}

func placeOf(v record.Value) uint8 {
	h := uint32(2166136261) // FNV-1a, of the end: beginnings are often the same
	for _, c := range v[max(0, len(v)-12):] {
		h = (h ^ uint32(c)) * 16777619
	}
	return uint8(h>>24 ^ h>>8 ^ h)
}
