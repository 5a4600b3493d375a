package sqlitevfs

import (
	"sync"
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

// AddressOf gives the address of a package-level variable, which never moves.
func AddressOf[T any](variable *T) uintptr { return uintptr(unsafe.Pointer(variable)) }

// Function gives the address under which the engine calls f, a function declared at package level. The function value
// of such a function is a static object.
func Function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// Callable makes the function at an address of the engine callable.
func Callable[F any](address uintptr) F {
	value := &struct{ address uintptr }{address}
	return *(*F)(unsafe.Pointer(value))
}

// Handles lets the engine's memory refer to Go values, which it may not hold pointers to. The zero value is ready.
type Handles[T any] struct {
	mu     sync.RWMutex // guards the fields below
	last   uintptr
	values map[uintptr]*T
}

// Add gives a value its handle, never 0.
func (h *Handles[T]) Add(value *T) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	h.set(h.last, value)
	return h.last
}

// Name gives a value an address of the engine for its handle, such as that of a VFS. One table holds handles from Add
// or from Name, never both.
func (h *Handles[T]) Name(address uintptr, value *T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.set(address, value)
}

// set keeps a value; mu is held.
func (h *Handles[T]) set(handle uintptr, value *T) {
	if h.values == nil {
		h.values = make(map[uintptr]*T)
	}
	h.values[handle] = value
}

// Get gives the value of a handle.
func (h *Handles[T]) Get(handle uintptr) *T {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.values[handle]
}

// Drop forgets a handle.
func (h *Handles[T]) Drop(handle uintptr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.values, handle)
}
