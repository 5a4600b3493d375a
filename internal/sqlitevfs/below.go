package sqlitevfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Below is an open file of another VFS. As a File it is that file: a layer embeds it, and what the layer does not write
// itself goes there.
type Below struct {
	// address is where the file stands in the engine's memory, and call its methods.
	address uintptr
	call    *sqlite3.Tsqlite3_io_methods
}

// SharedBelow is a Below that passes on the shared memory too. The file below must have some, as one of version 2 has.
type SharedBelow struct{ Below }

var (
	_ File   = (*Below)(nil)
	_ Shared = (*SharedBelow)(nil)
)

// OpenAt has the VFS at an address open a file in memory of its szOsFile bytes. Nothing is to be closed where it gives
// another code than SQLITE_OK.
func OpenAt(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) (Below, int32) {
	rc := openAt(tls, vfs, name, address, flags, outFlags)
	if rc != sqlite3.SQLITE_OK {
		return Below{}, rc
	}
	return Below{address, At[sqlite3.Tsqlite3_io_methods](At[sqlite3.Tsqlite3_file](address).FpMethods)}, rc
}

func openAt(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	return Callable[OpenFunc](At[sqlite3.Tsqlite3_vfs](vfs).FxOpen)(tls, vfs, name, address, flags, outFlags)
}

// Close closes the file below.
func (b *Below) Close(tls *libc.TLS) int32 { return Callable[fileFunc](b.call.FxClose)(tls, b.address) }

// Read reads from the file below.
func (b *Below) Read(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	return Callable[transferFunc](b.call.FxRead)(tls, b.address, buffer, n, offset)
}

// Write writes to the file below.
func (b *Below) Write(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	return Callable[transferFunc](b.call.FxWrite)(tls, b.address, buffer, n, offset)
}

// Truncate cuts the file below, or lengthens it.
func (b *Below) Truncate(tls *libc.TLS, size int64) int32 {
	return Callable[sizeFunc](b.call.FxTruncate)(tls, b.address, size)
}

// Sync flushes the file below.
func (b *Below) Sync(tls *libc.TLS, flags int32) int32 {
	return Callable[numberFunc](b.call.FxSync)(tls, b.address, flags)
}

// Size gives the length of the file below.
func (b *Below) Size(tls *libc.TLS, result uintptr) int32 {
	return Callable[resultFunc](b.call.FxFileSize)(tls, b.address, result)
}

// Lock raises the lock on the file below.
func (b *Below) Lock(tls *libc.TLS, level int32) int32 {
	return Callable[numberFunc](b.call.FxLock)(tls, b.address, level)
}

// Unlock lowers the lock on the file below.
func (b *Below) Unlock(tls *libc.TLS, level int32) int32 {
	return Callable[numberFunc](b.call.FxUnlock)(tls, b.address, level)
}

// Reserved asks about the lock on the file below.
func (b *Below) Reserved(tls *libc.TLS, result uintptr) int32 {
	return Callable[resultFunc](b.call.FxCheckReservedLock)(tls, b.address, result)
}

// Control passes a control on to the file below.
func (b *Below) Control(tls *libc.TLS, op int32, arg uintptr) int32 {
	return Callable[controlFunc](b.call.FxFileControl)(tls, b.address, op, arg)
}

// SectorSize is that of the file below.
func (b *Below) SectorSize(tls *libc.TLS) int32 {
	return Callable[fileFunc](b.call.FxSectorSize)(tls, b.address)
}

// Characteristics are those of the file below.
func (b *Below) Characteristics(tls *libc.TLS) int32 {
	return Callable[fileFunc](b.call.FxDeviceCharacteristics)(tls, b.address)
}

// Region is of the memory that the file below shares.
func (b *SharedBelow) Region(tls *libc.TLS, region, bytes, extend int32, out uintptr) int32 {
	return Callable[regionFunc](b.call.FxShmMap)(tls, b.address, region, bytes, extend, out)
}

// Slots are of the memory that the file below shares.
func (b *SharedBelow) Slots(tls *libc.TLS, first, n, flags int32) int32 {
	return Callable[slotsFunc](b.call.FxShmLock)(tls, b.address, first, n, flags)
}

// Barrier is one in the memory that the file below shares.
func (b *SharedBelow) Barrier(tls *libc.TLS) {
	Callable[barrierFunc](b.call.FxShmBarrier)(tls, b.address)
}

// Unshare ends the use of the memory that the file below shares.
func (b *SharedBelow) Unshare(tls *libc.TLS, remove int32) int32 {
	return Callable[numberFunc](b.call.FxShmUnmap)(tls, b.address, remove)
}
