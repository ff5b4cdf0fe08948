// Package stat holds estimators, each named with its source. None of them
// changes what it is given.
//
// Quantiles are sample quantile 7 of R. J. Hyndman and Y. Fan, "Sample Quantiles
// in Statistical Packages", The American Statistician 50 (1996): linear between
// the order statistics around the index q·(n−1), counted from 0. It is what
// numpy, R and spreadsheets give unless asked for another.
//
// Sums are compensated (A. Neumaier, "Rundungsfehleranalyse einiger Verfahren
// zur Summation endlicher Summen", ZAMM 54, 1974), so that a million
// nanoseconds added to an hour are not lost. Deviations take a second pass over
// the values.
package stat
