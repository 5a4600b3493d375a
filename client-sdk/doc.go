// Package client is the phone's replica of a district's records: an encrypted
// database that works without signal, and a sync that loses nothing.
//
// Everything but Enrol, Sync, KeepSynced and Watch works offline. An edit is
// checked by the rules of the field, committed durably and shown at once; it
// never leaves its author's screen until the server has decided about it. One
// call of Sync sends what was edited and brings what others did.
//
// # What a replica holds
//
//   - base: the server's state at the checkpoint, an exact prefix of the log;
//   - outbox: changes that no server has acknowledged, never altered;
//   - journal: acknowledged changes with their outcomes, as proof and as backup;
//   - view: base, then acknowledged changes above the checkpoint, then outbox.
//
// One database belongs to one installation and one user. The 32-byte key comes
// from the app with every Open and is never stored.
//
// # Invariants
//
// I2 (nothing lost: every committed edit is in the outbox, journalled with an
// outcome, or listed in quarantine), I6 (base is an exact prefix of the log at
// every moment a crash can choose), I7 (no read sees half a page or half a
// group) and I8 (an author's edit is visible to its author from commit on).
//
// # Where to read
//
// client.go opens a replica, edit.go commits an edit, sync.go is the loop,
// request.go and answer.go are one exchange, take.go and stage.go write it down, and
// settle.go is the moment base moves.
// The pure parts are in internal: pagerecord (a record's cells), outbox (making
// changes), syncloop (when to call); localdb holds the tables and remote speaks
// gRPC.
//
// Methods that take or give only texts, numbers and the package's own types can
// be bound for Kotlin and Swift; those with a context, a proto message or a
// function are for Go apps.
package client
