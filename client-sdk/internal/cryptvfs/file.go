package cryptvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// shim is the start of the memory that the engine allocates for an open file. The base's own file follows it.
type shim struct {
	// methods is the address of the file methods; 0 tells the engine that the file is not open.
	methods uintptr
	// handle names the *file in opened.
	handle uintptr
}

const shimBytes = 16

// file is an open main file or log.
type file struct {
	vfs *VFS
	// log is true for a write-ahead log.
	log bool
	// base is the base's file, and call its methods.
	base uintptr
	call *sqlite3.Tsqlite3_io_methods
	// buffer is frameBytes of the engine's memory, so that the base can transfer what is sealed.
	buffer uintptr
	// salts are those of the log's present round, from its header.
	salts [saltsBytes]byte
	// pageNumber is that of the frame at pageNumberAt, the last one a header was written for; -1 for none.
	pageNumber   [pageNumberBytes]byte
	pageNumberAt int64
}

var opened sqlitevfs.Handles[file]

// of gives the file whose shim stands at an address.
func of(address uintptr) *file { return opened.Get(sqlitevfs.At[shim](address).handle) }

// methods is what the engine calls on an open file. Version 1 has no shared memory: the engine then keeps its index of
// the log in its own memory, which it does only under an exclusive lock.
var methods = sqlite3.Tsqlite3_io_methods{
	FiVersion:               1,
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
}

// openFile opens a main file or a log through the base. It checks the key before the engine sees a main file, since
// the engine takes a log that it cannot read for an empty one and deletes it.
func openFile(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	s := sqlitevfs.At[shim](address)
	s.methods = 0
	if flags&(sqlite3.SQLITE_OPEN_MAIN_DB|sqlite3.SQLITE_OPEN_WAL) == 0 {
		return sqlite3.SQLITE_CANTOPEN
	}
	v := registered.Get(vfs)
	f := &file{vfs: v, log: flags&sqlite3.SQLITE_OPEN_WAL != 0, base: address + shimBytes, pageNumberAt: -1}
	open := sqlitevfs.Callable[sqlitevfs.OpenFunc](sqlitevfs.At[sqlite3.Tsqlite3_vfs](v.logs.Address()).FxOpen)
	if rc := open(tls, v.logs.Address(), name, f.base, flags, outFlags); rc != sqlite3.SQLITE_OK {
		return rc
	}
	f.call = sqlitevfs.At[sqlite3.Tsqlite3_io_methods](sqlitevfs.At[sqlite3.Tsqlite3_file](f.base).FpMethods)
	rc := f.start(tls)
	if rc == sqlite3.SQLITE_OK && outFlags != 0 && *sqlitevfs.At[int32](outFlags)&flags&sqlite3.SQLITE_OPEN_READWRITE == 0 {
		rc = sqlite3.SQLITE_READONLY // the base falls back to reading a file that it cannot write
	}
	if rc != sqlite3.SQLITE_OK {
		f.close(tls)
		return rc
	}
	v.openFiles.Add(1)
	s.handle = opened.Add(f)
	s.methods = sqlitevfs.AddressOf(&methods)
	return sqlite3.SQLITE_OK
}

// start allocates the buffer and checks the key of a main file.
func (f *file) start(tls *libc.TLS) int32 {
	if f.buffer = libc.Xmalloc(tls, frameBytes); f.buffer == 0 {
		return sqlite3.SQLITE_NOMEM
	}
	if f.log {
		return sqlite3.SQLITE_OK
	}
	if rc := f.baseRead(tls, f.buffer, pageBytes, 0); rc != sqlite3.SQLITE_OK {
		return damagedIfShort(rc)
	}
	if !f.vfs.sealer.fits(sqlitevfs.BytesAt(f.buffer, pageBytes)) {
		return sqlite3.SQLITE_NOTADB
	}
	return sqlite3.SQLITE_OK
}

func (f *file) close(tls *libc.TLS) int32 {
	libc.Xfree(tls, f.buffer)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](f.call.FxClose)(tls, f.base)
}

func closeFile(tls *libc.TLS, address uintptr) int32 {
	f := of(address)
	opened.Drop(sqlitevfs.At[shim](address).handle)
	f.vfs.openFiles.Add(-1)
	return f.close(tls)
}

func (f *file) baseRead(tls *libc.TLS, buffer uintptr, n int, offset int64) int32 {
	return sqlitevfs.Callable[sqlitevfs.TransferFunc](f.call.FxRead)(tls, f.base, buffer, int32(n), offset)
}

func (f *file) baseWrite(tls *libc.TLS, n int, offset int64) int32 {
	return sqlitevfs.Callable[sqlitevfs.TransferFunc](f.call.FxWrite)(tls, f.base, f.buffer, int32(n), offset)
}

// damagedIfShort turns the base's "past the end" into damage. The engine would read zeros there, and a main file is
// never shorter than the pages that the engine reads from it.
func damagedIfShort(rc int32) int32 {
	if rc == sqlite3.SQLITE_IOERR_SHORT_READ {
		return sqlite3.SQLITE_IOERR_DATA
	}
	return rc
}

func readFile(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	f := of(address)
	if f.log {
		return f.readLog(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
	}
	return f.readMain(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
}

func writeFile(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	f := of(address)
	if f.log {
		return f.writeLog(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
	}
	return f.writeMain(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
}

// The rest of the methods concern the file as a whole and go to the base.

func truncateFile(tls *libc.TLS, address uintptr, size int64) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.SizeFunc](f.call.FxTruncate)(tls, f.base, size)
}

func syncFile(tls *libc.TLS, address uintptr, flags int32) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](f.call.FxSync)(tls, f.base, flags)
}

func fileSize(tls *libc.TLS, address, result uintptr) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.ResultFunc](f.call.FxFileSize)(tls, f.base, result)
}

func lockFile(tls *libc.TLS, address uintptr, level int32) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](f.call.FxLock)(tls, f.base, level)
}

func unlockFile(tls *libc.TLS, address uintptr, level int32) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](f.call.FxUnlock)(tls, f.base, level)
}

func checkReservedLock(tls *libc.TLS, address, result uintptr) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.ResultFunc](f.call.FxCheckReservedLock)(tls, f.base, result)
}

func fileControl(tls *libc.TLS, address uintptr, op int32, arg uintptr) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.ControlFunc](f.call.FxFileControl)(tls, f.base, op, arg)
}

func sectorSize(tls *libc.TLS, address uintptr) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](f.call.FxSectorSize)(tls, f.base)
}

// deviceCharacteristics withholds that parts of a page can be read: each read costs a whole page here.
func deviceCharacteristics(tls *libc.TLS, address uintptr) int32 {
	f := of(address)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](f.call.FxDeviceCharacteristics)(tls, f.base) &^ sqlite3.SQLITE_IOCAP_SUBPAGE_READ
}
