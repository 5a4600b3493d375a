package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
)

const (
	// ReadersDefault bounds the connections that read. Reading is bound by the
	// processor, so more than a few a core only cost memory.
	ReadersDefault = 8
	// CacheBytesDefault holds the upper levels of every tree and the leaves
	// that one group commit touches.
	CacheBytesDefault = 32 << 20
	// readerCacheBytes is small: what the writer has not just written stands in
	// the operating system's cache.
	readerCacheBytes = 4 << 20
	// pageBytes of 8 KiB write fewer and longer log frames than SQLite's 4 KiB
	// for the batches of a group commit, and hold a record of a kilobyte without
	// an overflow page.
	pageBytes = 8 << 10
	// newSuffix names a realm being made.
	newSuffix = ".new"
)

// Options tune a Store; the zero value is right for a server.
type Options struct {
	// Readers bounds the connections that read; 0 means [ReadersDefault].
	Readers int
	// CacheBytes bounds the page cache of the writing connection; 0 means [CacheBytesDefault].
	CacheBytes int
}

// filled gives the options with the defaults in place.
func (o Options) filled() Options {
	if o.Readers <= 0 {
		o.Readers = ReadersDefault
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = CacheBytesDefault
	}
	return o
}

// Create makes a new realm's file and opens it. It refuses with fs.ErrExist
// where any file stands. A crash leaves either no realm or a whole one.
func Create(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	held, err := lock(path)
	if err != nil {
		return nil, err
	}
	if _, err = os.Lstat(path); err == nil {
		err = fmt.Errorf("%s: make a realm: %w: choose another folder, or open this one", path, fs.ErrExist)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = build(path)
	}
	if err != nil {
		held.Close()
		return nil, err
	}
	return openWriter(path, held, opts.filled())
}

// build makes the file under another name and gives it its own when it is whole.
func build(path string) error {
	unfinished := path + newSuffix
	for _, suffix := range []string{"", walSuffix, "-shm"} {
		if err := os.Remove(unfinished + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainFile(path, "remove an unfinished realm", err)
		}
	}
	// SQLite would make it readable for everyone; the files beside it inherit the mode.
	f, err := os.OpenFile(unfinished, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return explainFile(path, "make a realm", err)
	}
	f.Close()
	if err := fill(unfinished); err != nil {
		return explain(path, "make a realm", err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return explainFile(path, "make a realm", err)
	}
	return syncFolder(path)
}

// fill writes the schema into an empty file; closing it empties the write-ahead log into it.
func fill(path string) (err error) {
	conn, err := openConn(path, sqlite.OpenReadWrite, CacheBytesDefault)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, set := range []string{
		fmt.Sprintf("PRAGMA page_size = %d", pageBytes),
		"PRAGMA journal_mode = WAL",
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
	} {
		if err := run(conn, set); err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
	}
	return migrate(conn, 0)
}

// syncFolder makes the file's name durable.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return explainFile(path, "sync the folder", err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return explainFile(path, "sync the folder", err)
	}
	return nil
}

// Open opens an existing realm for reading and writing and brings its schema up
// to date. Close ends it. The error is fs.ErrNotExist, [ErrInUse] or one of
// package store's.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := present(ctx, path); err != nil {
		return nil, err
	}
	held, err := lock(path)
	if err != nil {
		return nil, err
	}
	return openWriter(path, held, opts.filled())
}

// OpenReader opens an existing realm for reading, while a server may be writing
// it in this or another process. Each View sees the newest commit. Update gives
// store.ErrReadOnly. The folder must be writable, or hold the files of a
// running server, since readers and the writer meet in the -shm file.
func OpenReader(ctx context.Context, path string) (*Store, error) {
	if err := present(ctx, path); err != nil {
		return nil, err
	}
	s := newStore(path, Options{}.filled())
	first, err := s.openReader()
	if err != nil {
		return nil, err
	}
	<-s.readers
	s.readers <- first
	return s, nil
}

// present refuses before anything is made at the path.
func present(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return explainFile(path, "open the realm", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a file: check the path", store.ErrDamaged, path)
	}
	return nil
}

// openWriter opens the writing connection; it owns the lock.
func openWriter(path string, held *os.File, opts Options) (*Store, error) {
	s := newStore(path, opts)
	s.held = held
	s.writer = make(chan *session, 1)
	w, err := s.openWriter()
	if err != nil {
		held.Close()
		return nil, err
	}
	s.writer <- w
	return s, nil
}

// openWriter opens the connection that writes.
func (s *Store) openWriter() (*session, error) {
	conn, err := openConn(s.path, sqlite.OpenReadWrite, s.opts.CacheBytes)
	if err != nil {
		return nil, explain(s.path, "open the realm", err)
	}
	w, err := s.setUpWriter(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

// setUpWriter checks the file, migrates it, and bounds its write-ahead log.
func (s *Store) setUpWriter(conn *sqlite.Conn) (*session, error) {
	version, err := schemaVersion(conn, s.path)
	if err != nil {
		return nil, err
	}
	if err := wholeFile(conn, s.path); err != nil {
		return nil, err
	}
	if err := migrate(conn, version); err != nil {
		return nil, explain(s.path, "open for writing", err)
	}
	mode, err := ask(conn, "PRAGMA journal_mode = WAL")
	if err != nil {
		return nil, explain(s.path, "open the write-ahead log", err)
	}
	if mode != "wal" {
		return nil, fmt.Errorf("%s: the file system cannot share memory between processes: put the data folder on a local disk", s.path)
	}
	for _, set := range []string{
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", walBytesMax),
	} {
		if err := run(conn, set); err != nil {
			return nil, explain(s.path, "open the write-ahead log", err)
		}
	}
	w, err := prepare(conn, true)
	if err != nil {
		return nil, explain(s.path, "open the realm", err)
	}
	return w, nil
}

// wholeFile notices a file cut within its last page, which SQLite does not.
// With a write-ahead log the end of the file may not be written yet.
func wholeFile(conn *sqlite.Conn, path string) error {
	if size(path+walSuffix) > 0 {
		return nil
	}
	pages, err := askInt(conn, "PRAGMA page_count")
	if err != nil {
		return explain(path, "read the header", err)
	}
	if want := pages * pageBytes; size(path) < want {
		return fmt.Errorf("%w: %s has %d bytes of %d: %s", store.ErrDamaged, path, size(path), want, restoreAdvice)
	}
	return nil
}

// openReader opens a connection that reads.
func (s *Store) openReader() (*session, error) {
	conn, err := openConn(s.path, sqlite.OpenReadOnly, readerCacheBytes)
	if err != nil {
		return nil, explain(s.path, "open for reading", err)
	}
	version, err := schemaVersion(conn, s.path)
	if err == nil && version < schemaNewest {
		err = fmt.Errorf("%s: schema %d is older than %d: start the server once, which brings it up to date", s.path, version, schemaNewest)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	r, err := prepare(conn, false)
	if err != nil {
		conn.Close()
		return nil, explain(s.path, "open for reading", err)
	}
	return r, nil
}
