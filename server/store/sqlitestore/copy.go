package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// copyWatch is how often a copy's progress is told: often enough for a bar, rarely enough to cost nothing.
const copyWatch = 200 * time.Millisecond

// Copy writes the newest commit of a realm to a new file, mode 0600, while a
// server may be writing the realm in this or another process. It holds one
// snapshot all along and keeps nobody from writing; the write-ahead log grows
// meanwhile. The copy is durable when Copy returns; where it fails no file stays.
// progress is told bytes done of bytes there; it may be nil.
func Copy(ctx context.Context, from, to string, progress func(done, total int64)) (err error) {
	source := file{from, Options{}.filled().Disk}
	if err := source.present(ctx); err != nil {
		return err
	}
	conn, err := source.openConn(sqlite.OpenReadOnly, readerCacheBytes)
	if err != nil {
		return source.explain("open for copying", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := schemaVersion(conn, source); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return explainFile(to, "make the copy", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, remove(to))
		}
	}()
	if err := into(ctx, conn, source, to, progress); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return explainFile(to, "make the copy durable", err)
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// into copies what the connection sees into an empty file.
func into(ctx context.Context, conn *sqlite.Conn, source file, to string, progress func(done, total int64)) error {
	conn.SetInterrupt(ctx.Done())
	defer conn.SetInterrupt(nil)
	defer watchSize(conn, to, progress)()
	err := sqlitex.ExecuteTransient(conn, "VACUUM INTO ?", &sqlitex.ExecOptions{Args: []any{to}})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull:
		return fmt.Errorf("%w: %s: copy the realm: %w: free space there or choose another place", store.ErrFull, to, err)
	}
	return source.explain("copy the realm", err)
}

// watchSize tells how far the copy has come; what it returns ends that.
func watchSize(conn *sqlite.Conn, to string, progress func(done, total int64)) (end func()) {
	if progress == nil {
		return func() {}
	}
	pages, err := askInt(conn, "PRAGMA page_count")
	if err != nil {
		return func() {} // Without a total there is no bar; the copy itself says what is wrong.
	}
	total, stop, stopped := pages*pageBytes, make(chan struct{}), make(chan struct{})
	go func() { // stopped by end
		defer close(stopped)
		tick := time.NewTicker(copyWatch)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if info, err := os.Stat(to); err == nil {
					progress(min(info.Size(), total), total)
				}
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}
