package sqlitevfs

import (
	"sync"
	"sync/atomic"
)

// Handles lets the engine's memory refer to Go values, which it may not hold pointers to. The zero value is ready. Get
// takes no lock, since the engine asks at each read and write of a file.
type Handles[T any] struct {
	mu sync.Mutex // guards free and last, and whoever changes slots
	// free are handles that were dropped; last is the highest that was given out.
	free []uintptr
	last uintptr
	// slots has the value of handle n at n-1. A longer copy takes its place when it is full.
	slots atomic.Pointer[[]atomic.Pointer[T]]
}

// Add gives a value its handle, never 0.
func (h *Handles[T]) Add(value *T) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	handle := h.spare()
	(*h.slots.Load())[handle-1].Store(value)
	return handle
}

// spare gives a handle that nothing has, with a slot; mu is held.
func (h *Handles[T]) spare() uintptr {
	if n := len(h.free); n > 0 {
		handle := h.free[n-1]
		h.free = h.free[:n-1]
		return handle
	}
	h.last++
	h.grow()
	return h.last
}

// slotsAtFirst is for a phone and its log; a server of many realms grows.
const slotsAtFirst = 16

// grow makes sure that the last handle has a slot; mu is held.
func (h *Handles[T]) grow() {
	var old []atomic.Pointer[T]
	if slots := h.slots.Load(); slots != nil {
		old = *slots
	}
	if h.last <= uintptr(len(old)) {
		return
	}
	longer := make([]atomic.Pointer[T], max(slotsAtFirst, 2*len(old)))
	for i := range old {
		longer[i].Store(old[i].Load())
	}
	h.slots.Store(&longer)
}

// Get gives the value of a handle that was added and not dropped.
func (h *Handles[T]) Get(handle uintptr) *T { return (*h.slots.Load())[handle-1].Load() }

// Drop forgets a handle; another value may get it.
func (h *Handles[T]) Drop(handle uintptr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	(*h.slots.Load())[handle-1].Store(nil)
	h.free = append(h.free, handle)
}
