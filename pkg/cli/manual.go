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
			writeFlags(&b, flags)
		}
	}
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
	groups := map[string]*pflag.FlagSet{}
	flags.VisitAll(func(f *pflag.Flag) {
		title := ""
		if g := f.Annotations[groupKey]; len(g) > 0 {
			title = g[0]
		}
		if groups[title] == nil {
			titles = append(titles, title)
			groups[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[title].SortFlags = flags.SortFlags
		}
		groups[title].AddFlag(f)
	})
	for _, title := range titles {
		if title != "" {
			b.WriteString("\n" + title + ":\n")
		} else {
			b.WriteString("\n")
		}
		b.WriteString(groups[title].FlagUsagesWrapped(80))
	}
}
