package cryptvfs

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
)

// The engine is C translated to Go: it passes addresses as uintptr and calls functions by the address of their Go
// function value. This file holds every conversion between the two worlds. Memory at an address handed to this package
// belongs to the engine or to libc's allocator; the Go garbage collector neither moves nor frees it.

// bytesAt gives n bytes of the engine's memory; writing to them writes there.
func bytesAt(address uintptr, n int) []byte { return libc.GoBytes(address, n) }

// at gives the T at an address of the engine's memory. T holds no Go pointer.
func at[T any](address uintptr) *T {
	return (*T)(unsafe.Pointer(unsafe.SliceData(libc.GoBytes(address, int(unsafe.Sizeof(*new(T)))))))
}

// addressOf gives the address of a package-level variable, which never moves.
func addressOf[T any](variable *T) uintptr { return uintptr(unsafe.Pointer(variable)) }

// function gives the address under which the engine calls f, a function declared at package level. The function value
// of such a function is a static object.
func function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// callable makes the function at an address of the engine callable.
func callable[F any](address uintptr) F {
	value := &struct{ address uintptr }{address}
	return *(*F)(unsafe.Pointer(value))
}

// handles lets the engine's memory refer to Go values, which it may not hold pointers to.
type handles[T any] struct {
	mu     sync.RWMutex // guards the fields below
	last   uintptr
	values map[uintptr]*T
}

// add gives a value its handle, never 0.
func (h *handles[T]) add(value *T) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.values == nil {
		h.values = make(map[uintptr]*T)
	}
	h.last++
	h.values[h.last] = value
	return h.last
}

// get gives the value of a handle.
func (h *handles[T]) get(handle uintptr) *T {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.values[handle]
}

// drop forgets a handle.
func (h *handles[T]) drop(handle uintptr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.values, handle)
}
