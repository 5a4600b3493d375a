// Package replay plays a folder of real rental-house inspections through real
// parts: a server over gRPC on loopback and many phones that work offline.
//
// The register becomes doors, imported by the operator. Every inspection becomes
// a visit with its checklist, written on a phone that is offline, and every item
// that was scored worst becomes a hazard. The files of single days come after, in
// the order of their dates: what they add or change is the work of that day.
// Buildings and inspections are real. People, teams, phones, which phone did
// what, when it was in reach, and the edits that two phones of a team make to the
// same records are generated from a seed; whoever shows results says so.
//
// # How it goes
//
// A [Plan] is made of the feed and the seed alone: for each ward a team of three
// phones and, session by session, what each phone writes and which phones sync in
// what order in the evening. Wards never touch each other's records, so each is
// planned, played and audited by itself. Play carries the plan out; it decides
// nothing.
//
// The auditor then predicts from the plan alone which values must be found and
// where, and compares that with the server's records and with every phone. It
// has the rules of the protocol's section 3 in its own words (ledger.go, order.go)
// and takes no decision and no count from the sync engine, whose decoder it uses
// to read stored values and nothing else. What it calls lost, duplicated and
// converged stands at [Findings].
//
// One seed makes one plan, and one plan one result: clocks are part of it, and
// the server's stands still while phones sync.
//
// The package never writes outside the folder it is given, and starts no process.
//
// Read plan.go first, then mapping.go, ledger.go, audit.go and play.go.
package replay
