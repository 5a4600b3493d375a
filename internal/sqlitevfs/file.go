package sqlitevfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// File is a file that the engine has open, in Go. Its methods are those of the engine of nearly the same names; each gives
// a result code. One connection has a file, and calls one method at a time. Whoever writes a layer embeds [Below] and
// writes those that it changes.
type File interface {
	// Close ends it, whatever it gives.
	Close(tls *libc.TLS) int32
	// Read fills n bytes at buffer, with zeros behind the end of the file; it then gives SQLITE_IOERR_SHORT_READ.
	Read(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32
	Write(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32
	Truncate(tls *libc.TLS, size int64) int32
	Sync(tls *libc.TLS, flags int32) int32
	// Size puts the length, an int64, at result.
	Size(tls *libc.TLS, result uintptr) int32
	Lock(tls *libc.TLS, level int32) int32
	Unlock(tls *libc.TLS, level int32) int32
	// Reserved puts whether anybody holds RESERVED or more, an int32, at result.
	Reserved(tls *libc.TLS, result uintptr) int32
	Control(tls *libc.TLS, op int32, arg uintptr) int32
	SectorSize(tls *libc.TLS) int32
	Characteristics(tls *libc.TLS) int32
}

// Shared is a File by which connections share memory, which is what a write-ahead log has its index in. For a main file that is
// none, the engine keeps the index in its own memory, which it does only under an exclusive lock.
type Shared interface {
	File
	// Region puts the address of a region of so many bytes at out, or 0 where there is none and extend is 0.
	Region(tls *libc.TLS, region, bytes, extend int32, out uintptr) int32
	// Slots takes or gives up locks on n slots of the memory from the first.
	Slots(tls *libc.TLS, first, n, flags int32) int32
	Barrier(tls *libc.TLS)
	// Unshare ends the use of the memory; remove says that it may go with its last user.
	Unshare(tls *libc.TLS, remove int32) int32
}

// HeadBytes is what Put takes at the start of the memory that the engine has for an open file.
const HeadBytes = 16

// head is that start.
type head struct {
	// methods is the address of the file methods; 0 tells the engine that the file is not open.
	methods uintptr
	// handle names the *file in opened.
	handle uintptr
}

// file is what the methods below find by a handle.
type file struct {
	File
	// shared is the same file, where it is a Shared.
	shared Shared
}

// opened are the files of all VFSes written in Go.
var opened Handles[file]

// at gives the file that was put at an address.
func at(address uintptr) *file { return opened.Get(At[head](address).handle) }

// Put makes a file the one that the engine has open at an address. The engine's xClose takes it away.
func Put(address uintptr, f File) {
	shared, shares := f.(Shared)
	h := At[head](address)
	h.handle = opened.Add(&file{f, shared})
	h.methods = addressOf(&alone)
	if shares {
		h.methods = addressOf(&sharing)
	}
}

// PutNone tells the engine that nothing is open at an address.
func PutNone(address uintptr) { At[head](address).methods = 0 }

// alone and sharing are what the engine calls on a File and on a Shared: methods of version 1, and 2. Files mapped into memory
// are version 3, and nobody's.
var (
	alone   = fileMethods()
	sharing = sharedMethods()
)

func fileMethods() sqlite3.Tsqlite3_io_methods {
	return sqlite3.Tsqlite3_io_methods{
		FiVersion:               1,
		FxClose:                 Function[fileFunc](closeFile),
		FxRead:                  Function[transferFunc](readFile),
		FxWrite:                 Function[transferFunc](writeFile),
		FxTruncate:              Function[sizeFunc](truncateFile),
		FxSync:                  Function[numberFunc](syncFile),
		FxFileSize:              Function[resultFunc](sizeOfFile),
		FxLock:                  Function[numberFunc](lockFile),
		FxUnlock:                Function[numberFunc](unlockFile),
		FxCheckReservedLock:     Function[resultFunc](reservedFile),
		FxFileControl:           Function[controlFunc](controlFile),
		FxSectorSize:            Function[fileFunc](sectorSize),
		FxDeviceCharacteristics: Function[fileFunc](characteristics),
	}
}

func sharedMethods() sqlite3.Tsqlite3_io_methods {
	methods := fileMethods()
	methods.FiVersion = 2
	methods.FxShmMap = Function[regionFunc](mapRegion)
	methods.FxShmLock = Function[slotsFunc](lockSlots)
	methods.FxShmBarrier = Function[barrierFunc](barrier)
	methods.FxShmUnmap = Function[numberFunc](unshare)
	return methods
}

func closeFile(tls *libc.TLS, address uintptr) int32 {
	handle := At[head](address).handle
	f := opened.Get(handle)
	opened.Drop(handle)
	return f.Close(tls)
}

func readFile(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	return at(address).Read(tls, buffer, n, offset)
}

func writeFile(tls *libc.TLS, address, buffer uintptr, n int32, offset int64) int32 {
	return at(address).Write(tls, buffer, n, offset)
}

func truncateFile(tls *libc.TLS, address uintptr, size int64) int32 {
	return at(address).Truncate(tls, size)
}

func syncFile(tls *libc.TLS, address uintptr, flags int32) int32 { return at(address).Sync(tls, flags) }

func sizeOfFile(tls *libc.TLS, address, result uintptr) int32 { return at(address).Size(tls, result) }

func lockFile(tls *libc.TLS, address uintptr, level int32) int32 { return at(address).Lock(tls, level) }

func unlockFile(tls *libc.TLS, address uintptr, level int32) int32 {
	return at(address).Unlock(tls, level)
}

func reservedFile(tls *libc.TLS, address, result uintptr) int32 {
	return at(address).Reserved(tls, result)
}

func controlFile(tls *libc.TLS, address uintptr, op int32, arg uintptr) int32 {
	return at(address).Control(tls, op, arg)
}

func sectorSize(tls *libc.TLS, address uintptr) int32 { return at(address).SectorSize(tls) }

func characteristics(tls *libc.TLS, address uintptr) int32 { return at(address).Characteristics(tls) }

func mapRegion(tls *libc.TLS, address uintptr, region, bytes, extend int32, out uintptr) int32 {
	return at(address).shared.Region(tls, region, bytes, extend, out)
}

func lockSlots(tls *libc.TLS, address uintptr, first, n, flags int32) int32 {
	return at(address).shared.Slots(tls, first, n, flags)
}

func barrier(tls *libc.TLS, address uintptr) { at(address).shared.Barrier(tls) }

func unshare(tls *libc.TLS, address uintptr, remove int32) int32 {
	return at(address).shared.Unshare(tls, remove)
}
