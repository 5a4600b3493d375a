package sqlitevfs

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// VFS is a VFS that stands in the engine's list.
type VFS struct {
	name string
	// address and engineName are allocations that the engine refers to while the VFS is registered.
	address, engineName uintptr
}

// registrations numbers them, so that each has a name of its own.
var registrations atomic.Uint64

// Find gives the address of a registered VFS; "" finds the engine's default.
func Find(name string) (uintptr, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_initialize(tls); rc != sqlite3.SQLITE_OK {
		return 0, fmt.Errorf("start the engine: %w", sqlite.ResultCode(rc).ToError())
	}
	var engineName uintptr
	if name != "" {
		var err error
		if engineName, err = libc.CString(name); err != nil {
			return 0, err
		}
		defer libc.Xfree(tls, engineName)
	}
	if found := sqlite3.Xsqlite3_vfs_find(tls, engineName); found != 0 {
		return found, nil
	}
	if name == "" {
		return 0, errors.New("the engine has no VFS for this system")
	}
	return 0, fmt.Errorf("no VFS %q is registered", name)
}

// Register puts a VFS into the engine's list under a name that begins with prefix. It starts as a copy of the one at
// base, its application data included; change makes it what it is. Unregister takes it out again.
func Register(prefix string, base uintptr, change func(own *sqlite3.Tsqlite3_vfs)) (v *VFS, err error) {
	tls := libc.NewTLS()
	defer tls.Close()
	v = &VFS{name: prefix + strconv.FormatUint(registrations.Add(1), 10)}
	if v.engineName, err = libc.CString(v.name); err != nil {
		return nil, err
	}
	v.address = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	if v.address == 0 {
		v.free(tls)
		return nil, errors.New("no memory for a VFS")
	}
	own := At[sqlite3.Tsqlite3_vfs](v.address)
	*own = *At[sqlite3.Tsqlite3_vfs](base)
	own.FpNext = 0
	own.FzName = v.engineName
	change(own)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, v.address, 0); rc != sqlite3.SQLITE_OK {
		v.free(tls)
		return nil, fmt.Errorf("register %s: %w", v.name, sqlite.ResultCode(rc).ToError())
	}
	return v, nil
}

// Name is what a connection's URI names as its vfs.
func (v *VFS) Name() string { return v.name }

// Address is what the engine hands to the VFS's methods.
func (v *VFS) Address() uintptr { return v.address }

// Unregister takes the VFS out of the engine's list and frees what it holds. No file may be open on it.
func (v *VFS) Unregister() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_vfs_unregister(tls, v.address); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("unregister %s: %w", v.name, sqlite.ResultCode(rc).ToError())
	}
	v.free(tls)
	return nil
}

// free gives back what the engine does not refer to.
func (v *VFS) free(tls *libc.TLS) {
	libc.Xfree(tls, v.address)
	libc.Xfree(tls, v.engineName)
}
