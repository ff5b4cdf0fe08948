package main

import (
	"time"

	"aiperf/pkg/cli"
	"aiperf/pkg/load"

	"github.com/spf13/pflag"
)

// waitFlags say how to wait for the server to be ready.
type waitFlags struct {
	timeout, interval cli.Seconds
	mode              string
}

func (w *waitFlags) register(f *pflag.FlagSet) {
	w.interval = cli.Seconds(5 * time.Second)
	f.Var(&w.timeout, "wait-for-model-timeout", "wait for the model at most this `time`; 0: do not wait")
	f.StringVar(&w.mode, "wait-for-model-mode", "inference", "`what` shows that it is ready: inference (an answer), models (the server's list has it) or both")
	f.Var(&w.interval, "wait-for-model-interval", "`time` between two attempts")
}

func (o *options) waiting(t load.Target) (load.Wait, error) {
	w := load.Wait{Timeout: time.Duration(o.wait.timeout), Interval: time.Duration(o.wait.interval)}
	switch o.wait.mode {
	case "inference":
		w.Inference = true
	case "models", "both":
		w.Inference = o.wait.mode == "both"
		for _, base := range o.server.urls {
			w.Models = append(w.Models, t.Endpoint.URL(base, "/v1/models"))
		}
	default:
		return w, cli.Usagef("--wait-for-model-mode %q is not known; there are inference, models and both", o.wait.mode)
	}
	if w.Interval <= 0 {
		return w, cli.Usagef("--wait-for-model-interval must be more than 0")
	}
	return w, nil
}
