package record

// Version is the version of the contract, the value of every line's "v".
const Version = 1

// Types of records.
const (
	TypeRun     = "run"
	TypePhase   = "phase"
	TypeBegin   = "begin"
	TypeRequest = "request"
	TypeGPU     = "gpu"
	TypeScrape  = "scrape"
	TypeServer  = "server"
	TypeEnergy  = "energy"
	TypeNote    = "note"
	TypeEnd     = "end"
)

// Names of phases. Only requests of the profiling phase are measured.
const (
	Warmup    = "warmup"
	Profiling = "profiling"
)

// A Header opens every line.
type Header struct {
	Time Time   `json:"time"` // when the line was written
	Type string `json:"type"`
	V    int    `json:"v"`
}

// Head is h itself; it makes every type that embeds a Header a [Record].
func (h *Header) Head() *Header { return h }

// A Record can be written as one line. The types of this package are records
// as pointers.
type Record interface {
	Head() *Header
	kind() string
}

// A Run opens the stream of a producer.
type Run struct {
	Header
	Run     string         `json:"run"` // identifies the process
	Tool    string         `json:"tool"`
	Version string         `json:"version,omitempty"`
	Host    string         `json:"host,omitempty"`
	Command []string       `json:"command,omitempty"` // argv without secrets
	Config  map[string]any `json:"config,omitempty"`
	Seed    *int64         `json:"seed,omitempty"`
}

// A Phase marks where a phase of a load begins or ends.
type Phase struct {
	Header
	Run   string `json:"run"`
	Phase string `json:"phase"`
	Event string `json:"event"` // "begin" or "end"
}

// A Begin says that a request is being sent: what is in flight is known while
// it happens, and after a crash.
type Begin struct {
	Header
	Run   string `json:"run"`
	ID    string `json:"id"`
	Phase string `json:"phase"`
	Start Time   `json:"start"`
}

// A Request is a finished request, successful or not.
type Request struct {
	Header
	Run          string   `json:"run"`
	ID           string   `json:"id"`
	Phase        string   `json:"phase"`
	Model        string   `json:"model,omitempty"`
	URL          string   `json:"url,omitempty"`
	Endpoint     string   `json:"endpoint,omitempty"`
	Conversation string   `json:"conversation,omitempty"`
	Turn         *int     `json:"turn,omitempty"`
	Start        Time     `json:"start"`            // the first byte was about to leave
	Late         *float64 `json:"late,omitempty"`   // seconds from when it was due to Start
	Took         *float64 `json:"took,omitempty"`   // seconds from Start to the last content, or to the failure
	TTFT         *float64 `json:"ttft,omitempty"`   // seconds from Start to the first content (streams only)
	TTFO         *float64 `json:"ttfo,omitempty"`   // to the first content that is no reasoning, if reasoning came before
	Gaps         Gaps     `json:"gaps,omitempty"`   // seconds between arrivals of content, the first since Start
	Chunks       int      `json:"chunks,omitempty"` // arrivals of content
	Kinds        Kinds    `json:"kinds,omitempty"`  // what kinds they are of; absent if all are text
	Tokens       *Tokens  `json:"tokens,omitempty"`
	Bytes        *Bytes   `json:"bytes,omitempty"`
	HTTP         *HTTP    `json:"http,omitempty"`
	Finish       string   `json:"finish,omitempty"` // finish_reason
	Error        *Error   `json:"error,omitempty"`
	GPU          *Share   `json:"gpu,omitempty"` // added by a join

	// Server is what the server said of itself meanwhile; added by a join.
	Server *ServerState `json:"server,omitempty"`
}

// End is the instant at which the request was over; false if it is not known.
func (r *Request) End() (Time, bool) {
	if r.Took == nil {
		return 0, false
	}
	return r.Start.Add(*r.Took), true
}

// Sources of token counts.
const (
	FromUsage     = "usage"     // the server said so
	FromTokenizer = "tokenizer" // a tokenizer counted the text
	FromChunks    = "chunks"    // one arrival was taken for one token
)

// Tokens are the token counts of a request. Out includes Reasoning, In includes
// Cached.
type Tokens struct {
	In        *int   `json:"in,omitempty"`
	Cached    *int   `json:"cached,omitempty"` // of the prompt, which the server had in its cache
	Out       *int   `json:"out,omitempty"`
	Reasoning *int   `json:"reasoning,omitempty"`
	Asked     *int   `json:"asked,omitempty"`     // the output length that was asked for
	Source    string `json:"source,omitempty"`    // of Out
	InSource  string `json:"in_source,omitempty"` // of In, if it is another than Source
}

// Bytes are the sizes of the bodies of a request.
type Bytes struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

// HTTP tells what happened below a request. Durations are seconds. DNS, Connect
// and TLS are the steps of opening a connection, before Start, and absent on a
// reused one; Blocked is what else it waited for a connection. Sent, the whole
// request written, and FirstByte of the answer count from Start.
type HTTP struct {
	Version   string   `json:"version,omitempty"` // "2" if it is not 1.1
	Status    int      `json:"status,omitempty"`
	Reused    bool     `json:"reused"`
	Resent    bool     `json:"resent,omitempty"` // once more, since a kept connection turned out to be closed
	Remote    string   `json:"remote,omitempty"`
	Blocked   *float64 `json:"blocked,omitempty"`
	DNS       *float64 `json:"dns,omitempty"`
	Connect   *float64 `json:"connect,omitempty"`
	TLS       *float64 `json:"tls,omitempty"`
	Sent      *float64 `json:"sent,omitempty"`
	FirstByte *float64 `json:"first_byte,omitempty"`
}

// Classes of errors.
const (
	ClassConnect   = "connect"
	ClassTLS       = "tls"
	ClassTimeout   = "timeout"
	ClassStatus    = "status"
	ClassDecode    = "decode"
	ClassStream    = "stream"    // an error event after HTTP 200
	ClassTruncated = "truncated" // ended without its terminator
	ClassEmpty     = "empty"     // HTTP 200 and no token
	ClassCancelled = "cancelled"
)

// An Error says why a request failed.
type Error struct {
	Class   string `json:"class"`
	Code    int    `json:"code,omitempty"` // HTTP status, where there was one
	Message string `json:"message,omitempty"`
}

// A Share is what a join knows of the GPUs while a request ran: the energy
// charged to it in joules, then means over its GPUs and its duration.
type Share struct {
	Energy            *float64 `json:"energy,omitempty"`
	Share             string   `json:"share,omitempty"` // the convention: "equal", "token" or "phase"
	GPUs              int      `json:"gpus,omitempty"`
	Power             *float64 `json:"power,omitempty"`              // W, of one GPU
	Utilization       *float64 `json:"utilization,omitempty"`        // 0..1
	SMUtilization     *float64 `json:"sm_utilization,omitempty"`     // 0..1
	MemoryUtilization *float64 `json:"memory_utilization,omitempty"` // 0..1, of the memory's interface
	SMClock           *float64 `json:"sm_clock,omitempty"`           // Hz
	Temperature       *float64 `json:"temperature,omitempty"`        // °C
	Throttled         *bool    `json:"throttled,omitempty"`          // something held a clock down
	XID               []int    `json:"xid,omitempty"`                // codes that came up
}

// A ServerState is what a join knows of the server while a request ran, by the
// server's own metrics: values at the start of the request, interpolated
// linearly between readings, and time-weighted means over its duration. What was
// not measured is absent. The request itself is counted in them.
type ServerState struct {
	Waiting      *float64 `json:"waiting,omitempty"` // requests in the queue
	WaitingStart *float64 `json:"waiting_start,omitempty"`
	Running      *float64 `json:"running,omitempty"` // requests being served
	RunningStart *float64 `json:"running_start,omitempty"`
	KVCache      *float64 `json:"kv_cache,omitempty"` // share of the KV cache in use, 0..1
	KVCacheStart *float64 `json:"kv_cache_start,omitempty"`
	// Sources is how many pages of metrics this is from: requests are added up
	// over them, shares of caches are averaged.
	Sources int `json:"sources,omitempty"`
}

// A GPU is one reading of one GPU or MIG instance.
type GPU struct {
	Header
	Run        string             `json:"run,omitempty"` // of the scraper
	Source     string             `json:"source"`
	Host       string             `json:"host,omitempty"`
	Platform   string             `json:"platform,omitempty"` // "nvidia", "amd"
	GPU        *int               `json:"gpu,omitempty"`      // index
	UUID       string             `json:"uuid,omitempty"`
	Model      string             `json:"model,omitempty"`
	MIG        string             `json:"mig,omitempty"` // instance id
	MIGProfile string             `json:"mig_profile,omitempty"`
	Labels     map[string]string  `json:"labels,omitempty"`
	Taken      Time               `json:"taken"`            // best estimate of when the exporter answered
	Within     *float64           `json:"within,omitempty"` // half-width of that estimate, seconds
	Repeat     bool               `json:"repeat,omitempty"` // the page before said the same; written only if asked for
	Fields     map[string]float64 `json:"fields"`
}

// Names of fields that other packages compute with. Units are base units.
const (
	FieldPower         = "power_usage"        // W
	FieldEnergy        = "energy_consumption" // J, a counter
	FieldUtilization   = "gpu_utilization"    // 0..1
	FieldSMUtilization = "sm_utilization"     // 0..1
	FieldSMClock       = "sm_clock"           // Hz
	FieldXID           = "xid_errors"         // last code
	FieldPowerViol     = "power_violation"    // s, a counter
	FieldThermalViol   = "thermal_violation"  // s, a counter
)

// A Scrape is one visit to one source, successful or not.
type Scrape struct {
	Header
	Run      string   `json:"run,omitempty"` // of the scraper
	Source   string   `json:"source"`
	Late     float64  `json:"late,omitempty"`   // seconds from when the visit was due to its beginning
	Took     *float64 `json:"took,omitempty"`   // seconds from the request to the last byte
	Status   int      `json:"status,omitempty"` // HTTP
	Bytes    *int64   `json:"bytes,omitempty"`  // of the body, as they came
	Plain    *int64   `json:"plain,omitempty"`  // of the body, if it came compressed
	GPUs     *int     `json:"gpus,omitempty"`
	Series   *int     `json:"series,omitempty"`   // of an inference server, those that were asked for
	Repeat   bool     `json:"repeat,omitempty"`   // the page held nothing new
	Rejected int      `json:"rejected,omitempty"` // lines of the page that made no sense
	Error    string   `json:"error,omitempty"`
}

// A Server is one reading of an inference server's own metrics. It stands alone:
// it holds every series that was asked for, whether or not it has changed.
type Server struct {
	Header
	Run    string            `json:"run,omitempty"` // of the scraper
	Source string            `json:"source"`
	Server string            `json:"server,omitempty"` // what it is: "vllm", "sglang", "tensorrt-llm", "llama.cpp", …
	Labels map[string]string `json:"labels,omitempty"` // of the source
	Taken  Time              `json:"taken"`            // best estimate of when the server answered
	Within *float64          `json:"within,omitempty"` // half-width of that estimate, seconds
	Repeat bool              `json:"repeat,omitempty"` // as in GPU
	Series []Series          `json:"series"`           // in the order of the page
}

// Types of series.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
	Summary   = "summary"
	Untyped   = "untyped"
)

// A Series is one metric with one set of labels, under the name and in the
// units of the server's page. A histogram or summary has Count and Sum, any
// other a Value.
type Series struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  *float64          `json:"value,omitempty"`
	Count  *float64          `json:"count,omitempty"`
	Sum    *float64          `json:"sum,omitempty"`
	// Buckets are those of a histogram, each its upper bound and how many
	// values are not above it, in the order of the bounds. The last bucket,
	// whose bound is infinite, is left out: it holds Count.
	Buckets [][2]float64 `json:"buckets,omitempty"`
}

// Levels of notes.
const (
	Info    = "info"
	Warning = "warning"
)

// A Note is a thing worth telling.
type Note struct {
	Header
	Run     string   `json:"run,omitempty"`
	Level   string   `json:"level"`
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Source  string   `json:"source,omitempty"`
	UUID    string   `json:"uuid,omitempty"`
	File    string   `json:"file,omitempty"`
	Seconds *float64 `json:"seconds,omitempty"` // that it is about
	Regime  *Regime  `json:"regime,omitempty"`  // of code "regime"
}

func (*Run) kind() string     { return TypeRun }
func (*Phase) kind() string   { return TypePhase }
func (*Begin) kind() string   { return TypeBegin }
func (*Request) kind() string { return TypeRequest }
func (*GPU) kind() string     { return TypeGPU }
func (*Scrape) kind() string  { return TypeScrape }
func (*Server) kind() string  { return TypeServer }
func (*Energy) kind() string  { return TypeEnergy }
func (*Note) kind() string    { return TypeNote }
func (*End) kind() string     { return TypeEnd }
