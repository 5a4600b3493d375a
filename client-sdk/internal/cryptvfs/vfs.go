package cryptvfs

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// resultIOErrData is the code for a page that fails its tag; the driver has no name for it.
const resultIOErrData = sqlite.ResultCode(sqlite3.SQLITE_IOERR_DATA)

// VFS is a registered VFS that opens databases of one key. It may be used by several goroutines.
type VFS struct {
	sealer *sealer
	name   string
	handle uintptr
	// engineVFS and engineName are allocations that the engine refers to while the VFS is registered.
	engineVFS, engineName uintptr
	// base is the VFS below, the engine's default.
	base uintptr
	// openFiles counts main files and logs that are open.
	openFiles atomic.Int64

	mu     sync.Mutex // guards closed
	closed bool
}

var registered handles[VFS]

// Register derives the keys and registers a VFS. Close unregisters it and frees what it holds.
func Register(key [32]byte) (*VFS, error) {
	sealer, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_initialize(tls); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("start the engine: %w", sqlite.ResultCode(rc).ToError())
	}
	v := &VFS{sealer: sealer, base: sqlite3.Xsqlite3_vfs_find(tls, 0)}
	if v.base == 0 {
		return nil, errors.New("the engine has no VFS for this system")
	}
	v.handle = registered.add(v)
	v.name = "onedoor-sealed-" + strconv.FormatUint(uint64(v.handle), 10)
	if err := v.register(tls); err != nil {
		v.free(tls)
		return nil, err
	}
	return v, nil
}

// register makes the engine's form of the VFS. Whatever is not about the content of files stays the base's own: those
// functions read nothing of the VFS but its longest path.
func (v *VFS) register(tls *libc.TLS) (err error) {
	if v.engineName, err = libc.CString(v.name); err != nil {
		return err
	}
	v.engineVFS = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	if v.engineVFS == 0 {
		return errors.New("no memory for a VFS")
	}
	own, base := at[sqlite3.Tsqlite3_vfs](v.engineVFS), at[sqlite3.Tsqlite3_vfs](v.base)
	*own = *base
	own.FszOsFile = int32(shimBytes) + base.FszOsFile
	own.FpNext = 0
	own.FzName = v.engineName
	own.FpAppData = v.handle
	own.FxOpen = function[openFunc](openFile)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, v.engineVFS, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register %s: %w", v.name, sqlite.ResultCode(rc).ToError())
	}
	return nil
}

// Name is what a connection's URI names as its vfs.
func (v *VFS) Name() string { return v.name }

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
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_vfs_unregister(tls, v.engineVFS); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("unregister %s: %w", v.name, sqlite.ResultCode(rc).ToError())
	}
	v.closed = true
	v.free(tls)
	return nil
}

// free gives back what the engine no longer refers to.
func (v *VFS) free(tls *libc.TLS) {
	libc.Xfree(tls, v.engineVFS)
	libc.Xfree(tls, v.engineName)
	registered.drop(v.handle)
}
