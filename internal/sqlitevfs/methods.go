package sqlitevfs

import "modernc.org/libc"

// Signatures of the engine's VFS and file methods, named after what they take. Each gives a result code of the engine
// (https://sqlite.org/c3ref/vfs.html, https://sqlite.org/c3ref/io_methods.html).
type (
	// OpenFunc is xOpen.
	OpenFunc = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	// DeleteFunc is xDelete.
	DeleteFunc = func(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32
	// AccessFunc is xAccess.
	AccessFunc = func(tls *libc.TLS, vfs, name uintptr, flags int32, result uintptr) int32
	// PathFunc is xFullPathname.
	PathFunc = func(tls *libc.TLS, vfs, name uintptr, n int32, out uintptr) int32

	// fileFunc is xClose, xSectorSize and xDeviceCharacteristics.
	fileFunc = func(tls *libc.TLS, file uintptr) int32
	// numberFunc is xSync, xLock, xUnlock and xShmUnmap.
	numberFunc = func(tls *libc.TLS, file uintptr, number int32) int32
	// sizeFunc is xTruncate.
	sizeFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	// resultFunc is xFileSize and xCheckReservedLock.
	resultFunc = func(tls *libc.TLS, file, result uintptr) int32
	// transferFunc is xRead and xWrite.
	transferFunc = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32
	// controlFunc is xFileControl.
	controlFunc = func(tls *libc.TLS, file uintptr, op int32, arg uintptr) int32

	// regionFunc is xShmMap.
	regionFunc = func(tls *libc.TLS, file uintptr, region, bytes, extend int32, out uintptr) int32
	// slotsFunc is xShmLock.
	slotsFunc = func(tls *libc.TLS, file uintptr, first, n, flags int32) int32
	// barrierFunc is xShmBarrier.
	barrierFunc = func(tls *libc.TLS, file uintptr)
)
