// Package promhist reads the GPU telemetry that a Prometheus, Thanos, Mimir or
// VictoriaMetrics has already, as the records that a scrape would have written.
//
// It asks the HTTP API for raw samples (a range selector at /api/v1/query), a
// window of time after another. All samples of one target at one instant are
// one page of its exporter, which a [dcgm.Parser] reads, so that fields, units and
// identities are the same as those of a direct scrape.
//
// The instant of a sample is that at which the scrape began, to a millisecond,
// moved by up to 2 ms to the server's schedule; the exporter answered some time
// in the scrape's duration after it. [record.GPU] has the former as Taken and
// the duration, where the server has it, plus these 2 ms as Within.
//
// Where the target's own labels had pushed a workload's aside (exported_pod),
// the workload's are put back. Pod, namespace and container of the exporter
// itself are left out.
//
// The time of every record is that of its samples, as if it had been written
// then: only so can a stream be merged with that of a load which ran then.
package promhist
