package client

import "onedoor/client-sdk/internal/localdb"

// Refill forgets where the phone stands in the log, so that the next sync fills
// it from the start.
func (r *Replica) Refill() error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Cursor = nil
		return s.savePosition(tx)
	})
}

// Spoil alters a byte of the cursor, within the place that it names.
func (r *Replica) Spoil() error {
	return r.update(func(tx *localdb.Tx, s *state) error {
		s.pos.Cursor = append([]byte(nil), s.pos.Cursor...)
		s.pos.Cursor[2]++
		return s.savePosition(tx)
	})
}

// Outcomes counts the changes that have one in the journal, or had one when they
// were cleared from it.
func (r *Replica) Outcomes() (n int, err error) {
	err = r.view(func(tx *localdb.Tx, s *state) error {
		t := &taking{r: r, tx: tx, s: s}
		known, err := t.outcomes(s.pos.Cleared+1, s.end.Seq)
		n = int(s.pos.Cleared)
		for seq := range known {
			if seq > s.pos.Cleared {
				n++
			}
		}
		return err
	})
	return n, err
}

// Changes counts the changes ever made on the phone.
func (r *Replica) Changes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.state.end.Seq)
}
