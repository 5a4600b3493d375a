package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"onedoor/internal/logvfs"
	"onedoor/internal/sqlitedisk"
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
	// Disk holds the files; nil is the system's. Its VFS must share memory between the connections of this process, and
	// between processes where OpenReader is used beside a writer.
	Disk sqlitedisk.Disk
}

// filled gives the options with the defaults in place.
func (o Options) filled() Options {
	if o.Readers <= 0 {
		o.Readers = ReadersDefault
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = CacheBytesDefault
	}
	if o.Disk == nil {
		o.Disk = sqlitedisk.System{}
	}
	return o
}

// Create makes a new realm's file and opens it. It refuses with fs.ErrExist
// where any file stands. A crash leaves either no realm or a whole one.
func Create(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file := file{path, opts.filled().Disk}
	held, err := file.lock()
	if err != nil {
		return nil, err
	}
	if err := file.make(); err != nil {
		held.Close()
		return nil, err
	}
	return openWriter(file, held, opts.filled())
}

// make makes the file under another name and gives it its own when it is whole.
func (f file) make() error {
	switch made, err := f.disk.Exists(f.path); {
	case err != nil:
		return explainFile(f.path, "make a realm", err)
	case made:
		return fmt.Errorf("%s: make a realm: %w: choose another folder, or open this one", f.path, fs.ErrExist)
	}
	unfinished := f.path + newSuffix
	for _, suffix := range []string{"", walSuffix, "-shm"} {
		if err := f.disk.Remove(unfinished + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainFile(f.path, "remove an unfinished realm", err)
		}
	}
	// SQLite would make it readable for everyone; the files beside it inherit the mode.
	if err := f.disk.Write(unfinished, nil); err != nil {
		return explainFile(f.path, "make a realm", err)
	}
	if err := fill(file{unfinished, f.disk}); err != nil {
		return f.explain("make a realm", err)
	}
	if err := f.disk.Rename(unfinished, f.path); err != nil {
		return explainFile(f.path, "make a realm", err)
	}
	return nil
}

// fill writes the schema into an empty file; closing it empties the write-ahead log into it.
func fill(f file) (err error) {
	conn, err := f.openConn(sqlite.OpenReadWrite, CacheBytesDefault)
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

// Open opens an existing realm for reading and writing and brings its schema up
// to date. Close ends it. The error is fs.ErrNotExist, [ErrInUse] or one of
// package store's.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	file := file{path, opts.filled().Disk}
	if err := file.present(ctx); err != nil {
		return nil, err
	}
	held, err := file.lock()
	if err != nil {
		return nil, err
	}
	return openWriter(file, held, opts.filled())
}

// OpenReader opens an existing realm for reading, while a server may be writing
// it in this or another process. Each View sees the newest commit. Update gives
// store.ErrReadOnly. The folder must be writable, or hold the files of a
// running server, since readers and the writer meet in the -shm file.
func OpenReader(ctx context.Context, path string) (*Store, error) {
	opts := Options{}.filled()
	file := file{path, opts.Disk}
	if err := file.present(ctx); err != nil {
		return nil, err
	}
	s := newStore(file, opts)
	first, err := s.openReader()
	if err != nil {
		return nil, err
	}
	<-s.readers
	s.readers <- first
	return s, nil
}

// openWriter opens the writing connection; it owns the lock.
func openWriter(file file, held io.Closer, opts Options) (*Store, error) {
	s := newStore(file, opts)
	s.held = held
	s.writer = make(chan *session, 1)
	var err error
	if s.logs, err = logvfs.Register(file.disk); err != nil {
		held.Close()
		return nil, err
	}
	w, err := s.openWriter()
	if err != nil {
		return nil, errors.Join(err, s.logs.Close(), held.Close())
	}
	s.writer <- w
	return s, nil
}

// openWriter opens the connection that writes.
func (s *Store) openWriter() (*session, error) {
	conn, err := s.openConnOn(s.logs.Name(), sqlite.OpenReadWrite, s.opts.CacheBytes)
	if err != nil {
		return nil, s.explain("open the realm", err)
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
	version, err := schemaVersion(conn, s.file)
	if err != nil {
		return nil, err
	}
	if err := s.wholeFile(conn); err != nil {
		return nil, err
	}
	if err := migrate(conn, version); err != nil {
		return nil, s.explain("open for writing", err)
	}
	mode, err := ask(conn, "PRAGMA journal_mode = WAL")
	if err != nil {
		return nil, s.explain("open the write-ahead log", err)
	}
	if mode != "wal" {
		return nil, fmt.Errorf("%s: the file system cannot share memory between processes: put the data folder on a local disk", s.path)
	}
	for _, set := range []string{
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", walBytesMax),
	} {
		if err := run(conn, set); err != nil {
			return nil, s.explain("open the write-ahead log", err)
		}
	}
	w, err := prepare(conn, true)
	if err != nil {
		return nil, s.explain("open the realm", err)
	}
	return w, nil
}

// wholeFile notices a file cut within its last page, which SQLite does not.
// With a write-ahead log the end of the file may not be written yet.
func (f file) wholeFile(conn *sqlite.Conn) error {
	if f.walSize() > 0 {
		return nil
	}
	pages, err := askInt(conn, "PRAGMA page_count")
	if err != nil {
		return f.explain("read the header", err)
	}
	if want := pages * pageBytes; f.size() < want {
		return fmt.Errorf("%w: %s has %d bytes of %d: %s", store.ErrDamaged, f.path, f.size(), want, restoreAdvice)
	}
	return nil
}

// openReader opens a connection that reads.
func (s *Store) openReader() (*session, error) {
	conn, err := s.openConn(sqlite.OpenReadOnly, readerCacheBytes)
	if err != nil {
		return nil, s.explain("open for reading", err)
	}
	version, err := schemaVersion(conn, s.file)
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
		return nil, s.explain("open for reading", err)
	}
	return r, nil
}
