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

	// FileFunc is xClose, xSectorSize and xDeviceCharacteristics.
	FileFunc = func(tls *libc.TLS, file uintptr) int32
	// NumberFunc is xSync, xLock, xUnlock and xShmUnmap.
	NumberFunc = func(tls *libc.TLS, file uintptr, number int32) int32
	// SizeFunc is xTruncate.
	SizeFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	// ResultFunc is xFileSize and xCheckReservedLock.
	ResultFunc = func(tls *libc.TLS, file, result uintptr) int32
	// TransferFunc is xRead and xWrite.
	TransferFunc = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32
	// ControlFunc is xFileControl.
	ControlFunc = func(tls *libc.TLS, file uintptr, op int32, arg uintptr) int32

	// ShareFunc is xShmMap.
	ShareFunc = func(tls *libc.TLS, file uintptr, region, bytes, extend int32, out uintptr) int32
	// SlotsFunc is xShmLock.
	SlotsFunc = func(tls *libc.TLS, file uintptr, first, n, flags int32) int32
	// BarrierFunc is xShmBarrier.
	BarrierFunc = func(tls *libc.TLS, file uintptr)
)
