// Package scrape visits exporters and inference servers at a fixed cadence and
// turns what they answer into records. Every visit leaves a "scrape" record,
// failures included; a page that says something new leaves a "gpu" record for
// each of its GPUs, or a "server" record with the series of an inference server.
//
// Visit k of a source is due at start + k·interval, however long the visits
// before it took: the cadence does not drift. A visit that takes longer than
// the interval makes the ticks that it covers be skipped, never bunched, and
// visits of one source do not overlap. Sources may come and go. Their ticks may be
// spread, each source's at an instant of its own, so that a thousand of them are
// not visited at once.
//
// An exporter refreshes its values at an interval of its own; asked more often
// it repeats itself. Pages carry no time either, so a value's instant is known
// no better than this: it was read before the first byte of the first page that
// shows it.
package scrape
