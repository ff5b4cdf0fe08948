package main

import (
	"regexp"

	"aiperf/pkg/cli"
)

var unknownFlag = regexp.MustCompile(`unknown flag: --([a-z0-9-]+)`)

// elsewhere says where to find what flags of other tools, or of other commands,
// do.
var elsewhere = map[string]string{
	"max-concurrency":       "it is --concurrency",
	"burstiness":            "it is --arrival-smoothness, with --arrival-pattern gamma",
	"num-requests-per-user": "it is --conversation-turn-mean",
	"random-input-len":      "it is --isl",
	"random-output-len":     "it is --osl",
	"sharegpt-output-len":   "it is --osl",
	"dataset-path":          "it is --input-file",
	"public-dataset":        "nothing is downloaded: --input-file reads a ShareGPT file that is there",
	"ui":                    "aiperf-profile takes it; here it is --no-progress",
	"ui-type":               "aiperf-profile takes it; here it is --no-progress",
	"gpu-telemetry":         "aiperf-profile takes it; aiperf-scrape reads the telemetry",
	"no-gpu-telemetry":      "aiperf-profile takes it; aiperf-load reads no telemetry",
	"artifact-dir":          "aiperf-profile takes it; here -o names the file",
	"output-artifact-dir":   "aiperf-profile takes it; here -o names the file",
	"profile-export-file":   "-o names the file",
	"export-level":          "leave it out: every request has a record",
	"workers-max":           "leave it out: one process is enough, and --shard makes several",
	"max-workers":           "leave it out: one process is enough, and --shard makes several",
	"record-processors":     "leave it out: there are none",
	"server-metrics":        "a server's metrics are not read here",
	"no-server-metrics":     "leave it out: a server's metrics are not read here",
}

// explain adds to the error of a flag that is not known what it would be here.
func explain(err error) error {
	m := unknownFlag.FindStringSubmatch(err.Error())
	if m == nil || elsewhere[m[1]] == "" {
		return err
	}
	return cli.Hint(cli.Usagef("unknown flag: --%s", m[1]), "%s", elsewhere[m[1]])
}
