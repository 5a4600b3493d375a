// Package crash kills real processes: a server and phones, each this program run again, talk over loopback through lines
// that cut and delay, and are killed (SIGKILL) at random and at marked points. After every cycle the storm ends, every
// phone syncs, and an auditor of its own wants everything that was acknowledged to be there once.
//
// The marks stand in wrappers of this package and never in production code: in a VFS over the system's that counts a
// database's writes and syncs, so that a process dies inside a transaction, with everything written and nothing
// flushed, or with everything flushed and nobody told; and in the line, where a request has been handed over, a reply
// is held back, or has been passed on. A realm may lie in a PostgreSQL, with several servers that all phones know; the marks of
// such a server stand on its lines to the database.
//
// What is chosen follows from the seed, whatever the processes' timing: edits, faults, marks, victims. What a kill meets
// does not: two runs of a seed differ in what was under way. A kill takes nothing from the system's own cache; loss of
// unsynced writes is internal/sim/disk's affair.
//
// Invariants: I1, I2, I4, I6, I13 on real files and real sockets.
//
// Read crash.go first (a cycle), then plan.go (what is chosen), handset.go and host.go (the processes), marks.go and
// linemarks.go, elsewhere.go (a realm in a database), unanswered.go (why something is sent twice), and audit.go (what must hold).
package crash
