// Package sqlitestore keeps one realm in one SQLite file, on modernc.org/sqlite
// through zombiezen.com/go/sqlite, without cgo. It implements the contract in
// server/store and knows no more of the realm than that contract says.
//
// It never decides anything about a change, never deletes a log entry, never
// opens a file of another program or of newer software, and never makes a new
// realm where an old one was expected: [Create] makes, [Open] opens.
//
// # Files
//
//	realm.db        the database, mode 0600, application id "oned", pages of 8 KiB
//	realm.db-wal    the write-ahead log: what was committed and is not yet in realm.db
//	realm.db-shm    the index of the write-ahead log, shared by the processes that have it open
//	realm.db.lock   empty; whoever may write holds a lock on it (flock) while the store is open
//	realm.db.new    a realm being made; left behind only by a crash, and then replaced by the next Create
//
// [Copy] makes a copy as of one commit, while the store is written too.
//
// # Tables
//
// migrations/*.sql is the schema with every table and column explained, one
// file a schema version, applied in order inside one transaction when the store
// is opened for writing. PRAGMA user_version is the version in force.
//
// # Connections
//
// One connection writes, in one transaction at a time, and waits for the disk
// at each commit (WAL, synchronous=FULL). A bounded number of connections
// reads, each View in one deferred transaction whose first statement reads the
// head and so fixes the snapshot. A View waits for a free connection when all
// are taken; it must not open another View inside itself, lest many of them
// wait for each other.
//
// A context bounds the wait for a connection, and ends a walk over records,
// entries or documents and a Check. It does not interrupt a commit.
//
// # Who may open it
//
// One writer at a time, in any process: the second gets [ErrInUse]. Readers by
// [OpenReader] come and go beside it, in other processes too.
//
// Read open.go first, then store.go, reader.go and writer.go.
package sqlitestore
