package client

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Written is a change that this phone made: what it sent or will send, and what
// became of it.
type Written struct {
	// DeviceSeq is the change's number on this phone, from 1 without gaps.
	DeviceSeq int64
	// Group is the number of the first change that was made in one go with this one.
	Group int64
	// RecordID and Kind name the record it is to.
	RecordID, Kind string
	// Create is true when it makes the record.
	Create bool
	// TimeMs is when the edit was made, by this phone's clock.
	TimeMs int64
	// State is pending, applied, merged, quarantined, released or rejected; Reason
	// is the name of the quarantine's reason.
	State, Reason string
	// Seq is the log entry that decided it; 0 while it is pending.
	Seq int64
	// Body is the change as it is hashed and sent, Salt the salt of its link in the
	// chain; empty where the change tells nothing about a person. Of an erased change
	// Body is what is left, and Inner what the chain holds of it.
	Body, Salt, Inner []byte
	// Sealed tells that this phone can hand the change in and not read it any more: then it has no body here.
	Sealed bool
}

// The states of a written change.
const (
	WrittenPending     = "pending"
	WrittenApplied     = "applied"
	WrittenMerged      = "merged"
	WrittenQuarantined = "quarantined"
	WrittenReleased    = "released"
	WrittenRejected    = "rejected"
)

// Written lists this phone's changes from a number on, in the order they were
// made: those that wait to be sent, and those that were answered, as long as
// the phone keeps them (until two backups of the server hold them).
func (r *Replica) Written(from int64) (out []*Written, err error) {
	err = r.view(func(tx *localdb.Tx, s *state) error {
		first := syncengine.DeviceSeq(max(from, 1))
		outcomes, err := (&taking{r: r, tx: tx, s: s}).outcomes(first, s.end.Seq)
		if err != nil {
			return err
		}
		for row, err := range tx.Changes(first) {
			if err != nil {
				return err
			}
			w, err := r.written(&row)
			if err != nil {
				return err
			}
			if row.DeviceSeq <= s.pos.Mark {
				w.decided(outcomes[row.DeviceSeq])
			}
			out = append(out, w)
		}
		return decisions(tx, out)
	})
	return out, err
}

// written reads a row of the outbox or the journal.
func (r *Replica) written(row *localdb.Change) (*Written, error) {
	w := &Written{
		DeviceSeq: int64(row.DeviceSeq), Group: int64(row.GroupFirst), RecordID: row.RecordID.String(),
		State: WrittenPending, Body: row.Body, Salt: row.Salt, Inner: row.Inner,
	}
	if kind, known := r.schema.Kind(row.Kind); known {
		w.Kind = kind.Name
	}
	if w.Group == 0 {
		w.Group = w.DeviceSeq
	}
	w.Sealed, w.TimeMs = row.SealingKey != 0, int64(row.Made)
	if len(row.Body) == 0 {
		return w, nil
	}
	c, err := wire.DecodeChange(row.Body)
	if err != nil {
		return nil, fmt.Errorf("change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
	}
	w.Group, w.Create, w.TimeMs = int64(c.Group), c.Create, int64(c.DeviceTime)
	return w, nil
}

// decided fills in what the server said.
func (w *Written) decided(o *syncv1.Outcome) {
	w.Seq = int64(o.GetSeq())
	switch o.GetCode() {
	case syncv1.OutcomeCode_OUTCOME_CODE_APPLIED:
		w.State = WrittenApplied
	case syncv1.OutcomeCode_OUTCOME_CODE_MERGED:
		w.State = WrittenMerged
	case syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED:
		w.State = WrittenQuarantined
	}
}

// decisions fills in what became of quarantined changes.
func decisions(tx *localdb.Tx, list []*Written) error {
	for q, err := range tx.QuarantinedChanges() {
		if err != nil {
			return err
		}
		i := int64(q.DeviceSeq)
		if len(list) == 0 || i < list[0].DeviceSeq || i > list[len(list)-1].DeviceSeq {
			continue
		}
		w := list[i-list[0].DeviceSeq]
		w.Seq, w.Reason = int64(q.Seq), reasonName(q.Reason)
		switch q.State {
		case localdb.QuarantineReleased:
			w.State = WrittenReleased
		case localdb.QuarantineRejected:
			w.State = WrittenRejected
		}
	}
	return nil
}
