package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// clearJournal drops what two verified backups of the server hold and the
// checkpoint has passed.
func (t *taking) clearJournal() error {
	pos := &t.s.pos
	at := t.a.GetBackedUpTo()
	newest := syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())}
	if at == nil || newest.Epoch != pos.Epoch || newest.Seq <= pos.BackedUp.Seq {
		return nil
	}
	pos.BackedUpBefore, pos.BackedUp = pos.BackedUp, newest
	safe := pos.BackedUpBefore
	if safe.IsZero() || safe.Epoch != pos.Checkpoint.Epoch || safe.Seq > pos.Checkpoint.Seq {
		return nil
	}
	if !pos.Handing {
		if err := t.tx.ClearBarriers(safe); err != nil {
			return err
		}
	}
	cleared, err := t.safeUpTo(safe.Seq)
	if err != nil || cleared <= pos.Cleared {
		return err
	}
	row, ok, err := t.tx.Change(cleared)
	if err != nil || !ok {
		return err
	}
	pos.Cleared, pos.ClearedChain = cleared, row.Chain
	pos.forgetSwitches(cleared)
	if err := t.tx.ClearChanges(cleared); err != nil {
		return err
	}
	return t.tx.ClearOutcomes(cleared)
}

// safeUpTo gives the last change of the unbroken run whose outcomes stand at or
// below a coordinate of the epoch in force. What an earlier epoch has decided and
// this one has, it has under the same seq, and what lies above the mark is asked again. A change that waits in quarantine keeps
// its body here.
func (t *taking) safeUpTo(safe syncengine.Seq) (syncengine.DeviceSeq, error) {
	from := t.s.pos.Cleared + 1
	to := min(t.s.pos.Settled, t.s.pos.Mark)
	outcomes, err := t.outcomes(from, to)
	if err != nil {
		return 0, err
	}
	last := t.s.pos.Cleared
	for seq := from; seq <= to; seq++ {
		o, ok := outcomes[seq]
		if !ok || syncengine.Seq(o.GetSeq()) > safe {
			break
		}
		q, waits, err := t.tx.QuarantinedChange(seq)
		if err != nil || waits && q.State == localdb.QuarantineWaiting {
			return last, err
		}
		last = seq
	}
	return last, nil
}

// eachChange walks the changes of a range; those just sent are at hand. f may keep the row.
func (t *taking) eachChange(from, to syncengine.DeviceSeq, f func(*localdb.Change) error) error {
	if t.batchHolds(from, to) {
		batch := t.a.sent.batch
		first := batch[0].DeviceSeq
		for i := from - first; i <= to-first; i++ {
			if err := f(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	}
	for row, err := range t.tx.Changes(from) {
		if err != nil {
			return err
		}
		if row.DeviceSeq > to {
			break
		}
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

// outcomesNow gives the outcomes of a range; those of this answer are at hand.
func (t *taking) outcomesNow(from, to syncengine.DeviceSeq) (map[syncengine.DeviceSeq]*syncv1.Outcome, error) {
	if !t.batchHolds(from, to) || len(t.a.outcomes) == 0 {
		return t.outcomes(from, to)
	}
	out := make(map[syncengine.DeviceSeq]*syncv1.Outcome, len(t.a.outcomes))
	for i, o := range t.a.outcomes {
		out[t.a.sent.batch[i].DeviceSeq] = o
	}
	return out, nil
}

func (t *taking) batchHolds(from, to syncengine.DeviceSeq) bool {
	batch := t.a.sent.batch
	if len(batch) > 0 && batch[0].DeviceSeq <= t.s.pos.SealedTo {
		return false // Some of them may have been sealed since they were read.
	}
	return len(batch) > 0 && batch[0].DeviceSeq <= from && batch[len(batch)-1].DeviceSeq >= to
}

// outcomes reads what the journal holds of a range; the newest word counts.
func (t *taking) outcomes(from, to syncengine.DeviceSeq) (map[syncengine.DeviceSeq]*syncv1.Outcome, error) {
	out := make(map[syncengine.DeviceSeq]*syncv1.Outcome, to-from+1)
	err := eachOutcome(t.tx, from, func(seq syncengine.DeviceSeq, o *syncv1.Outcome) { out[seq] = o })
	return out, err
}

// eachOutcome hands on what the journal holds from the segment in which a number stands, older words before newer ones.
func eachOutcome(tx *localdb.Tx, from syncengine.DeviceSeq, f func(syncengine.DeviceSeq, *syncv1.Outcome)) error {
	for segment, err := range tx.Outcomes(from) {
		if err != nil {
			return err
		}
		m := &syncv1.Outcomes{}
		if err := proto.Unmarshal(segment.Body, m); err != nil {
			return fmt.Errorf("outcomes from %d: %w: %w", segment.First, ErrDamaged, err)
		}
		for i, o := range m.GetResults() {
			f(segment.First+syncengine.DeviceSeq(i), o)
		}
	}
	return nil
}
