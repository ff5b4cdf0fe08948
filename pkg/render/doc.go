// Package render shows a report to people: as tables for a terminal or as
// Markdown. It computes nothing but units.
//
// A table as wide as AIPerf's (140 columns) holds every statistic. In a narrower
// one labels are wrapped, single values get a table of their own, and columns are
// left out, those first that are missed least: std, min, the time-weighted mean,
// p90, max, p99, p50; a line under the table names them. What a metric does not
// have is N/A. A box is never broken: what no box can hold is paragraphs.
package render
