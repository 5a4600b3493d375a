package disk

import (
	"errors"
	"slices"
	"syscall"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// shim is the memory that the engine allocates for an open file.
type shim struct {
	// methods is the address of the file methods; 0 tells the engine that the file is not open.
	methods uintptr
	// handle names the *file in opened.
	handle uintptr
}

const shimBytes = 16

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

var opened sqlitevfs.Handles[file]

// of gives the file whose shim stands at an address.
func of(address uintptr) *file { return opened.Get(sqlitevfs.At[shim](address).handle) }

// methods is what the engine calls on an open file. Version 2 has shared memory, and no mapped files.
var methods = sqlite3.Tsqlite3_io_methods{
	FiVersion:               2,
	FxClose:                 sqlitevfs.Function[sqlitevfs.FileFunc](closeFile),
	FxRead:                  sqlitevfs.Function[sqlitevfs.TransferFunc](readFile),
	FxWrite:                 sqlitevfs.Function[sqlitevfs.TransferFunc](writeFile),
	FxTruncate:              sqlitevfs.Function[sqlitevfs.SizeFunc](truncateFile),
	FxSync:                  sqlitevfs.Function[sqlitevfs.NumberFunc](syncFile),
	FxFileSize:              sqlitevfs.Function[sqlitevfs.ResultFunc](fileSize),
	FxLock:                  sqlitevfs.Function[sqlitevfs.NumberFunc](lockFile),
	FxUnlock:                sqlitevfs.Function[sqlitevfs.NumberFunc](unlockFile),
	FxCheckReservedLock:     sqlitevfs.Function[sqlitevfs.ResultFunc](checkReservedLock),
	FxFileControl:           sqlitevfs.Function[sqlitevfs.ControlFunc](fileControl),
	FxSectorSize:            sqlitevfs.Function[sqlitevfs.FileFunc](sectorSize),
	FxDeviceCharacteristics: sqlitevfs.Function[sqlitevfs.FileFunc](deviceCharacteristics),
	FxShmMap:                sqlitevfs.Function[sqlitevfs.ShareFunc](shareMap),
	FxShmLock:               sqlitevfs.Function[sqlitevfs.SlotsFunc](shareLock),
	FxShmBarrier:            sqlitevfs.Function[sqlitevfs.BarrierFunc](shareBarrier),
	FxShmUnmap:              sqlitevfs.Function[sqlitevfs.NumberFunc](shareUnmap),
}

func closeFile(tls *libc.TLS, address uintptr) int32 {
	f := of(address)
	opened.Drop(sqlitevfs.At[shim](address).handle)
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

func readFile(_ *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	f := of(address)
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

func writeFile(_ *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	f := of(address)
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	return code(f.node.writeAt(sqlitevfs.BytesAt(buffer, int(n)), offset), sqlite3.SQLITE_IOERR_WRITE)
}

func truncateFile(_ *libc.TLS, address uintptr, size int64) int32 {
	f := of(address)
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	return code(f.node.truncate(size), sqlite3.SQLITE_IOERR_TRUNCATE)
}

func syncFile(_ *libc.TLS, address uintptr, _ int32) int32 {
	f := of(address)
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

func fileSize(_ *libc.TLS, address, result uintptr) int32 {
	f := of(address)
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	if f.node.dead {
		return sqlite3.SQLITE_IOERR_FSTAT
	}
	*sqlitevfs.At[int64](result) = int64(len(f.node.content))
	return sqlite3.SQLITE_OK
}

// fileControl knows no controls: all are hints or questions about what this disk does not have.
func fileControl(*libc.TLS, uintptr, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

// engineSectorBytes is what SQLite's own VFS says on a usual disk.
const engineSectorBytes = 4096

func sectorSize(*libc.TLS, uintptr) int32 { return engineSectorBytes }

// deviceCharacteristics promises what SQLite's own VFS promises of a usual disk, and no more.
func deviceCharacteristics(*libc.TLS, uintptr) int32 { return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE }

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
