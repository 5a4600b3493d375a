// Package casework is the centre's work at the server: it takes a step of a case
// for somebody at a desk, shows a case with its timeline and its clock, lists
// inboxes, and watches deadlines.
//
// Which step may be taken, when and by whom stands in domain/casework, which
// phones ask as well; here its answers are turned into writes of the log, made by
// server/exchange like any other. A step and what it leaves on the timeline are
// one transaction. It never judges a step that a phone took offline: that one is
// accepted or quarantined by the sync rules alone, and shows on the timeline.
//
// Index and Watch are readers of the log: what they hold is in memory, follows
// the log entry by entry, and may be dropped and read again. A task that a rule
// asks for has an id that follows from the case and the rule, so that it is made
// once, also after a restart and by several servers.
//
// Invariant carried here: I10 (a case is shown to those whose grants cover it,
// and only the classes of fields that their roles read).
//
// Read case.go first, then step.go, index.go and watch.go.
package casework
