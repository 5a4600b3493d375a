// Package server wires the rooms below it into a running onedoor: it makes a
// realm's folder, opens it, serves it over gRPC, stops it without losing
// anything, and checks it. It is the one place that knows all rooms, and the
// only one that commands and the demo need.
//
// It decides nothing about a change, a grant or a record, and it logs no record
// content, no name and no address of a phone: of a call only method, code and
// duration.
//
// # The folder
//
//	realm.db       the log and what it reduces to (package sqlitestore lists the files beside it)
//	realm.secret   the realm's keys, mode 0600; without it the database cannot be served
//	admin.token    the operator's token, mode 0600; a new one can be minted, so it needs no backup
//	backups.jsonl  the verified backups, one a line, by which phones are told what is safe
//
// A backup is one file: the database as of one commit, with the secrets in a
// document of it. Restore makes a folder of it, in a new epoch.
//
// Init makes all three or none: it works in a subfolder and moves them up when
// they are whole, the database last, because a folder with realm.db is a realm.
//
// # Order
//
// Open goes from the store upwards, Stop from the edge downwards: no new calls,
// watches end, calls in hand are finished or cut, the write path finishes its
// group, the store closes. Whoever is cut gets Unavailable and calls again;
// exchanges are idempotent.
//
// # Process and realm
//
// Server is the process: what listens, TLS, the gRPC servers, metrics, traces, health, the console's and the admin
// listener. hosted is a realm with all that serves it: store, keys, write path, hub, services, upkeep, post. A call is
// brought to its realm before it is logged or counted (routed.go): by its token, or for a phone and for who signs in by
// what the message names.
//
// Read open.go first, then server.go, hosted.go, routed.go, init.go, verify.go, backup.go and restore.go.
package server
