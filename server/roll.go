package server

import "sync"

// roll lists the realms that a process serves, in the order of their codes.
type roll struct {
	// mu guards list; the list itself is replaced and never changed.
	mu   sync.RWMutex
	list []*hosted
}

// all gives the realms.
func (r *roll) all() []*hosted {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list
}

// first gives the realm with the least code.
func (r *roll) first() *hosted { return r.all()[0] }

// set replaces the list.
func (r *roll) set(list []*hosted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = list
}
