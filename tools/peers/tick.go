package main

import (
	"flag"
	"fmt"
	"time"
)

// tick sleeps until each of many instants by the runtime's timers, and prints
// how many microseconds late it woke: the median, the 99th percentile, the most.
func tick(args []string) error {
	f := flag.NewFlagSet("tick", flag.ContinueOnError)
	rate := f.Float64("rate", 1000, "`instants` a second")
	count := f.Int("count", 1000, "`instants`")
	if err := f.Parse(args); err != nil {
		return err
	}
	start := time.Now()
	late := make([]float64, *count)
	for i := range late {
		due := start.Add(time.Duration(float64(i) / *rate * 1e9))
		time.Sleep(time.Until(due))
		late[i] = float64(time.Since(due)) / 1e3
	}
	fmt.Println(quantile(late, 0.5), quantile(late, 0.99), quantile(late, 1))
	return nil
}
