package cryptvfs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"onedoor/internal/logvfs"
	"onedoor/internal/sqlitevfs"
)

// resultIOErrData is the code for a page that fails its tag; the driver has no name for it.
const resultIOErrData = sqlite.ResultCode(sqlite3.SQLITE_IOERR_DATA)

// VFS is a registered VFS that opens databases of one key. It may be used by several goroutines.
type VFS struct {
	sealer *sealer
	disk   sqlitevfs.Disk
	engine *sqlitevfs.VFS
	// logs stands below this one, over that of the disk.
	logs *logvfs.VFS
	// openFiles counts main files and logs that are open.
	openFiles atomic.Int64

	mu     sync.Mutex // guards closed
	closed bool
}

// registered finds a VFS by the address that the engine has for it: its application data stay those of the base, whose
// functions read them.
var registered sqlitevfs.Handles[VFS]

// Register derives the keys and registers a VFS over that of the disk, whose logs are written in large pieces, and which must stay registered until Close. Close
// unregisters it and frees what it holds.
func Register(key [32]byte, disk sqlitevfs.Disk) (*VFS, error) {
	sealer, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	logs, err := logvfs.Register(disk)
	if err != nil {
		return nil, err
	}
	v := &VFS{sealer: sealer, disk: disk, logs: logs}
	// Whatever is not about the content of files stays the base's own.
	v.engine, err = sqlitevfs.Register("onedoor-sealed-", logs.Address(), func(own *sqlite3.Tsqlite3_vfs) {
		own.FszOsFile += int32(shimBytes)
		own.FxOpen = sqlitevfs.Function[sqlitevfs.OpenFunc](openFile)
	})
	if err != nil {
		return nil, errors.Join(err, logs.Close())
	}
	registered.Name(v.engine.Address(), v)
	return v, nil
}

// Name is what a connection's URI names as its vfs.
func (v *VFS) Name() string { return v.engine.Name() }

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
	// The engine gives the address to nobody else before it is free.
	registered.Drop(v.engine.Address())
	if err := v.engine.Unregister(); err != nil {
		registered.Name(v.engine.Address(), v)
		return err
	}
	v.closed = true
	return v.logs.Close()
}
