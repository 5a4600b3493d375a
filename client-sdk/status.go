package client

import (
	"onedoor/client-sdk/internal/localdb"
)

// Status says how the phone stands. It reads every record once.
type Status struct {
	// Pending counts the changes that no server has acknowledged, OldestPendingMs
	// is the device time of the oldest; 0 for none.
	Pending         int
	OldestPendingMs int64
	// Quarantined counts own changes that wait for a decision, Conflicts what is open.
	Quarantined, Conflicts int
	// Epoch and Seq are the checkpoint; 0 before the first sync.
	Epoch int
	Seq   int64
	// Digest is SHA-256 in hexadecimal over the digests of base: two phones with
	// the same view at the same checkpoint show the same.
	Digest string
	// Records counts the records held, deleted ones aside; Drafts those not finished.
	Records, Drafts int
	// LastSyncMs is when the phone last caught up, by its own clock; 0 for never.
	LastSyncMs int64
	// DatabaseBytes is the size of the files, BytesUp and BytesDown what was ever sent and received.
	DatabaseBytes, BytesUp, BytesDown int64
	// Refilled counts how often the phone asked for everything again because own records name one another in a ring, so
	// that it could not tell where they stand.
	Refilled int
	// Revoked is true when the server gives this phone nothing any more.
	Revoked bool
	// Barred says why the phone shows and takes nothing, such as LEASE_ENDED; empty where it does. [Explain] has a sentence
	// for the error that reads and edits give.
	Barred string
	// Sealed counts those among Pending that this phone can hand in and not read any more.
	Sealed int
	// LeaseUntilMs is when the lease ends, by the server's clock; 0 for none.
	LeaseUntilMs int64
}

// barredNames are the names of what bars a phone.
var barredNames = map[error]string{ErrLeaseEnded: "LEASE_ENDED", ErrLocked: "LOCKED", ErrDestroyed: "DESTROYED", ErrWiped: "WIPED"}

// Status says how the phone stands.
func (r *Replica) Status() (*Status, error) {
	out := &Status{}
	err := r.view(func(tx *localdb.Tx, s *state) error {
		out.Pending = int(s.end.Seq - max(s.pos.Mark, s.pos.Cleared))
		out.Epoch, out.Seq = int(s.pos.Checkpoint.Epoch), int64(s.pos.Checkpoint.Seq)
		out.LastSyncMs, out.Revoked, out.Refilled = int64(s.pos.LastSync), s.pos.Revoked, s.pos.Refilled
		out.Barred, out.LeaseUntilMs = barredNames[s.barred(s.time(r.now()))], s.grants.GetLeaseUntilMs()
		out.BytesUp, out.BytesDown = s.pos.BytesUp, s.pos.BytesDown
		var err error
		if out.Sealed, err = tx.CountSealed(max(s.pos.Mark, s.pos.Cleared)); err != nil {
			return err
		}
		if err := r.pendingSince(tx, s, out); err != nil {
			return err
		}
		sums, err := r.sums(tx, s)
		if err != nil {
			return err
		}
		out.Digest = sums.hex()
		return r.counts(tx, out)
	})
	if err != nil {
		return nil, err
	}
	out.DatabaseBytes, err = r.db.Size()
	return out, err
}

func (r *Replica) pendingSince(tx *localdb.Tx, s *state, out *Status) error {
	if out.Pending == 0 {
		return nil
	}
	oldest, ok, err := tx.Change(max(s.pos.Mark, s.pos.Cleared) + 1)
	if err == nil && ok {
		out.OldestPendingMs = int64(changeTime(&oldest))
	}
	return err
}

func (r *Replica) counts(tx *localdb.Tx, out *Status) (err error) {
	if out.Conflicts, err = r.countOpen(tx); err != nil {
		return err
	}
	if out.Records, err = tx.Count(localdb.Query{}); err != nil {
		return err
	}
	for q, err := range tx.QuarantinedChanges() {
		if err != nil {
			return err
		}
		if q.State == localdb.QuarantineWaiting {
			out.Quarantined++
		}
	}
	for _, err := range tx.Drafts() {
		if err != nil {
			return err
		}
		out.Drafts++
	}
	return nil
}
