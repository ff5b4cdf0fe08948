package dcgm

import "strings"

// meaning tells what a family means. It is false for one of no exporter that
// is known, and true for what might be AMD's.
func meaning(family, help string) (field, bool) {
	switch {
	case strings.HasPrefix(family, "DCGM_"), strings.HasPrefix(family, "dcgm_"):
		f, ok := known(family, help)
		if !ok {
			f = field{name: family, unit: ownUnit(family, help), instance: perInstance(family)}
		}
		f.platform = NVIDIA
		return f, true
	case strings.HasPrefix(family, smiPrefix):
		return smiField(family)
	}
	for _, prefix := range []string{"gpu_", "pcie_", "xgmi_", "amd_"} {
		if strings.HasPrefix(family, prefix) {
			return amdField(family), true
		}
	}
	return field{}, false
}

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
		return tableField(NVLinkRate, u, 1), u == &plain || u == &mega
	}
	for _, s := range suffixes {
		stem, ok := strings.CutSuffix(family, s)
		f, found := nvidia[stem]
		if !ok || !found {
			continue
		}
		if f.rank++; s == "_RATIO" && f.unit == &percent {
			f.unit = ratioUnit(help)
		} else {
			f.unit = &plain
		}
		return f, true
	}
	return field{}, false
}

// ratioUnit is that of a name that ends in _RATIO. DCGM 4.6 has GPU_UTIL_RATIO
// as another name of its percentage.
func ratioUnit(help string) *unit {
	switch helpUnit(help) {
	case &percent:
		return &percent
	case &plain:
		return &plain
	}
	return &ratio
}

// ownUnit is that of a family that is in no table: what its name says, else
// what its HELP says, else that of the page.
func ownUnit(family, help string) *unit {
	if strings.HasPrefix(family, "DCGM_FI_PROF_") {
		return &plain // ratios and bytes a second, though old lists call ratios "in %"
	}
	for _, s := range []string{"_NS", "_US", "_MS", "_MICROSECONDS", "_NANOSECONDS"} {
		if strings.HasSuffix(family, s) {
			return &plain // a value in seconds would belie the name
		}
	}
	for _, s := range suffixes {
		if !strings.HasSuffix(family, s) {
			continue
		}
		if s == "_RATIO" && helpUnit(help) == &percent {
			return &percent
		}
		return &plain
	}
	if u := helpUnit(help); u != nil {
		return u
	}
	return &plain
}

// helpUnits are the units that are looked for in a HELP, as they are written
// or else in small letters. KB, MB and GB are not among them, since some mean
// powers of 1000 and some of 1024; nor are b/s and Mb/s, which are bits.
var helpUnits = map[string]*unit{
	"%": &percent, "percent": &percent, "percentage": &percent, "0-100": &percent,
	"ratio": &plain, "0-1": &plain, "ratio 0-1": &plain, "0..1": &plain, "0.0-1.0": &plain,
	"bytes": &plain, "kib": &kibi, "mib": &mebi, "gib": &gibi,
	"B/s": &plain, "bytes/s": &plain, "bytes per second": &plain, "KB/s": &kilo, "MB/s": &mega, "GB/s": &giga,
	"mW": &milli, "w": &plain, "watts": &plain, "kw": &kilo,
	"uJ": &micro, "mJ": &milli, "j": &plain, "joules": &plain, "kj": &kilo, "MJ": &mega,
	"hz": &plain, "khz": &kilo, "mhz": &mega, "ghz": &giga,
	"ns": &nano, "us": &micro, "µs": &micro, "ms": &milli, "s": &plain, "seconds": &plain,
	"c": &plain, "°c": &plain, "celsius": &plain,
}

// helpUnit is the unit that a HELP names in parentheses, such as "(in MB/s)";
// nil if it names none that is looked for. What is longer than any
// HELP of an exporter's is not searched to its end.
func helpUnit(help string) *unit {
	help = help[:min(len(help), 1000)]
	for {
		_, rest, ok := strings.Cut(help, "(")
		if !ok {
			return nil
		}
		text, _, _ := strings.Cut(rest, ")")
		text = strings.TrimPrefix(strings.TrimSpace(text), "in ")
		if u, ok := helpUnits[text]; ok {
			return u
		}
		if u, ok := helpUnits[strings.ToLower(text)]; ok {
			return u
		}
		help = rest
	}
}
