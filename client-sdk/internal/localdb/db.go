package localdb

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"sync"

	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sqlitedisk"
	"onedoor/syncengine"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// checkpointPages is how long the log grows before a commit moves it into the main file by itself. It is a bound
	// for apps that never call Checkpoint: 16 MB, some seven hundred edits, so that even then few edits wait for it.
	checkpointPages = 4000
	// logBytesKept is what stays of the log's file when it starts anew. Writing over blocks that the file system has
	// already given out makes the flush of an edit cheaper and steadier than growing the file again.
	logBytesKept = 16 << 20
	// cacheKiB is the engine's page cache.
	cacheKiB = 8 << 10
)

// DB is the open database of one replica. It may be used by several goroutines; they take turns.
type DB struct {
	path string
	disk sqlitedisk.Disk

	mu     sync.Mutex // guards the fields below
	vfs    *cryptvfs.VFS
	conn   *sqlite.Conn
	closed bool
	// broken is the error after which the connection cannot be trusted; nil for none.
	broken error
	// shelves hold prepared statements, by their text.
	shelves map[string]*shelf
	// known is what the database is known to hold. It is emptied on a rollback.
	known dictionaries
	// baseSets remembers what BaseKeys has looked up.
	baseSets baseSets
	// holds is what the records may hold.
	holds holds
	// unclean is set while Scrub has work; see metaUnclean. soiled counts what has made it so.
	unclean bool
	soiled  uint64
	// shown is rounds.shown, indexed search_mark.row, turned turn_mark.row.
	shown, indexed, turned int64
	// leaving is told of every record that is about to be deleted; nil for nobody.
	leaving func(*Tx, Record) error
}

// Tx is a transaction. It belongs to the function it is handed to and to that function's goroutine.
type Tx struct {
	db     *DB
	writes bool
	over   bool
	// anyGone remembers that staging_gone may hold rows; checkedGone that anyGone was looked up.
	anyGone, checkedGone bool
	// nextConfirmed is the row behind the one that ConfirmRecord wrote last; 0 for none.
	nextConfirmed int64
	// left lists the records that left the base.
	left []syncengine.ID
}

// Open opens the database at path with its key, and makes it where there is none; the folder must exist. One database
// is open once at a time. disk is what its files stand on. Errors: ErrKey, ErrDamaged, ErrInUse, ErrNotWritable,
// ErrNewer.
func Open(path string, key [32]byte, disk sqlitedisk.Disk) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	vfs, err := cryptvfs.Register(key, disk)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, disk: disk, vfs: vfs, shelves: map[string]*shelf{}}
	if err := db.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// open makes the file where there is none and connects to it.
func (db *DB) open() error {
	if err := db.vfs.Create(db.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	uri := "file:" + (&url.URL{Path: db.path}).EscapedPath() + "?vfs=" + db.vfs.Name()
	return db.connect(uri, sqlite.OpenReadWrite|sqlite.OpenURI)
}

// connect opens the connection, locks the file and brings the schema up to date.
func (db *DB) connect(uri string, flags sqlite.OpenFlags) (err error) {
	if db.conn, err = sqlite.OpenConn(uri, flags); err != nil {
		return cryptvfs.Explain(err)
	}
	db.conn.SetBusyTimeout(0)
	for _, pragma := range []string{
		"locking_mode=EXCLUSIVE", "temp_store=MEMORY", "secure_delete=FAST", "journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF",
		// The types of this package give the lengths that constraints ask for, by a function; and a statement of many rows
		// that calls one has the engine copy each page before it is touched.
		"ignore_check_constraints=ON",
		"checkpoint_fullfsync=ON", // Apple's fsync alone may leave a checkpoint half in the drive's cache
		fmt.Sprintf("cache_size=-%d", cacheKiB),
		fmt.Sprintf("wal_autocheckpoint=%d", checkpointPages),
		fmt.Sprintf("journal_size_limit=%d", logBytesKept),
	} {
		if err := db.execute("PRAGMA " + pragma); err != nil {
			return fmt.Errorf("%s: %w", pragma, err)
		}
	}
	if err := db.migrate(); err != nil {
		return err
	}
	return db.View(func(tx *Tx) error { return errors.Join(tx.readMarks(), tx.readUnclean(), tx.readHolds()) })
}

// execute runs a statement without parameters and drops its rows.
func (db *DB) execute(statement string) error {
	return cryptvfs.Explain(sqlitex.ExecuteTransient(db.conn, statement, nil))
}

// Close moves the log into the main file and closes it. A second Close is nil.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	return errors.Join(db.disconnect(), db.vfs.Close())
}

// disconnect closes the connection, if there is one.
func (db *DB) disconnect() error {
	if db.conn == nil {
		return nil
	}
	var errs []error
	for _, shelf := range db.shelves {
		for _, s := range shelf.idle {
			errs = append(errs, s.Finalize())
		}
	}
	return errors.Join(append(errs, cryptvfs.Explain(db.conn.Close()))...)
}

// Path is the main file's path.
func (db *DB) Path() string { return db.path }

// Size is the bytes that the database's files take.
func (db *DB) Size() (int64, error) {
	var size int64
	for _, path := range []string{db.path, db.path + "-wal"} {
		n, err := db.disk.Size(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		size += n
	}
	return size, nil
}

// Checkpoint moves what the log holds into the main file. Called when the app is idle and after a sync, it keeps that
// work out of edits.
func (db *DB) Checkpoint() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.usable(); err != nil {
		return err
	}
	return db.execute("PRAGMA wal_checkpoint(PASSIVE)")
}

// restPages is how much the log holds at least before it is worth moving: less costs an idle phone two flushes of its
// disk for nothing, and leaves an edit's commit far from checkpointPages.
const restPages = checkpointPages / 4

// Rest is Checkpoint once the log holds enough for it, and Scrub where records have left the base.
func (db *DB) Rest() error {
	if db.Unclean() {
		return db.Scrub()
	}
	pages, err := db.logPages()
	if err != nil || pages < restPages {
		return err
	}
	return db.Checkpoint()
}

// logPages gives how many pages the log holds that the main file does not.
func (db *DB) logPages() (pages int, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.usable(); err != nil {
		return 0, err
	}
	err = sqlitex.ExecuteTransient(db.conn, "PRAGMA wal_checkpoint(NOOP)", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			pages = row.ColumnInt(1) - row.ColumnInt(2)
			return nil
		},
	})
	return pages, cryptvfs.Explain(err)
}

// Update runs f in a transaction. It is committed, durably, when f returns nil, and rolled back when f returns an error
// or panics. f must not call a method of the DB: it would wait for itself.
func (db *DB) Update(f func(*Tx) error) error { return db.transact("BEGIN IMMEDIATE", true, f) }

// View runs f in a transaction that only reads. f must not call a method of the DB.
func (db *DB) View(f func(*Tx) error) error { return db.transact("BEGIN", false, f) }

func (db *DB) transact(begin string, writes bool, f func(*Tx) error) (err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := db.usable(); err != nil {
		return err
	}
	tx := &Tx{db: db, writes: writes}
	if err := tx.statement(begin).run(); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			err = errors.Join(err, db.rollback(tx))
		}
		tx.over = true
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.statement("COMMIT").run(); err != nil {
		return err
	}
	committed = true
	return nil
}

// rollback undoes a transaction and forgets what was learnt in it. The engine undoes some by itself, as on a full disk.
func (db *DB) rollback(tx *Tx) error {
	if tx.writes {
		db.known, db.baseSets, db.holds = dictionaries{}, nil, holds{based: true, keyless: true}
	}
	if !db.conn.AutocommitEnabled() {
		if err := tx.statement("ROLLBACK").run(); err != nil {
			db.broken = fmt.Errorf("%s: a transaction could not be undone; close and open it again: %w", db.path, err)
			return db.broken
		}
	}
	if tx.writes {
		return tx.readMarks()
	}
	return nil
}

func (db *DB) usable() error {
	if db.closed {
		return ErrClosed
	}
	return db.broken
}
