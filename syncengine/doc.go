// Package syncengine is the pure logic of the sync protocol: it decides what a
// change does to a record, which values stay, which one is shown and what is a
// conflict. It never does I/O, reads a clock, starts a goroutine or draws a
// random number; time and chance come in as values, so that everything it
// decides can be replayed from its inputs.
//
// # Terms
//
//   - Realm: one district's log, the unit of ordering.
//   - Epoch: one history of that log; a restore starts a new one.
//   - Seq: the dense number of a log entry. Coordinate: (epoch, seq).
//   - Incarnation: one local database, that is one installation for one user.
//   - DeviceSeq: the dense number of a change within its incarnation.
//     Dot: (incarnation, device_seq), the identity of a change.
//   - Change: one device's patch to one record.
//   - Record: a door, a visit, a case. Cell: one field of it, one key of a map
//     field or one element of a set field.
//   - Value: what one change wrote into one cell, with what its author had seen.
//   - Base: the coordinate of the record version an author saw.
//   - Conflict: a cell with two or more distinct maximal values.
//   - Kept: a covered value that the covering author had not been shown.
//   - Life: the cell that says whether a record is alive or deleted.
//   - Held: a cell this software does not know; stored, neither merged nor sent.
//   - Quarantine: a change kept whole for a person's decision.
//   - ScopeKey: what a grant gives and a page is cut by: a territory, a door, a
//     case, a user, a device or the realm.
//   - Stamp: a bounded, corrected device time, fixed at first receipt.
//   - Chain: the hash over an incarnation's changes up to one of them.
//   - Digest: the sum over (record, cell, shown value) of one key and class.
//   - Cursor, Page, Checkpoint, Grant, Receipt and Outbox belong to the rooms
//     around the engine and are told in ARCHITECTURE.md.
//
// # Invariants
//
// The package carries I3 (no silent overwrite), I9 (order does not matter) and
// I12 (clocks break nothing) by itself, and I1, I13 and I16 together with the
// server's write path.
//
// Two rules are looser than they look. Of the intervals in which a value was
// shown only the last is remembered, and under review a value is kept for having
// been in a conflict when its successor arrived; so what is kept, never what
// stands, may depend on the order of arrival there.
//
// Read record.go first, then merge.go; causality.go says what covers what, and
// interval.go what was shown when. testdata tells the rules as stories.
package syncengine
