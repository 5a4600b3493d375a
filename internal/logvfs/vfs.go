package logvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// VFS is a registered VFS. It may be used by several goroutines.
type VFS struct {
	engine *sqlitevfs.VFS
	// base is the address of the disk's VFS, which stands below this one.
	base uintptr
}

// registered finds a VFS by the address that the engine has for it: its application data stay those of the base, whose
// functions read them.
var registered sqlitevfs.Handles[VFS]

// Register registers a VFS over that of a disk, which must stay registered until Close.
func Register(disk sqlitevfs.Disk) (*VFS, error) {
	base, err := sqlitevfs.Find(disk.VFS())
	if err != nil {
		return nil, err
	}
	v := &VFS{base: base}
	v.engine, err = sqlitevfs.Register("onedoor-log-", base, func(own *sqlite3.Tsqlite3_vfs) {
		own.FszOsFile += int32(shimBytes)
		own.FxOpen = sqlitevfs.Function[sqlitevfs.OpenFunc](openFile)
	})
	if err != nil {
		return nil, err
	}
	registered.Name(v.engine.Address(), v)
	return v, nil
}

// Name is what a connection's URI names as its vfs.
func (v *VFS) Name() string { return v.engine.Name() }

// Address is what a VFS that stands on this one hands to its methods.
func (v *VFS) Address() uintptr { return v.engine.Address() }

// Close unregisters the VFS. No connection may have a file open on it.
func (v *VFS) Close() error {
	// The engine gives the address to nobody else before it is free.
	registered.Drop(v.engine.Address())
	if err := v.engine.Unregister(); err != nil {
		registered.Name(v.engine.Address(), v)
		return err
	}
	return nil
}

// openFile opens a log with what gathers its writes, and any other file as the base does.
func openFile(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	base := registered.Get(vfs).base
	open := sqlitevfs.Callable[sqlitevfs.OpenFunc](sqlitevfs.At[sqlite3.Tsqlite3_vfs](base).FxOpen)
	if flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return open(tls, base, name, address, flags, outFlags)
	}
	s := sqlitevfs.At[shim](address)
	s.methods = 0
	l := &log{base: address + shimBytes}
	if rc := open(tls, base, name, l.base, flags, outFlags); rc != sqlite3.SQLITE_OK {
		return rc
	}
	l.call = sqlitevfs.At[sqlite3.Tsqlite3_io_methods](sqlitevfs.At[sqlite3.Tsqlite3_file](l.base).FpMethods)
	s.handle = opened.Add(l)
	s.methods = sqlitevfs.AddressOf(&methods)
	return sqlite3.SQLITE_OK
}
