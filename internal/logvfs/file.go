package logvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// shim is the start of the memory that the engine allocates for an open log. The base's own file follows it.
type shim struct {
	// methods is the address of the file methods; 0 tells the engine that the file is not open.
	methods uintptr
	// handle names the *log in opened.
	handle uintptr
}

const shimBytes = 16

var opened sqlitevfs.Handles[log]

// of gives the log whose shim stands at an address.
func of(address uintptr) *log { return opened.Get(sqlitevfs.At[shim](address).handle) }

// methods is what the engine calls on an open log. Shared memory is the main file's.
var methods = sqlite3.Tsqlite3_io_methods{
	FiVersion:               1,
	FxClose:                 sqlitevfs.Function[sqlitevfs.FileFunc](closeLog),
	FxRead:                  sqlitevfs.Function[sqlitevfs.TransferFunc](readLog),
	FxWrite:                 sqlitevfs.Function[sqlitevfs.TransferFunc](writeLog),
	FxTruncate:              sqlitevfs.Function[sqlitevfs.SizeFunc](truncateLog),
	FxSync:                  sqlitevfs.Function[sqlitevfs.NumberFunc](syncLog),
	FxFileSize:              sqlitevfs.Function[sqlitevfs.ResultFunc](logSize),
	FxLock:                  sqlitevfs.Function[sqlitevfs.NumberFunc](lockLog),
	FxUnlock:                sqlitevfs.Function[sqlitevfs.NumberFunc](unlockLog),
	FxCheckReservedLock:     sqlitevfs.Function[sqlitevfs.ResultFunc](checkReservedLock),
	FxFileControl:           sqlitevfs.Function[sqlitevfs.ControlFunc](controlLog),
	FxSectorSize:            sqlitevfs.Function[sqlitevfs.FileFunc](sectorSize),
	FxDeviceCharacteristics: sqlitevfs.Function[sqlitevfs.FileFunc](deviceCharacteristics),
}

// closeLog leaves out what no transaction has ended: nobody would read it.
func closeLog(tls *libc.TLS, address uintptr) int32 {
	l := of(address)
	opened.Drop(sqlitevfs.At[shim](address).handle)
	libc.Xfree(tls, l.buffer)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](l.call.FxClose)(tls, l.base)
}

func writeLog(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	return of(address).write(tls, buffer, int(n), offset)
}

// The rest of the methods go to the base, behind what was gathered.

func readLog(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	l := of(address)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return sqlitevfs.Callable[sqlitevfs.TransferFunc](l.call.FxRead)(tls, l.base, buffer, n, offset)
}

func truncateLog(tls *libc.TLS, address uintptr, size int64) int32 {
	l := of(address)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	rc := sqlitevfs.Callable[sqlitevfs.SizeFunc](l.call.FxTruncate)(tls, l.base, size)
	if rc == sqlite3.SQLITE_OK {
		l.lost.cut(size)
	}
	return rc
}

func syncLog(tls *libc.TLS, address uintptr, flags int32) int32 {
	l := of(address)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](l.call.FxSync)(tls, l.base, flags)
}

func logSize(tls *libc.TLS, address, result uintptr) int32 {
	l := of(address)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return sqlitevfs.Callable[sqlitevfs.ResultFunc](l.call.FxFileSize)(tls, l.base, result)
}

func controlLog(tls *libc.TLS, address uintptr, op int32, arg uintptr) int32 {
	l := of(address)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return sqlitevfs.Callable[sqlitevfs.ControlFunc](l.call.FxFileControl)(tls, l.base, op, arg)
}

func lockLog(tls *libc.TLS, address uintptr, level int32) int32 {
	l := of(address)
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](l.call.FxLock)(tls, l.base, level)
}

func unlockLog(tls *libc.TLS, address uintptr, level int32) int32 {
	l := of(address)
	return sqlitevfs.Callable[sqlitevfs.NumberFunc](l.call.FxUnlock)(tls, l.base, level)
}

func checkReservedLock(tls *libc.TLS, address, result uintptr) int32 {
	l := of(address)
	return sqlitevfs.Callable[sqlitevfs.ResultFunc](l.call.FxCheckReservedLock)(tls, l.base, result)
}

func sectorSize(tls *libc.TLS, address uintptr) int32 {
	l := of(address)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](l.call.FxSectorSize)(tls, l.base)
}

func deviceCharacteristics(tls *libc.TLS, address uintptr) int32 {
	l := of(address)
	return sqlitevfs.Callable[sqlitevfs.FileFunc](l.call.FxDeviceCharacteristics)(tls, l.base)
}
