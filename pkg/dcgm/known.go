package dcgm

import "strings"

// suffixes are what DCGM 4.7 puts behind a name to tell its unit, which is
// always a base unit.
var suffixes = []string{"_JOULES_TOTAL", "_HERTZ", "_BYTES", "_WATTS", "_CELSIUS", "_RATIO"}

// known gives the meaning of a family of dcgm-exporter. A name that is not in
// the table may be one of it with a unit behind it. HELP is asked only where
// the name leaves the unit open.
func known(family, help string) (field, bool) {
	if f, ok := nvidia[family]; ok {
		return f, true
	}
	if family == "DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL" {
		// Bytes or megabytes a second, depending on the version. Without HELP it
		// keeps its own name: a factor of a million is not to be guessed.
		u := helpUnit(help)
		return field{NVLinkRate, u, 1}, u != unit{}
	}
	for _, s := range suffixes {
		stem, ok := strings.CutSuffix(family, s)
		f, found := nvidia[stem]
		if !ok || !found {
			continue
		}
		f.rank = 1
		switch {
		case s == "_RATIO" && f.unit == percent && helpUnit(help) == percent:
			// DCGM 4.6 has GPU_UTIL_RATIO as another name of its percentage.
		case s == "_RATIO" && f.unit == percent && helpUnit(help) == unit{}:
			f.unit = ratio
		default:
			f.unit = plain
		}
		return f, true
	}
	return field{}, false
}

// helpUnits are the units that are looked for in a HELP.
var helpUnits = map[string]unit{
	"%": percent, "percent": percent, "0-100": percent,
	"ratio": plain, "0-1": plain, "ratio 0-1": plain, "0..1": plain,
	"b/s": plain, "bytes/s": plain, "kb/s": kilo, "mb/s": mega, "gb/s": giga,
}

// helpUnit is the unit that a HELP names in parentheses, such as "(in MB/s)";
// the zero unit if it names none that is looked for.
func helpUnit(help string) unit {
	for {
		_, rest, ok := strings.Cut(help, "(")
		if !ok {
			return unit{}
		}
		text, _, _ := strings.Cut(rest, ")")
		text = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "in ")
		if u, ok := helpUnits[text]; ok {
			return u
		}
		help = rest
	}
}
