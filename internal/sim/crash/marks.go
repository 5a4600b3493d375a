package crash

import (
	"sync"
	"syscall"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// Mark is a point inside a child at which it kills itself.
type Mark string

// The marks, between what a database hands to the system and what the system has made durable.
const (
	NoMark Mark = ""
	// AtWrite is before a write: inside a transaction, a checkpoint, or the making of a file.
	AtWrite Mark = "write"
	// AtSync is before a sync: everything is written, nothing is durable, nobody has been told.
	AtSync Mark = "sync"
	// AtSynced is after a sync: what was written is durable, and still nobody has been told.
	AtSynced Mark = "synced"
)

// Arm names the point at which a child is to kill itself: the N-th time that it passes a mark.
type Arm struct {
	Mark Mark `json:"mark,omitempty"`
	N    int  `json:"n,omitempty"`
}

// marks counts what one child's database does. The engine calls functions of the package, so there is one of it.
type marks struct {
	mu  sync.Mutex // guards the fields below
	arm Arm
	// limited says that only room bytes more can be written.
	limited bool
	room    int64
	// under finds the system's methods by the address of those that stand in for them.
	under sqlitevfs.Handles[sqlite3.Tsqlite3_io_methods]

	making sync.Mutex // guards over
	// over is the address of the methods that stand in for those at an address.
	over map[uintptr]uintptr
}

var passing marks

// set arms a mark, or none.
func (m *marks) set(arm Arm) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arm = arm
}

// limit lets only so many bytes more be written, as a disk does that fills up; 0 lifts that.
func (m *marks) limit(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limited, m.room = bytes > 0, bytes
}

// fits reports whether a write finds room.
func (m *marks) fits(n int32) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room -= int64(n)
	return !m.limited || m.room >= 0
}

// pass counts, and kills the process at the point that was named: as a crash does, with nothing run after it.
func (m *marks) pass(at Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.arm.Mark != at {
		return
	}
	if m.arm.N--; m.arm.N > 0 {
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // the signal may take a moment
}

// markedDisk is the system's files under a VFS that passes the marks.
type markedDisk struct {
	sqlitevfs.System
	engine *sqlitevfs.VFS
}

// newMarkedDisk registers the VFS, which stays for the life of the child.
func newMarkedDisk() (*markedDisk, error) {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return nil, err
	}
	engine, err := sqlitevfs.Register("onedoor-marked-", base, func(own *sqlite3.Tsqlite3_vfs) {
		own.FxOpen = sqlitevfs.Function[sqlitevfs.OpenFunc](openMarked)
	})
	return &markedDisk{engine: engine}, err
}

// VFS names the VFS that passes the marks.
func (d *markedDisk) VFS() string { return d.engine.Name() }

// openMarked opens a file of the system and puts methods that pass the marks in front of its own.
func openMarked(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	open := sqlitevfs.Callable[sqlitevfs.OpenFunc](sqlitevfs.At[sqlite3.Tsqlite3_vfs](base).FxOpen)
	if rc := open(tls, base, name, file, flags, outFlags); rc != sqlite3.SQLITE_OK {
		return rc
	}
	f := sqlitevfs.At[sqlite3.Tsqlite3_file](file)
	f.FpMethods = passing.standIn(tls, f.FpMethods)
	return sqlite3.SQLITE_OK
}

// standIn gives the address of a copy of methods that passes the marks. There are as many as the system's VFS has kinds
// of files, and they stay.
func (m *marks) standIn(tls *libc.TLS, methods uintptr) uintptr {
	m.making.Lock()
	defer m.making.Unlock()
	if own := m.over[methods]; own != 0 {
		return own
	}
	address := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	if address == 0 {
		return methods // A child without memory is not killed at a mark.
	}
	under, own := sqlitevfs.At[sqlite3.Tsqlite3_io_methods](methods), sqlitevfs.At[sqlite3.Tsqlite3_io_methods](address)
	*own = *under
	own.FxWrite = sqlitevfs.Function[sqlitevfs.TransferFunc](writeMarked)
	own.FxSync = sqlitevfs.Function[sqlitevfs.NumberFunc](syncMarked)
	m.under.Name(address, under)
	if m.over == nil {
		m.over = make(map[uintptr]uintptr)
	}
	m.over[methods] = address
	return address
}

// system gives the system's methods of an open file.
func system(file uintptr) *sqlite3.Tsqlite3_io_methods {
	return passing.under.Get(sqlitevfs.At[sqlite3.Tsqlite3_file](file).FpMethods)
}

func writeMarked(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	passing.pass(AtWrite)
	if !passing.fits(n) {
		return sqlite3.SQLITE_FULL
	}
	return sqlitevfs.Callable[sqlitevfs.TransferFunc](system(file).FxWrite)(tls, file, buffer, n, offset)
}

func syncMarked(tls *libc.TLS, file uintptr, flags int32) int32 {
	passing.pass(AtSync)
	rc := sqlitevfs.Callable[sqlitevfs.NumberFunc](system(file).FxSync)(tls, file, flags)
	passing.pass(AtSynced)
	return rc
}
