package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type token uint8

const (
	end    token = iota
	word         // a name, with its path
	num          // a number, with its unit
	str          // a string
	symbol       // an operator or parenthesis
	keyword
)

// A lexeme is a token with its place and meaning.
type lexeme struct {
	token token
	at    int
	text  string // symbols and keywords in their one spelling; of a string what is in it
	path  []string
	lit   literal
}

// A literal is a number as it was written.
type literal struct {
	x     float64 // before the unit
	unit  string  // its spelling
	per   []string
	value float64 // in the base unit
	base  string  // the base unit, with what it is by
}

type lexer struct {
	src string
	pos int
}

func (l *lexer) fail(at int, hint, message string) *Error {
	return &Error{Expr: l.src, Offset: at, Message: message, Hint: hint}
}

// keywords and symbols, with their one spelling.
var (
	keywords = map[string]string{
		"and": "and", "AND": "and", "or": "or", "OR": "or", "not": "not", "NOT": "not", "in": "in", "IN": "in",
		"true": "true", "false": "false",
	}
	symbols = []struct{ written, is string }{ // the longer ones first
		{"<=", "<="}, {">=", ">="}, {"==", "=="}, {"!=", "!="}, {"=~", "=~"}, {"!~", "!~"}, {"&&", "and"}, {"||", "or"},
		{"<", "<"}, {">", ">"}, {"=", "=="}, {"!", "not"}, {"(", "("}, {")", ")"}, {",", ","},
		{"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"},
	}
	// mistakes are operators of other languages.
	mistakes = []struct{ written, meant string }{
		{"===", "=="}, {"!==", "!="}, {"=>", ">="}, {"=<", "<="}, {"<>", "!="}, {"~=", "=~"}, {"~", "=~"}, {"&", "and"}, {"|", "or"},
		{"≤", "<="}, {"≥", ">="}, {"≠", "!="}, {"“", `"`}, {"”", `"`}, {"‘", "'"}, {"’", "'"}, {";", "and"},
	}
)

func (l *lexer) next() (lexeme, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	at := l.pos
	if at == len(l.src) {
		return lexeme{at: at}, nil
	}
	switch c := l.src[at]; {
	case digit(c) || c == '.' && at+1 < len(l.src) && digit(l.src[at+1]):
		return l.number()
	case c == '"' || c == '\'':
		s, err := l.quoted()
		return lexeme{token: str, at: at, text: s}, err
	case letter(c):
		return l.name()
	}
	return l.symbol()
}

func (l *lexer) symbol() (lexeme, error) {
	at, rest := l.pos, l.src[l.pos:]
	for _, m := range mistakes {
		if strings.HasPrefix(rest, m.written) && !strings.HasPrefix(rest, "&&") && !strings.HasPrefix(rest, "||") {
			return lexeme{}, l.fail(at, "did you mean "+m.meant+" ?", "unknown operator "+m.written)
		}
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s.written) {
			l.pos += len(s.written)
			return lexeme{token: symbol, at: at, text: s.is}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return lexeme{}, l.fail(at, "", "unexpected "+strconv.QuoteRune(r))
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

// plain is the end of the letters, digits and underscores from i.
func (l *lexer) plain(i int) int {
	for i < len(l.src) && (letter(l.src[i]) || digit(l.src[i])) {
		i++
	}
	return i
}

func (l *lexer) name() (lexeme, error) {
	at := l.pos
	l.pos = l.plain(at)
	first := l.src[at:l.pos]
	dotted := l.pos < len(l.src) && l.src[l.pos] == '.'
	if k, ok := keywords[first]; ok && !dotted {
		return lexeme{token: keyword, at: at, text: k}, nil
	}
	path := []string{first}
	for l.pos < len(l.src) && l.src[l.pos] == '.' {
		l.pos++
		if from, to := l.pos, l.plain(l.pos); to > from {
			path, l.pos = append(path, l.src[from:to]), to
			continue
		}
		if l.pos == len(l.src) || l.src[l.pos] != '"' && l.src[l.pos] != '\'' {
			return lexeme{}, l.fail(l.pos, "", "a key must follow the dot")
		}
		key, err := l.quoted()
		if err != nil {
			return lexeme{}, err
		}
		path = append(path, key)
	}
	return lexeme{token: word, at: at, path: path}, nil
}

func (l *lexer) quoted() (string, error) {
	at, q := l.pos, l.src[l.pos]
	var b strings.Builder
	for i := at + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == q:
			l.pos = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(l.src) && (l.src[i+1] == q || l.src[i+1] == '\\'):
			i++
			b.WriteByte(l.src[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", l.fail(at, "close it with "+string(q), "the string has no end")
}

// quote is s as quoted reads it. A backslash before any other character than a
// quote or a backslash stands for itself, as patterns need it; doubling it is
// the same.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (l *lexer) number() (lexeme, error) {
	at := l.pos
	i := at
	digits := func() {
		for i < len(l.src) && digit(l.src[i]) {
			i++
		}
	}
	digits()
	if i+1 < len(l.src) && l.src[i] == '.' && digit(l.src[i+1]) {
		i++
		digits()
	}
	if i < len(l.src) && (l.src[i] == 'e' || l.src[i] == 'E') {
		j := i + 1
		if j < len(l.src) && (l.src[j] == '+' || l.src[j] == '-') {
			j++
		}
		if j < len(l.src) && digit(l.src[j]) {
			i = j
			digits()
		}
	}
	x, err := strconv.ParseFloat(l.src[at:i], 64)
	if err != nil {
		return lexeme{}, l.fail(at, "", "the number is too large")
	}
	l.pos = i
	lit := literal{x: x, value: x}
	if err := l.unit(&lit); err != nil {
		return lexeme{}, err
	}
	if lit.value-lit.value != 0 {
		return lexeme{}, l.fail(at, "", "the number is too large")
	}
	return lexeme{token: num, at: at, lit: lit}, nil
}

// unit reads the unit after a number, if there is one.
func (l *lexer) unit(lit *literal) error {
	from := l.pos
	for from < len(l.src) && l.src[from] == ' ' {
		from++
	}
	to := from
	for _, sign := range []string{"%", "°", "µ", "μ"} {
		if strings.HasPrefix(l.src[from:], sign) {
			to += len(sign)
			break
		}
	}
	if to == from || l.src[from] != '%' {
		to = l.plain(to)
	}
	name := l.src[from:to]
	if _, ok := keywords[name]; ok || name == "" {
		return nil
	}
	u, ok := units[name]
	if !ok {
		e := l.fail(from, "", "unknown unit "+strconv.Quote(name))
		if like := likeUnit(name); like != "" {
			e.Hint = "did you mean " + like + " ?"
		}
		return e
	}
	lit.unit, lit.base, lit.value = name, u.base, lit.x*u.mul/u.div
	l.pos = to
	for l.pos < len(l.src) && l.src[l.pos] == '/' {
		to := l.plain(l.pos + 1)
		by := l.src[l.pos+1 : to]
		p, ok := pers[by]
		if !ok || to < len(l.src) && (l.src[to] == '.' || l.src[to] == '(') {
			return nil
		}
		lit.per, lit.base, lit.value = append(lit.per, by), lit.base+"/"+p.base, lit.value/p.div
		l.pos = to
	}
	return nil
}

// String is the literal as number reads it.
func (n literal) String() string {
	s := strconv.FormatFloat(n.x, 'g', -1, 64) + n.unit
	return strings.Join(append([]string{s}, n.per...), "/")
}
