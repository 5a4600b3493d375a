package sqlitevfs

import (
	"unsafe"

	"modernc.org/libc"
)

// BytesAt gives n bytes of the engine's memory; writing to them writes there.
func BytesAt(address uintptr, n int) []byte { return libc.GoBytes(address, n) }

// TextAt gives the zero-terminated text at an address, and nothing for the address 0.
func TextAt(address uintptr) string { return libc.GoString(address) }

// At gives the T at an address of the engine's memory. T holds no Go pointer.
func At[T any](address uintptr) *T {
	return (*T)(unsafe.Pointer(unsafe.SliceData(libc.GoBytes(address, int(unsafe.Sizeof(*new(T)))))))
}

// addressOf gives the address of a package-level variable, which never moves.
func addressOf[T any](variable *T) uintptr { return uintptr(unsafe.Pointer(variable)) }

// Function gives the address under which the engine calls f, a function declared at package level. The function value
// of such a function is a static object.
func Function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// Callable makes the function at an address of the engine callable.
func Callable[F any](address uintptr) F {
	value := &struct{ address uintptr }{address}
	return *(*F)(unsafe.Pointer(value))
}
