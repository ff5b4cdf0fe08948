package token

import (
	"unicode"
	"unicode/utf8"
)

// The scanners below find what the split patterns of common vocabularies find, by
// hand: without backtracking, so in time linear in the text, and many times
// faster. A scanner's matches cover the whole text.

// Classes of characters in split patterns, as bits.
const (
	isLetter = 1 << iota // \p{L}
	isNumber             // \p{N}
	isSpace              // \s
	isBreak              // \r or \n
	isUpper              // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
	isLower              // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
)

const isWordPart = isLetter | isNumber | isSpace

var asciiClass = func() (t [utf8.RuneSelf]uint8) {
	for i := range t {
		t[i] = classOf(rune(i))
	}
	return t
}()

func classOf(r rune) (c uint8) {
	switch {
	case unicode.IsLetter(r):
		c = isLetter
		if !unicode.Is(unicode.Ll, r) {
			c |= isUpper
		}
		if !unicode.Is(unicode.Lu, r) && !unicode.Is(unicode.Lt, r) {
			c |= isLower
		}
	case unicode.IsNumber(r):
		c = isNumber
	case unicode.IsSpace(r):
		c = isSpace
		if r == '\r' || r == '\n' {
			c |= isBreak
		}
	case unicode.IsMark(r), unicode.Is(newerMark, r):
		c = isUpper | isLower
	case unicode.Is(newerNumber, r):
		c = isNumber
	case unicode.Is(newerUpper, r):
		c = isLetter | isUpper
	case unicode.Is(newerLower, r):
		c = isLetter | isLower
	case unicode.Is(newerOther, r):
		c = isLetter | isUpper | isLower
	}
	return c
}

// class is that of the character at s[i:] and its size; 0, 0 at the end.
func class(s string, i int) (uint8, int) {
	if i >= len(s) {
		return 0, 0
	}
	if s[i] < utf8.RuneSelf {
		return asciiClass[s[i]], 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	return classOf(r), size
}

// run is the end of the characters from s[i:] on that have one of the classes.
func run(s string, i int, classes uint8) int {
	for {
		c, size := class(s, i)
		if c&classes == 0 {
			return i
		}
		i += size
	}
}

// others is the end of the characters from s[i:] on that have none of the classes.
func others(s string, i int, classes uint8) int {
	for {
		c, size := class(s, i)
		if size == 0 || c&classes != 0 {
			return i
		}
		i += size
	}
}

// limited is the end of at most n numbers.
func limited(s string, i, n int) int {
	for range n {
		c, size := class(s, i)
		if c&isNumber == 0 {
			break
		}
		i += size
	}
	return i
}

// contraction is the end of 's 't 're 've 'm 'll 'd at s[i:], or i.
func contraction(s string, i int, anyCase bool) int {
	if i+1 >= len(s) || s[i] != '\'' {
		return i
	}
	at := func(j int) byte {
		if j >= len(s) {
			return 0
		}
		if anyCase && 'A' <= s[j] && s[j] <= 'Z' {
			return s[j] + 'a' - 'A'
		}
		return s[j]
	}
	switch a, b := at(i+1), at(i+2); {
	case a == 's', a == 't', a == 'm', a == 'd':
		return i + 2
	case (a == 'r' || a == 'v') && b == 'e', a == 'l' && b == 'l':
		return i + 3
	case anyCase && a == 0xC5 && b == 0xBF: // ſ, which is an s to those who ignore case
		return i + 3
	}
	return i
}

// space is the end of white space: \s*[\r\n]+ (if breaks), \s+(?!\S) or \s+.
func space(s string, i int, breaks bool) int {
	end, last, afterBreak := i, i, -1
	for {
		c, size := class(s, end)
		if c&isSpace == 0 {
			break
		}
		last, end = end, end+size
		if c&isBreak != 0 {
			afterBreak = end
		}
	}
	if breaks && afterBreak >= 0 {
		return afterBreak
	}
	if end < len(s) && last > i {
		return last // the last one goes with the word behind it
	}
	return end
}

// scanGPT2 is 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func scanGPT2(s string, i int) int {
	if end := contraction(s, i, false); end > i {
		return end
	}
	start := i
	if s[i] == ' ' {
		start++
	}
	for _, classes := range [...]uint8{isLetter, isNumber} {
		if end := run(s, start, classes); end > start {
			return end
		}
	}
	if end := others(s, start, isWordPart); end > start {
		return end
	}
	return space(s, i, false)
}

// scanCL100K is the pattern of cl100k_base as Hugging Face files spell it, with up
// to digits numbers in a piece: three for Llama 3, one for Qwen.
func scanCL100K(digits int) scanner {
	return func(s string, i int) int {
		if end := contraction(s, i, true); end > i {
			return end
		}
		c, size := class(s, i)
		start := i
		if c&(isBreak|isLetter|isNumber) == 0 {
			start += size
		}
		if end := run(s, start, isLetter); end > start {
			return end
		}
		return numbersAndRest(s, i, digits, "")
	}
}

// numbersAndRest is \p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n…]*|\s*[\r\n]+|\s+(?!\S)|\s+
// where … is one more byte, or none.
func numbersAndRest(s string, i, digits int, more string) int {
	if end := limited(s, i, digits); end > i {
		return end
	}
	start := i
	if s[i] == ' ' {
		start++
	}
	if end := others(s, start, isWordPart); end > start {
		for end < len(s) && (s[end] == '\r' || s[end] == '\n' || more != "" && s[end] == more[0]) {
			end++
		}
		return end
	}
	return space(s, i, true)
}

// scanO200K is the pattern of o200k_base.
func scanO200K(s string, i int) int {
	c, size := class(s, i)
	starts := [2]int{i, i}
	if c&(isBreak|isLetter|isNumber) == 0 {
		starts[0] += size
	}
	for _, start := range starts {
		if end := upperThenLower(s, start); end > start {
			return contraction(s, end, true)
		}
	}
	for _, start := range starts {
		if end := run(s, start, isUpper); end > start {
			return contraction(s, run(s, end, isLower), true)
		}
	}
	return numbersAndRest(s, i, 3, "/")
}

// upperThenLower is the end of [upper]*[lower]+ at s[i:], or i.
func upperThenLower(s string, i int) int {
	end, both := i, i
	for {
		c, size := class(s, end)
		if c&isUpper == 0 {
			break
		}
		end += size
		if c&isLower != 0 {
			both = end
		}
	}
	if low := run(s, end, isLower); low > end {
		return low
	}
	return both // the last of the upper ones that is also a lower one, if any
}
