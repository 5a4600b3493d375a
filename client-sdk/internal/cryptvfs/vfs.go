package cryptvfs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"onedoor/internal/logvfs"
	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs"
)

// resultIOErrData is the code for a page that fails its tag; the driver has no name for it.
const resultIOErrData = sqlite.ResultCode(sqlite3.SQLITE_IOERR_DATA)

// VFS is a registered VFS that opens databases of one key. It may be used by several goroutines.
type VFS struct {
	sealer *sealer
	disk   sqlitedisk.Disk
	layer  *sqlitevfs.Layer
	// logs stands below this one, over that of the disk.
	logs *logvfs.VFS
	// openFiles counts main files and logs that are open.
	openFiles atomic.Int64

	mu     sync.Mutex // guards closed
	closed bool
}

// Register derives the keys and registers a VFS over that of the disk, whose logs are written in large pieces, and which must stay
// registered until Close. Close unregisters it and frees what it holds.
func Register(key [32]byte, disk sqlitedisk.Disk) (*VFS, error) {
	sealer, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	logs, err := logvfs.Register(disk)
	if err != nil {
		return nil, err
	}
	v := &VFS{sealer: sealer, disk: disk, logs: logs}
	if v.layer, err = sqlitevfs.Over("onedoor-sealed-", logs.Address(), v.openFile); err != nil {
		return nil, errors.Join(err, logs.Close())
	}
	return v, nil
}

// Name is what a connection's URI names as its vfs.
func (v *VFS) Name() string { return v.layer.Name() }

// Close unregisters the VFS. It gives ErrInUse, and changes nothing, while a connection has a file open. A second
// Close is nil.
func (v *VFS) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	if n := v.openFiles.Load(); n > 0 {
		return fmt.Errorf("%w: %d files; close the connection first", ErrInUse, n)
	}
	if err := v.layer.Close(); err != nil {
		return err
	}
	v.closed = true
	return v.logs.Close()
}
