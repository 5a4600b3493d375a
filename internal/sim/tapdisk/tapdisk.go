// Package tapdisk is the system's files with a tap on what a database writes and syncs: a process dies there, finds no room, or
// waits for a slow disk. It stands below the engine, where production code takes a disk, so that production code knows nothing
// of it.
//
// It changes no byte and keeps none. The engine calls functions of the package, so a process has one tap; whoever needs several
// runs several processes, as a crash does anyway.
//
// Read Tap first.
package tapdisk

import (
	"errors"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// Tap is asked about each write and sync. Its methods are called from any thread that a database is used in.
type Tap interface {
	// Wants reports whether a file is tapped; others are the system's alone. It is asked when the file is opened.
	Wants(path string) bool
	// Write is called before n bytes are written; false says that there is no room for them.
	Write(n int) bool
	// Sync is called for a sync and runs it.
	Sync(flush func())
}

// Disk is the system's files under the tap.
type Disk struct {
	sqlitevfs.System
	engine *sqlitevfs.VFS
}

// ErrTapped: the process has a tap.
var ErrTapped = errors.New("this process has a tap already")

// inUse is the process's tap.
var inUse atomic.Pointer[Tap]

// New puts a tap onto the disk, for the life of the process.
func New(tap Tap) (*Disk, error) {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return nil, err
	}
	if !inUse.CompareAndSwap(nil, &tap) {
		return nil, ErrTapped
	}
	engine, err := sqlitevfs.Register("onedoor-tap-", base, func(own *sqlite3.Tsqlite3_vfs) {
		own.FxOpen = sqlitevfs.Function[sqlitevfs.OpenFunc](open)
	})
	return &Disk{engine: engine}, err
}

// VFS names the VFS with the tap.
func (d *Disk) VFS() string { return d.engine.Name() }

// open opens a file of the system and puts methods that ask the tap in front of its own.
func open(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	system := sqlitevfs.Callable[sqlitevfs.OpenFunc](sqlitevfs.At[sqlite3.Tsqlite3_vfs](base).FxOpen)
	if rc := system(tls, base, name, file, flags, outFlags); rc != sqlite3.SQLITE_OK {
		return rc
	}
	path := ""
	if name != 0 {
		path = libc.GoString(name)
	}
	if f := sqlitevfs.At[sqlite3.Tsqlite3_file](file); (*inUse.Load()).Wants(path) {
		f.FpMethods = standing.in(tls, f.FpMethods)
	}
	return sqlite3.SQLITE_OK
}

// standIns are methods that ask the tap, in place of the system's.
type standIns struct {
	// under finds the system's methods by the address of those that stand in for them.
	under sqlitevfs.Handles[sqlite3.Tsqlite3_io_methods]
	// mu guards over.
	mu sync.Mutex
	// over is the address of the methods that stand in for those at an address.
	over map[uintptr]uintptr
}

var standing = standIns{over: map[uintptr]uintptr{}}

// in gives the address of methods that stand in for others. There are as many as the system's VFS has kinds of files, and they
// stay.
func (s *standIns) in(tls *libc.TLS, methods uintptr) uintptr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own := s.over[methods]; own != 0 {
		return own
	}
	address := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	if address == 0 {
		return methods // A process without memory has no tap.
	}
	under, own := sqlitevfs.At[sqlite3.Tsqlite3_io_methods](methods), sqlitevfs.At[sqlite3.Tsqlite3_io_methods](address)
	*own = *under
	own.FxWrite = sqlitevfs.Function[sqlitevfs.TransferFunc](write)
	own.FxSync = sqlitevfs.Function[sqlitevfs.NumberFunc](flush)
	s.under.Name(address, under)
	s.over[methods] = address
	return address
}

// system gives the system's methods of an open file.
func system(file uintptr) *sqlite3.Tsqlite3_io_methods {
	return standing.under.Get(sqlitevfs.At[sqlite3.Tsqlite3_file](file).FpMethods)
}

func write(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	if !(*inUse.Load()).Write(int(n)) {
		return sqlite3.SQLITE_FULL
	}
	return sqlitevfs.Callable[sqlitevfs.TransferFunc](system(file).FxWrite)(tls, file, buffer, n, offset)
}

func flush(tls *libc.TLS, file uintptr, flags int32) (rc int32) {
	(*inUse.Load()).Sync(func() { rc = sqlitevfs.Callable[sqlitevfs.NumberFunc](system(file).FxSync)(tls, file, flags) })
	return rc
}
