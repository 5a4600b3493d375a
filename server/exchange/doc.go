// Package exchange is the one write path of a realm and the place where pages
// of its log are cut. A change walks through here once: authenticate, decode,
// authorise against the stored record's scope, validate, merge (a pure function
// of the sync engine), apply, commit. The commit is the only acknowledgement.
//
// Batches of many phones share one transaction (group commit); each phone gets
// its own outcome. Pages are cut from a snapshot afterwards, outside the writer.
//
// It never speaks gRPC, holds no record rule of its own and never lets a value
// pass to a device whose roles may not read it.
//
// Invariants carried here: I1 (exactly once), I2 (nothing lost), I5 (dense, by
// the store), I9, I10 (read safety), I14 (a poisoned change delays others by at
// most one batch), I16 (quarantine), I18 (clone) and I21 (write safety).
//
// Documents it keeps, by bucket:
//
//	progress    incarnation                 how far its changes are decided
//	batch       incarnation + device_seq    where a run of changes stands in the log
//	commit      seq                         tag and time of each commit
//	quarantine  seq                         changes that wait for a decision
//	awaiting    record + seq                quarantined changes of unknown records
//	conflict    record                      records with something open
//	digest      key + kind and class        sums over what a territory holds
//	held        seq                         entries with cells this software does not know
//	history     "1"                         the epochs
//	nonces      "1"                         handed out and unused when the server was stopped
//	attends     incarnation                 which of several servers a phone speaks to, and a nonce that all of them take
//	opened      "1"                         how many servers have opened the realm, where several may
//	ledger      "1"                         how far the side ledger and the store agree
//	revision    "1"                         how often identity changed
//	barrier     record + field + key        since when values of erased cells count again
//	erasure     seq                         whom an erasure concerns
//	aside       record + seq                changes that were ever quarantined, as long as their bodies stand
//	unclean     "1"                         erased bytes may still be read in the store's files
//	rules       number                      imported tables of casework's rules
//	placed      "1"                         by which rules records are placed, see placeanew.go
//	looks       user + time                 doors looked up outside of the area, for a day
//	author      incarnation                 the user behind writes made at the server
//
// Read service.go first, then glance.go, group.go, push.go, judge.go and page.go; asking.go is for stores a trip away; epoch.go,
// putback.go and ledger.go tell what holds over a restore; rulebook.go what phones work cases by.
package exchange
