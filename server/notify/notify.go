// Package notify tells listeners that the log has grown. It carries a number
// and never a record: whoever is told looks again by itself. Hints may be
// skipped, merged or late; nothing depends on them but quickness.
package notify

import (
	"sync"

	"onedoor/syncengine"
)

// Hub spreads hints to any number of listeners.
type Hub struct {
	// mu guards the fields below.
	mu        sync.Mutex
	listeners map[*Listener]struct{}
	reached   syncengine.Seq
}

// Listener waits for hints. It belongs to one goroutine.
type Listener struct {
	hub *Hub
	// wake holds one hint at most: several that were not taken are one.
	wake chan struct{}
}

// New makes a hub without listeners.
func New() *Hub { return &Hub{listeners: map[*Listener]struct{}{}} }

// Hint tells every listener that the log has reached seq. It never waits.
func (h *Hub) Hint(seq syncengine.Seq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reached = max(h.reached, seq)
	for l := range h.listeners {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// Listen adds a listener; it is to be closed.
func (h *Hub) Listen() *Listener {
	l := &Listener{hub: h, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[l] = struct{}{}
	return l
}

// Listeners counts who listens.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners)
}

// Reached is the greatest seq that was hinted. Who reads it before the log may be behind what is read, and never ahead of it.
func (h *Hub) Reached() syncengine.Seq {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reached
}

// Listening reports that somebody waits for hints.
func (h *Hub) Listening() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners) > 0
}

// Wake is ready when there is something new.
func (l *Listener) Wake() <-chan struct{} { return l.wake }

// Reached is the greatest seq that was hinted.
func (l *Listener) Reached() syncengine.Seq { return l.hub.Reached() }

// Close takes the listener off the hub.
func (l *Listener) Close() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.hub.listeners, l)
}
