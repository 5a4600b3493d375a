package exchange

import (
	"sync"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// A server remembers the newest head that it has seen durable. A store that no longer holds that place in its log was put
// back beneath the running server: a stale replica was promoted, a file copied back. The memory is a proof as a phone's cursor
// is one, and it is held against the store before a phone is answered and in every transaction of the group.

// witness is that memory.
type witness struct {
	// mu guards at.
	mu sync.Mutex
	at store.Head
}

// head is what is remembered. Whoever compares asks for it before the reading begins: a reading sees all that was durable then.
func (w *witness) head() store.Head {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

// saw remembers a durable head, unless a newer one is known.
func (w *witness) saw(h store.Head) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h.Epoch > w.at.Epoch || h.Epoch == w.at.Epoch && h.Seq > w.at.Seq {
		w.at = h
	}
}

// proofOf gives what a remembered head proves to a reader; nothing to one that stands there still.
func proofOf(r store.Reader, at store.Head) []proof {
	if at.Seq == 0 || r.Head() == at {
		return nil
	}
	return []proof{{syncengine.Coordinate{Epoch: at.Epoch, Seq: at.Seq}, func(r store.Reader) (bool, error) { return hasTag(r, at.Seq, at.Tag) }}}
}

// saw takes note of a durable head, and of the epoch in force where another server or this one has begun it.
func (s *Service) saw(h store.Head) {
	s.witness.saw(h)
	if h.Epoch > s.epoch() {
		s.enter(h.Epoch)
	}
}

// enter goes over to an epoch: what was handed out and remembered in the one before it counts no more.
func (s *Service) enter(epoch syncengine.Epoch) {
	s.inForce.Store(uint32(epoch))
	s.nonces.rekey(s.secrets.NonceKey(epoch))
	s.caches.forget()
	s.seen.Clear()
}

// face holds what this server remembers against the store, at the beginning of a transaction, and begins a new epoch where the
// store was put back.
func (s *Service) face(w store.Writer, at store.Head) error {
	proofs := proofOf(w, at)
	if len(proofs) == 0 {
		return nil
	}
	found, by, err := worst(w, proofs)
	if err != nil || found == consistent {
		return err
	}
	if err := doubt(w, min(by.at.Epoch, w.Head().Epoch)); err != nil || found == ambiguous {
		return err
	}
	h, err := beginEpoch(w, Renewal{Now: s.now(), byStore: true, beyond: by.at.Epoch})
	s.log.Error("the database was put back to an earlier state beneath the running server: a new epoch begins and phones bring back what is missing",
		"epoch", h.Epoch, "head", w.Head().Seq, "server_was_at", by.at.String())
	return err
}
