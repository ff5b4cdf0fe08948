package report

// A Unit is what a value is measured in, and what people are shown. Values are
// in base units; times Factor they are in the shown one.
type Unit struct {
	Base   string
	Shown  string
	Factor float64
}

// Units of metrics, shown as in AIPerf.
var (
	Milliseconds   = Unit{"s", "ms", 1e3}
	Seconds        = Unit{"s", "sec", 1}
	Nanoseconds    = Unit{"s", "ns", 1e9}
	Tokens         = Unit{"tokens", "tokens", 1}
	Requests       = Unit{"requests", "requests", 1}
	TokensPerSec   = Unit{"tokens/s", "tokens/sec", 1}
	TokensPerUser  = Unit{"tokens/s/user", "tokens/sec/user", 1}
	RequestsPerSec = Unit{"requests/s", "requests/sec", 1}
	Percent        = Unit{"1", "%", 100}
	Ratio          = Unit{"1", "ratio", 1}
	Kibibytes      = Unit{"bytes", "KB", 1. / 1024}

	Watts            = Unit{"W", "W", 1}
	Joules           = Unit{"J", "J", 1}
	TokensPerJoule   = Unit{"tokens/J", "tokens/J", 1}
	JoulesPerToken   = Unit{"J/token", "mJ/token", 1e3}
	JoulesPerRequest = Unit{"J/request", "joules/request", 1}
	RequestsPerWatt  = Unit{"requests/s/W", "requests/sec/W", 1}
	TokensPerWatt    = Unit{"tokens/s/W", "tokens/sec/W", 1}
	JoulesPerUser    = Unit{"J/user", "joules/user", 1}
	GoodPerWatt      = Unit{"requests/s/W", "good-req/s/W", 1}
	JouleSeconds     = Unit{"J*s", "J*s", 1}

	Megajoules   = Unit{"J", "MJ", 1e-6}
	Gigabytes    = Unit{"bytes", "GB", 1e-9}
	Celsius      = Unit{"°C", "°C", 1}
	Megahertz    = Unit{"Hz", "MHz", 1e-6}
	Microseconds = Unit{"s", "µs", 1e6}
	Megabytes    = Unit{"bytes/s", "MB/s", 1e-6}
	Count        = Unit{"", "count", 1}
)
