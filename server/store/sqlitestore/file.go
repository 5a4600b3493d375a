package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"

	"onedoor/internal/sqlitedisk"
	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
)

// file is a realm's file on its disk.
type file struct {
	path string
	disk sqlitedisk.Disk
}

// present refuses before anything is made at the path.
func (f file) present(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := f.disk.Size(f.path)
	if errors.Is(err, syscall.EISDIR) {
		return fmt.Errorf("%w: %s is not a file: check the path", store.ErrDamaged, f.path)
	}
	if err != nil {
		return explainFile(f.path, "open the realm", err)
	}
	return nil
}

// lockSuffix names the lock file. It is its own file, since closing any
// descriptor of the database itself drops the locks SQLite holds on it.
const lockSuffix = ".lock"

// lock is the right to write, held until it is closed or the process ends,
// however it ends. The lock file stays: removing it would let two processes
// hold locks on two files of one name.
func (f file) lock() (io.Closer, error) {
	held, err := f.disk.LockFile(f.path + lockSuffix)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w: %s: stop the other server, or open it for reading", ErrInUse, f.path)
	}
	if err != nil {
		return nil, explainFile(f.path, "take the write lock", err)
	}
	return held, nil
}

// size gives the file's length, 0 when it is not there.
func (f file) size() int64 { return f.sizeOf(f.path) }

// walSize gives the length of the write-ahead log, 0 when it is not there.
func (f file) walSize() int64 { return f.sizeOf(f.path + walSuffix) }

func (f file) sizeOf(path string) int64 {
	n, err := f.disk.Size(path)
	if err != nil {
		return 0
	}
	return n
}

// connect opens a connection on a VFS over the disk's, or on that.
func (f file) connect(vfs string, flags sqlite.OpenFlags) (*sqlite.Conn, error) {
	if vfs == "" {
		return sqlite.OpenConn(f.path, flags)
	}
	uri := "file:" + (&url.URL{Path: f.path}).EscapedPath() + "?vfs=" + url.QueryEscape(vfs)
	return sqlite.OpenConn(uri, flags|sqlite.OpenURI)
}

// probeBytes is a little more than the largest piece SQLite writes at once.
const probeBytes = 64 << 10

// probe writes beside the database, as far from the start as the longest of its
// files reaches, and gives the operating system's refusal, if any.
func (f file) probe() (refusal error) {
	return f.disk.Probe(f.path+".probe", max(f.size(), f.walSize()), probeBytes)
}
