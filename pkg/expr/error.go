package expr

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Error says what is wrong with an expression, and where.
type Error struct {
	Expr    string
	Offset  int // in bytes; len(Expr) at its end
	Message string
	Hint    string // the cure, if it is known
}

func (e *Error) Error() string {
	s := fmt.Sprintf("character %d: %s", utf8.RuneCountInString(e.Expr[:e.Offset])+1, e.Message)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// shown is how many characters Caret shows on each side of the place.
const shown = 60

// Caret is the expression, or what is around the place if it is long, and on a
// second line a caret below the place.
func (e *Error) Caret() string {
	before, after := []rune(e.Expr[:e.Offset]), []rune(e.Expr[e.Offset:])
	if len(before) > shown {
		before = append([]rune("…"), before[len(before)-shown+1:]...)
	}
	if len(after) > shown {
		after = append(after[:shown-1:shown-1], '…')
	}
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, string(before)+string(after))
	return line + "\n" + strings.Repeat(" ", len(before)) + "^"
}
