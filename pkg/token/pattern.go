package token

import (
	"fmt"

	"github.com/dlclark/regexp2/v2"
)

// The patterns that common vocabularies have, and the scanners that do the same.
const (
	patternQwen   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	patternLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	patternGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	patternO200K  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

var scanners = map[string]scanner{
	patternQwen:   scanCL100K(1),
	patternLlama3: scanCL100K(3),
	patternGPT2:   scanGPT2,
	patternO200K:  scanO200K,
}

// compile reads a regular expression as a tokenizer.json has it.
func compile(expr string) (pattern, error) {
	if scan, ok := scanners[expr]; ok {
		return scan.pattern, nil
	}
	re, err := compileRegexp(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern %.200q: %w", expr, err)
	}
	return expression(re, matchTime), nil
}

func compileRegexp(expr string) (*regexp2.Regexp, error) {
	net, err := translate(expr)
	if err != nil {
		return nil, err
	}
	return regexp2.Compile(net, regexp2.Multiline, regexp2.OptionMaxBacktrackingStackSize(matchStack))
}
