package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// Manual makes the manual of a command from the source of its doc.go, so that
// -h and the package comment are one text. Headings are printed in capitals;
// the list of flags stands where the comment has the heading "# Flags".
func Manual(doc string, flags *pflag.FlagSet) string {
	var b strings.Builder
	for line := range strings.Lines(doc) {
		text, ok := strings.CutPrefix(line, "//")
		if !ok {
			break // the package clause, or anything behind the comment
		}
		text = strings.TrimPrefix(text, " ")
		heading, ok := strings.CutPrefix(text, "# ")
		if !ok {
			b.WriteString(text)
			continue
		}
		b.WriteString(strings.ToUpper(heading))
		if heading == "Flags\n" {
			b.WriteString("\n" + flags.FlagUsagesWrapped(80))
		}
	}
	return b.String()
}
