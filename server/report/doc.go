// Package report counts a realm's figures: it folds the log into the units of domain/metrics, sums them up by territory,
// period and part, and says with every number how fresh and how certain it is.
//
// A projection is a reader of the log. It lives in memory, stands exactly at a watermark, follows the log entry by entry,
// and may be dropped and counted anew with the same result: what is in it is a function of the log alone (I17). Several
// servers of one realm each hold their own. What is no projection is a frozen month: what was told of it, kept in the
// realm's store with its hash, so that March pulled again is March; what arrives later is told apart.
//
// Everything that leaves the package is a [Report], and every row of one has come through the gate of gate.go, which hides
// small cells. It never gives a figure by worker: [Service.Own] is a worker's own count, for the worker alone. It writes
// no record.
//
// Memory: 20 bytes a call at a door, some 200 a door and 500 a case. A large count is saved over a restart, see saved.go.
//
// Read pull.go first, then gate.go and rows.go; service.go, fold.go and projection.go for where the numbers come from, frozen.go for
// those that stand.
package report
