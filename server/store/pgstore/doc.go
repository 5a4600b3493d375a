// Package pgstore keeps realms in a database of the PostgreSQL family, through jackc/pgx, without cgo. It implements the
// contract in server/store and knows no more of a realm than that contract says.
//
// It never decides anything about a change, never deletes a log entry, never opens a database of newer software, needs no
// extension, and uses only SQL that docs/storage.md lists with the engines that have it.
//
// # One writer a realm
//
// Many servers may have a realm open. An update locks the realm's row in onedoor_heads first and reads under that lock
// what the one before it committed, so updates take turns across all of them and seq is dense by it. A view is one
// snapshot (REPEATABLE READ, READ ONLY) on the primary. Every key begins with the realm and a transaction touches one
// realm, so an engine that shards by realm needs no transaction across shards.
//
// # Trips
//
// What an update writes waits in memory, the newest state of each row, and goes to the engine as one array a column: with
// the head, the process's own row and the commit in one trip. Single rows that wait are read from memory; before a range
// is read, what waits is sent.
//
// What is announced to be asked ([store.Questions]) is read in one trip, in that of the beginning where the transaction's
// context carries it, and waits in memory until it is asked for. A write drops what it touches of that.
//
// # Faults
//
// A transaction that met another one, a deadlock, a fail-over, a lost connection: the update is run again as a whole, on
// the state of then, within [store.Store]'s promise that f may be. It is never applied twice: each process has a row that
// counts its transactions, written by each, and where the answer to a commit is lost the process takes the lock on a new
// connection, behind whatever still runs, and reads there whether the commit happened. Only Close ends that doubt without
// an answer (store.ErrUnknown). A process that finds less there than it was told is durable says store.ErrWentBack.
//
// # Tables
//
// migrations/*.sql is the schema with every table and column explained, one file a schema version, each applied in one
// transaction under a row lock when a store is opened for writing.
//
// Read open.go first, then store.go, update.go, reader.go, ahead.go, writer.go and send.go.
package pgstore
