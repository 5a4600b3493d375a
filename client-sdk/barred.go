package client

import (
	"fmt"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/syncengine"
)

// A phone may show and take only what it was lent, and only as long as it is heard
// of: without network it has nothing but its clock to say so. The clock counts as
// corrected by the last exchange, and never runs back: the greatest time that the
// phone has seen is kept. A clock that is set ahead ends things early; the next
// exchange measures it anew.

const (
	// lockAfter is how long a phone shows what it holds without having caught up: a
	// fortnight is longer than a worker is ever out of reach of a network, and a phone
	// that nobody has synced for so long is more likely lost than used.
	lockAfter syncengine.UnixMilli = 14 * dayMs
	// clockStep is how far the greatest time seen may run ahead of the one that is
	// written down: an hour gained by turning the clock back is no gain, and a phone in
	// use writes it twelve times a day.
	clockStep syncengine.UnixMilli = 60 * 60_000
	// leaseRenewPart says after which part of its lease a phone asks for a new one: a
	// fifth. Who syncs daily holds most of a lease at any moment, and few exchanges bring one.
	leaseRenewPart = 5

	dayMs = 24 * 60 * 60_000
)

// time gives the time by which the phone judges what it may do.
func (s *state) time(now syncengine.UnixMilli) syncengine.UnixMilli {
	return max(now+s.pos.ClockOffset, s.pos.ClockMost)
}

// unheard is how long the phone has not caught up.
func (s *state) unheard(at syncengine.UnixMilli) syncengine.UnixMilli {
	since := s.pos.SyncedAt
	if since == 0 && s.pos.LastSync != 0 {
		since = s.pos.LastSync + s.pos.ClockOffset
	}
	if since == 0 {
		return 0
	}
	return at - since
}

// barred says why the phone shows and takes nothing at a time; nil where it does.
func (s *state) barred(at syncengine.UnixMilli) error {
	switch {
	case !s.enrolled():
		return nil
	case s.pos.WipeOrdered != 0:
		return ErrWiped
	case s.pos.Destroyed:
		return ErrDestroyed
	case s.unheard(at) >= lockAfter:
		return ErrLocked
	case s.leaseOver(at), s.rights.allEnded(at):
		return ErrLeaseEnded
	}
	return nil
}

// leaseOver reports that the lease has ended.
func (s *state) leaseOver(at syncengine.UnixMilli) bool {
	until := syncengine.UnixMilli(s.grants.GetLeaseUntilMs())
	return until != 0 && at >= until
}

// Barred says why the phone shows and takes nothing now; nil where it does.
func (r *Replica) Barred() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepTime()
	if err := r.destroyStale(); err != nil {
		return err
	}
	return r.state.barred(r.state.time(r.now()))
}

// wantsLease reports that the phone has no lease, or that a good part of it has passed.
func (s *state) wantsLease(now syncengine.UnixMilli) bool {
	from, until := syncengine.UnixMilli(s.grants.GetIssuedMs()), syncengine.UnixMilli(s.grants.GetLeaseUntilMs())
	return s.time(now) >= from+(until-from)/leaseRenewPart
}

// reading is view for what shows records: the phone must still be allowed to.
func (r *Replica) reading(f func(tx *localdb.Tx, s *state) error) error {
	if err := r.tidyUp(); err != nil {
		return err
	}
	return r.view(func(tx *localdb.Tx, s *state) error {
		if err := s.barred(s.time(r.now())); err != nil {
			return err
		}
		return f(tx, s)
	})
}

// tidyUp destroys what the phone has held for too long without being heard of.
func (r *Replica) tidyUp() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepTime()
	return r.destroyStale()
}

// visible gives the row of a record that the phone has and may show now.
func (r *Replica) visible(tx *localdb.Tx, s *state, id syncengine.ID) (row localdb.Record, err error) {
	row, ok, err := tx.Record(id)
	switch {
	case err != nil:
		return row, err
	case !ok:
		return row, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	return row, r.hides(tx, s, &row)
}

// hides says why a row is not shown though the phone holds it: all that gave its
// user a sight of it has ended by itself.
func (r *Replica) hides(tx *localdb.Tx, s *state, row *localdb.Record) error {
	at := s.time(r.now())
	if !s.rights.ends(at) {
		return nil
	}
	if len(row.Keys) == 0 {
		return r.followsHidden(tx, s, row, at)
	}
	keys, err := scopeKeys(tx, row.Keys)
	if err != nil || s.rights.liveOver(keys, at) != 0 {
		return err
	}
	return fmt.Errorf("%s: %w", row.ID, ErrGrantEnded)
}

// followsHidden is hides for what no server has placed: it is not shown where all
// that it follows is hidden.
func (r *Replica) followsHidden(tx *localdb.Tx, s *state, row *localdb.Record, at syncengine.UnixMilli) error {
	rec, kind, err := r.decodeShown(row)
	if err != nil {
		return err
	}
	var g pagerecord.Glance
	if err := g.Read(kind, rec.Fields()); err != nil {
		return fmt.Errorf("record %s: %w: %w", row.ID, ErrDamaged, err)
	}
	hidden := false
	for _, id := range g.Parents {
		numbers, held, err := tx.BaseKeys(id)
		if err != nil {
			return err
		}
		keys, err := scopeKeys(tx, numbers)
		if err != nil || !held || s.rights.liveOver(keys, at) != 0 {
			return err
		}
		hidden = true
	}
	if hidden {
		return fmt.Errorf("%s: %w", row.ID, ErrGrantEnded)
	}
	return nil
}

// keepTime writes the greatest time seen down, now and then. A disk that does not
// take it is no reason to stop: the time counts until the phone is switched off.
// The caller holds r.mu.
func (r *Replica) keepTime() {
	s := &r.state
	if !s.enrolled() || r.closed || r.gone {
		return
	}
	at := s.time(r.now())
	if at < s.pos.ClockMost+clockStep {
		return
	}
	s.pos.ClockMost = at
	next := *s
	_ = r.db.Update(func(tx *localdb.Tx) error { return next.savePosition(tx) })
}
