package sqlitestore

import (
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// busyWait is how long a connection waits for a lock of another process. Only
// recovery after a crash and the end of a checkpoint take such locks, for
// milliseconds; longer means that a foreign program sits on the file.
const busyWait = 5 * time.Second

// pragmas are set on every connection before its first use.
var pragmas = []string{
	// A commit returns when the disk has it; fullfsync says the same where a
	// plain fsync stops at the drive's own cache (macOS).
	"PRAGMA synchronous = FULL",
	"PRAGMA fullfsync = ON",
	"PRAGMA checkpoint_fullfsync = ON",
	// A damaged or forged file is noticed instead of obeyed.
	"PRAGMA cell_size_check = ON",
	"PRAGMA trusted_schema = OFF",
	// What is deleted or written over goes from its page at once; internal/sqlitescrub sees to what that leaves behind.
	"PRAGMA secure_delete = FAST",
	// Nothing of the realm is written to a temporary file.
	"PRAGMA temp_store = MEMORY",
	// The schema has none.
	"PRAGMA foreign_keys = OFF",
}

// session is one connection with its statements, prepared once. It belongs to
// one goroutine at a time.
type session struct {
	conn *sqlite.Conn

	begin, commit, rollback *sqlite.Stmt

	head, record, behind, anyRecord, entry, scope, anyScope, document, lastDocument *sqlite.Stmt

	records, entries, documents, documentsFrom walk

	append, putRecord, putScope inserter
	setHead, rewrite            *sqlite.Stmt
	deleteScope                 *sqlite.Stmt
	putDocument, deleteDocument *sqlite.Stmt

	// lent is memory for the body of a record that is lent.
	lent []byte
}

// openConn opens a connection and sets it up without looking at the schema.
func (f file) openConn(flags sqlite.OpenFlags, cacheBytes int) (*sqlite.Conn, error) {
	return f.openConnOn(f.disk.VFS(), flags, cacheBytes)
}

// openConnOn is openConn on a VFS over the disk's.
func (f file) openConnOn(vfs string, flags sqlite.OpenFlags, cacheBytes int) (*sqlite.Conn, error) {
	conn, err := f.connect(vfs, flags)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyWait)
	const bytesPerKiB = 1024 // A negative cache_size counts KiB.
	cache := fmt.Sprintf("PRAGMA cache_size = -%d", cacheBytes/bytesPerKiB)
	for _, set := range append([]string{cache}, pragmas...) {
		if err := run(conn, set); err != nil {
			conn.Close()
			return nil, fmt.Errorf("%s: %w", set, err)
		}
	}
	return conn, nil
}

// run runs one statement that is not worth keeping.
func run(conn *sqlite.Conn, query string) error {
	return sqlitex.ExecuteTransient(conn, query, nil)
}

// askInt gives a number as ask does.
func askInt(conn *sqlite.Conn, query string) (int64, error) {
	text, err := ask(conn, query)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// ask gives the first column of the one row of a query.
func ask(conn *sqlite.Conn, query string) (answer string, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			answer = stmt.ColumnText(0)
			return nil
		},
	})
	return answer, err
}

// uncheckedWrites has the connection that writes pass over CHECK constraints. They ask for the length of ids and tags,
// which are arrays of that length wherever a statement here binds one; and they ask by a function, for which the engine
// would copy each page that a statement of many rows touches, so that it can be undone.
const uncheckedWrites = "PRAGMA ignore_check_constraints = ON"

// prepare prepares the statements that read, or all of them.
func prepare(conn *sqlite.Conn, writes bool) (*session, error) {
	s := &session{conn: conn}
	statements := map[**sqlite.Stmt]string{
		&s.begin: "BEGIN DEFERRED", &s.commit: "COMMIT", &s.rollback: "ROLLBACK",
		&s.head: selectHead, &s.record: selectRecord, &s.behind: selectBehind, &s.anyRecord: selectAny, &s.entry: selectEntry, &s.scope: selectScope, &s.anyScope: selectAnyScope,
		&s.document: selectDocument, &s.lastDocument: selectLastDocument,
	}
	s.records.query, s.entries.query = selectRecords, selectEntries
	s.documents.query, s.documentsFrom.query = selectDocuments, selectDocumentsFrom
	for _, w := range []*walk{&s.records, &s.entries, &s.documents, &s.documentsFrom} {
		statements[&w.stmt] = w.query
	}
	if writes {
		if err := run(conn, uncheckedWrites); err != nil {
			return nil, err
		}
		statements[&s.begin] = "BEGIN IMMEDIATE"
		for into, insertion := range map[*inserter]insertion{&s.append: insertEntry, &s.putRecord: upsertRecord, &s.putScope: upsertScope} {
			into.columns = insertion.columns
			statements[&into.one], statements[&into.many] = insertion.one(), insertion.many()
		}
		statements[&s.rewrite], statements[&s.deleteScope] = rewriteEntry, deleteScope
		statements[&s.putDocument], statements[&s.deleteDocument] = upsertDocument, deleteDocument
		statements[&s.setHead] = updateHead
	}
	for stmt, query := range statements {
		var err error
		if *stmt, err = conn.Prepare(query); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// do runs a prepared statement that gives no row.
func do(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}

// abandon ends whatever transaction is open. It reports whether the connection
// is fit for another one.
func (s *session) abandon() bool {
	if s.conn.AutocommitEnabled() {
		return true
	}
	_ = do(s.rollback) // What counts is whether the transaction is gone.
	return s.conn.AutocommitEnabled()
}
