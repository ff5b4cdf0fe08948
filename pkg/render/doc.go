// Package render shows a report to people: as tables for a terminal or as
// Markdown. It computes nothing but units.
//
// A table as wide as AIPerf's (140 columns) holds every statistic. In a narrower
// one units move to a line of their own, and columns are left out, those first
// that are missed least: std, the time-weighted mean, p90, min, max, p99, p50.
// What a metric does not have is N/A. A box is never broken: what is still too
// wide is wrapped.
package render
