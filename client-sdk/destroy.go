package client

import (
	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// destroyAfter is how long a phone keeps what it holds without having caught up: a
// month is longer than a holiday, an illness and a repair together, and who is away
// for longer fetches the records again.
const destroyAfter syncengine.UnixMilli = 30 * dayMs

// destroyStale destroys what the phone holds when it has not caught up for too long.
// What was written here stays, sealed. Where it cannot be sealed, since no server
// has told a key, nothing is destroyed: the phone stays locked. A phone that died before all of it was overwritten goes on
// with that. The caller holds r.mu.
func (r *Replica) destroyStale() error {
	s := &r.state
	if !s.enrolled() || r.closed || r.gone || s.pos.WipeOrdered != 0 || s.unheard(s.time(r.now())) < destroyAfter {
		return nil
	}
	if s.pos.Destroyed {
		return r.db.ScrubLeft()
	}
	next := *s
	done := false
	err := r.db.Update(func(tx *localdb.Tx) (err error) {
		done, err = next.destroy(tx)
		return err
	})
	if err != nil || !done {
		return err
	}
	r.state, r.places = next, nil
	return r.db.Scrub()
}

// destroy leaves of the phone's records nothing but its own changes, sealed.
func (s *state) destroy(tx *localdb.Tx) (done bool, err error) {
	e, ok := s.sealer(tx)
	if !ok {
		return false, nil
	}
	rows, err := collect(tx.Changes(1))
	if err != nil {
		return false, err
	}
	if err := e.rows(rows); err != nil {
		return false, err
	}
	if _, err := tx.Destroy(); err != nil {
		return false, err
	}
	s.forgetBase()
	s.pos.Destroyed = true
	return true, s.savePosition(tx)
}

// forgetBase has the next sync begin from nothing: whatever was acknowledged is in
// what the server will send.
func (s *state) forgetBase() {
	pos := &s.pos
	s.letCursorGo()
	pos.Tag, pos.Checkpoint = nil, syncengine.Coordinate{}
	pos.Pulling, pos.NewView, pos.NewPlaces, pos.Gone = false, false, false, nil
	pos.Settled = max(pos.Settled, pos.Mark)
	pos.Destructions++
}
