package disk

import (
	"errors"
	"slices"
	"syscall"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// file is a file that the engine has open. The disk's mu guards its fields.
type file struct {
	node *node
	// level is its lock on the main file.
	level int32
	// share is the shared memory it uses, and slots what it holds of it.
	share *share
	slots [sqlite3.SQLITE_SHM_NLOCK]slotHold
	// newLog says that the first sync confirms the name too.
	newLog bool
	// passing is the name of a file that ends when it is closed.
	passing string
}

var _ sqlitevfs.Shared = (*file)(nil)

func (f *file) Close(tls *libc.TLS) int32 {
	d := f.node.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	f.leave(tls)
	f.node.files = slices.DeleteFunc(f.node.files, func(other *file) bool { return other == f })
	delete(d.files, f)
	if f.passing != "" && !f.node.dead && d.now[f.passing] == f.node {
		return code(d.remove(f.passing), sqlite3.SQLITE_IOERR_DELETE)
	}
	return sqlite3.SQLITE_OK
}

func (f *file) Read(_ *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	if f.node.dead {
		return sqlite3.SQLITE_IOERR_READ
	}
	dst := sqlitevfs.BytesAt(buffer, int(n))
	read := 0
	if offset < int64(len(f.node.content)) {
		read = copy(dst, f.node.content[offset:])
	}
	if read < len(dst) {
		clear(dst[read:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

func (f *file) Write(_ *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	return code(f.node.writeAt(sqlitevfs.BytesAt(buffer, int(n)), offset), sqlite3.SQLITE_IOERR_WRITE)
}

func (f *file) Truncate(_ *libc.TLS, size int64) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	return code(f.node.truncate(size), sqlite3.SQLITE_IOERR_TRUNCATE)
}

func (f *file) Sync(_ *libc.TLS, _ int32) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	if err := f.node.sync(); err != nil {
		return code(err, sqlite3.SQLITE_IOERR_FSYNC)
	}
	if !f.newLog {
		return sqlite3.SQLITE_OK
	}
	err := f.node.disk.syncNames()
	f.newLog = err != nil
	return code(err, sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

func (f *file) Size(_ *libc.TLS, result uintptr) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	if f.node.dead {
		return sqlite3.SQLITE_IOERR_FSTAT
	}
	*sqlitevfs.At[int64](result) = int64(len(f.node.content))
	return sqlite3.SQLITE_OK
}

// Control knows none: all are hints or questions about what this disk does not have.
func (f *file) Control(*libc.TLS, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

// engineSectorBytes is what SQLite's own VFS says on a usual disk.
const engineSectorBytes = 4096

func (f *file) SectorSize(*libc.TLS) int32 { return engineSectorBytes }

// Characteristics promise what SQLite's own VFS promises of a usual disk, and no more.
func (f *file) Characteristics(*libc.TLS) int32 { return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE }

// code gives the engine's code for an error; other is that of an I/O error.
func code(err error, other int32) int32 {
	switch {
	case err == nil:
		return sqlite3.SQLITE_OK
	case errors.Is(err, syscall.ENOSPC):
		return sqlite3.SQLITE_FULL
	}
	return other
}
