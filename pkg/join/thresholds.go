package join

import (
	"fmt"
	"strconv"
	"strings"
)

// Thresholds are what tells regimes apart. Its text form, for a flag, is
// "sm=0.7,memory=0.6,throttled=0.01,idle=0.9,waiting=1,temperature=83,clock=0.95";
// keys that are left out of it keep their values, and ratios may be percentages.
type Thresholds struct {
	SM          float64 // 0..1: SMs are busy from here on
	Memory      float64 // 0..1: memory is
	Throttled   float64 // share of time in violation, 0..1
	Idle        float64 // share of time without a request, 0..1
	Waiting     float64 // requests in the server's queue
	Temperature float64 // °C: from here on a clock that has fallen is taken for throttled
	Clock       float64 // 0..1 of the highest: below, it has fallen
}

// DefaultThresholds are those of AIPerf's research notes for SMs, memory,
// throttling (what is below is transient) and temperature; the others are ours.
var DefaultThresholds = Thresholds{SM: 0.7, Memory: 0.6, Throttled: 0.01, Idle: 0.9, Waiting: 1, Temperature: 83, Clock: 0.95}

type thresholdKey struct {
	name string
	at   func(*Thresholds) *float64
	most float64 // 1 for ratios
}

var thresholdKeys = []thresholdKey{
	{"sm", func(t *Thresholds) *float64 { return &t.SM }, 1},
	{"memory", func(t *Thresholds) *float64 { return &t.Memory }, 1},
	{"throttled", func(t *Thresholds) *float64 { return &t.Throttled }, 1},
	{"idle", func(t *Thresholds) *float64 { return &t.Idle }, 1},
	{"waiting", func(t *Thresholds) *float64 { return &t.Waiting }, 1e9},
	{"temperature", func(t *Thresholds) *float64 { return &t.Temperature }, 1000},
	{"clock", func(t *Thresholds) *float64 { return &t.Clock }, 1},
}

// String is the text form, with all keys.
func (t Thresholds) String() string {
	var b []byte
	for i, k := range thresholdKeys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, k.name...), '=')
		b = strconv.AppendFloat(b, *k.at(&t), 'g', -1, 64)
	}
	return string(b)
}

// MarshalText gives the text form.
func (t Thresholds) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText sets the thresholds that the text names; on an error it sets
// none.
func (t *Thresholds) UnmarshalText(text []byte) error {
	n := *t
	seen := map[string]bool{}
	for part := range strings.SplitSeq(string(text), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		k, known := keyOf(name)
		switch {
		case !known:
			return fmt.Errorf("regime threshold %q is not known; there are %s", name, keyNames())
		case !ok:
			return fmt.Errorf("regime threshold %s has no value, as in %s=%v", name, name, *k.at(&n))
		case seen[name]:
			return fmt.Errorf("regime threshold %s is given twice", name)
		}
		seen[name] = true
		x, err := k.parse(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		*k.at(&n) = x
	}
	*t = n
	return nil
}

func keyOf(name string) (thresholdKey, bool) {
	for _, k := range thresholdKeys {
		if k.name == name {
			return k, true
		}
	}
	return thresholdKey{}, false
}

func keyNames() string {
	names := make([]string, len(thresholdKeys))
	for i, k := range thresholdKeys {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

func (k thresholdKey) parse(value string) (float64, error) {
	number, percent := strings.CutSuffix(value, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent && k.most == 1 {
		x /= 100
	}
	switch {
	case err == nil && x >= 0 && x <= k.most && !(percent && k.most != 1):
		return x, nil
	case k.most == 1:
		return 0, fmt.Errorf("regime threshold %s=%s: a number from 0 to 1 is wanted, or a percentage", k.name, value)
	}
	return 0, fmt.Errorf("regime threshold %s=%s: a number from 0 to %v is wanted", k.name, value, k.most)
}
