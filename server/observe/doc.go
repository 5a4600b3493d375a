// Package observe is how a running server is watched: metrics for Prometheus, traces for OpenTelemetry, logs that say which
// trace they belong to.
//
// It decides nothing and changes nothing. What it tells are numbers, times, and names that this software has: of calls,
// outcomes, operations. It never tells a record's content, a person, a phone or an address, and the values of a label are
// always few: a realm's code, a method that the server has, an outcome from a list. A server that nobody watches counts all
// the same; it costs a few atomic additions a call.
//
// Read metrics.go first, then realm.go; state.go is what is looked up when somebody asks.
package observe
