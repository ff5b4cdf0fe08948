package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// Manual makes the manual of a command from the source of its doc.go, so that
// -h and the package comment are one text. Headings are printed in capitals;
// the list of flags ends the part that has the heading "# Flags".
func Manual(doc string, flags *pflag.FlagSet) string {
	var b strings.Builder
	listed := true
	list := func() {
		if !listed {
			listed = true
			var f strings.Builder
			writeFlags(&f, flags)
			b.WriteString(strings.TrimPrefix(f.String(), "\n") + "\n")
		}
	}
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
		list()
		b.WriteString(strings.ToUpper(heading))
		listed = heading != "Flags\n"
	}
	list()
	return b.String()
}

const groupKey = "group"

// Group puts those flags that are in no group yet into one with the given title,
// which stands above them in the manual.
func Group(flags *pflag.FlagSet, title string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Annotations[groupKey] == nil {
			flags.SetAnnotation(f.Name, groupKey, []string{title})
		}
	})
}

// writeFlags writes the usage of all flags, group by group in the order of their
// first flags. Those without a group come last.
func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	var titles []string
	groups := map[string][]*pflag.Flag{}
	flags.VisitAll(func(f *pflag.Flag) {
		title := ""
		if g := f.Annotations[groupKey]; len(g) > 0 {
			title = g[0]
		}
		if groups[title] == nil {
			titles = append(titles, title)
		}
		groups[title] = append(groups[title], f)
	})
	for _, title := range titles {
		b.WriteString("\n")
		if title != "" {
			b.WriteString(title + ":\n\n")
		}
		for _, f := range groups[title] {
			writeFlag(b, f)
		}
	}
}

// writeFlag writes a flag in a line and what it does below: names are so long
// that a column for them would leave none for that.
func writeFlag(b *strings.Builder, f *pflag.Flag) {
	if f.Hidden {
		return
	}
	value, usage := pflag.UnquoteUsage(f)
	b.WriteString("  ")
	if f.Shorthand != "" {
		b.WriteString("-" + f.Shorthand + ", ")
	}
	b.WriteString("--" + f.Name)
	if value != "" && f.Value.Type() != "bool" {
		b.WriteString(" " + value)
	}
	b.WriteString("\n")
	if d := shownDefault(f); d != "" && !strings.Contains(usage, "default") {
		usage += " (default " + d + ")"
	}
	const indent, width = "        ", 80
	line := indent
	for word := range strings.FieldsSeq(usage) {
		if len(line) > len(indent) {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				b.WriteString(line + "\n")
				line = indent
			} else {
				line += " "
			}
		}
		line += word
	}
	b.WriteString(line + "\n")
}

// shownDefault is a flag's default, or empty if it is nothing, off or absent.
func shownDefault(f *pflag.Flag) string {
	switch {
	case f.DefValue == "false" || f.DefValue == "[]":
		return ""
	case strings.HasPrefix(f.DefValue, "["):
		return strings.Trim(f.DefValue, "[]")
	}
	return f.DefValue
}
