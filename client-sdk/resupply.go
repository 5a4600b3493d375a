package client

import (
	"fmt"
	"iter"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// resupplying is what a batch says of changes that an earlier history of the log
// has acknowledged: where they stood, and the server's own proof of it.
type resupplying struct {
	// receipt covers every change of the batch that was acknowledged before; nil when there is none.
	receipt *syncv1.Receipt
	// covers is the last change that receipt covers, supplied the last one acknowledged before.
	covers, supplied syncengine.DeviceSeq
	outcomes         map[syncengine.DeviceSeq][]*syncv1.Outcome
}

// beyond reports a change that the receipt does not cover though it was
// acknowledged before: it travels with another one.
func (a *resupplying) beyond(seq syncengine.DeviceSeq) bool {
	return a.receipt != nil && seq > a.covers && seq <= a.supplied
}

// first tells where a change stood before, one place an epoch; nil for one that
// was never acknowledged, or whose proof is lost, and for one of which an erasure has
// left nothing: that has no value to stand anywhere, and no time to correct.
func (a *resupplying) first(row *localdb.Change) *syncv1.First {
	if a.receipt == nil || row.DeviceSeq > a.covers || len(row.Body)+len(row.Sealed) == 0 {
		return nil
	}
	var out *syncv1.First
	for _, o := range a.outcomes[row.DeviceSeq] {
		if out == nil {
			out = &syncv1.First{StampMs: int64(changeTime(row)) + o.GetStampDiffMs(), Suspect: o.GetSuspect()}
		}
		out.Coordinates = append(out.Coordinates, &syncv1.Coordinate{Epoch: o.GetEpoch(), Seq: o.GetSeq()})
	}
	return out
}

// resupplying looks up what is to be said of changes from one on.
func (r *Replica) resupplying(tx *localdb.Tx, s *state, from syncengine.DeviceSeq) (*resupplying, error) {
	out := &resupplying{supplied: s.pos.Supplied}
	if from > s.pos.Supplied {
		return out, nil
	}
	var err error
	if out.receipt, err = coveringReceipt(tx, s, from); err != nil || out.receipt == nil {
		return out, err
	}
	out.covers = syncengine.DeviceSeq(out.receipt.GetDeviceSeq())
	out.outcomes, err = placesBefore(tx, from, min(out.covers, s.pos.Supplied), s.pos.Epoch)
	return out, err
}

// coveringReceipt finds this incarnation's receipt of the newest epoch that covers a change.
func coveringReceipt(tx *localdb.Tx, s *state, seq syncengine.DeviceSeq) (best *syncv1.Receipt, err error) {
	for row, err := range tx.Receipts() {
		if err != nil {
			return nil, err
		}
		if row.DeviceSeq < seq {
			break
		}
		m := &syncv1.Receipt{}
		if err := proto.Unmarshal(row.Body, m); err != nil {
			return nil, fmt.Errorf("receipt of change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
		}
		if string(m.GetIncarnation()) == string(s.self.Incarnation[:]) && m.GetCoordinate().GetEpoch() > best.GetCoordinate().GetEpoch() {
			best = m
		}
	}
	return best, nil
}

// placesBefore gives where changes stood before an epoch, one outcome an epoch,
// ascending. Only values have places: a change that was quarantined had none.
func placesBefore(tx *localdb.Tx, from, to syncengine.DeviceSeq, epoch syncengine.Epoch) (map[syncengine.DeviceSeq][]*syncv1.Outcome, error) {
	out := map[syncengine.DeviceSeq][]*syncv1.Outcome{}
	err := eachOutcome(tx, from, func(seq syncengine.DeviceSeq, o *syncv1.Outcome) {
		valued := o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED || o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_MERGED
		if !valued || seq < from || seq > to || syncengine.Epoch(o.GetEpoch()) >= epoch {
			return
		}
		if known := out[seq]; len(known) == 0 || known[len(known)-1].GetEpoch() < o.GetEpoch() {
			out[seq] = append(known, o)
		}
	})
	return out, err
}

// aheadOfCursor reports that the server gave its word for more than the cursor names:
// an answer without a page acknowledges changes and leaves the cursor where it was. A
// log that was put back to between the two would look to the cursor as it should.
func (pos *position) aheadOfCursor() bool { return len(pos.Cursor) == 0 || pos.Settled < pos.Mark }

// letCursorGo has the next sync begin from nothing. What the cursor proves stays true: where the realm is put back before
// there is another one, nothing else may show it.
func (s *state) letCursorGo() {
	if len(s.pos.Cursor) > 0 {
		s.pos.Stood, s.pos.StoodAs = s.pos.Cursor, s.self.Incarnation
	}
	s.pos.Cursor = nil
}

// stood gives the proof of the cursor that was let go; nil where there is another one.
func (s *state) stood() *syncv1.Stood {
	if len(s.pos.Cursor) > 0 || len(s.pos.Stood) == 0 {
		return nil
	}
	return &syncv1.Stood{Cursor: s.pos.Stood, Incarnation: s.pos.StoodAs[:]}
}

// Of the places that base has stood at, the newest pastNewest are told and of the
// older ones every pastEvery-th: how far two histories went together is known to
// a few syncs where it happened lately, and to some days where it did not.
const (
	pastNewest = 32
	pastEvery  = localdb.CheckpointsMax / (wire.PastCheckpointsMax - pastNewest)
)

// prove says what a server that was restored can hold against what it has: at which
// places of earlier epochs base has stood and the grants in force, once after the
// epoch or the phone's name changed; the newest receipt where the cursor does not say as much, with the cursor
// of before where there is none; and the phone's enrolment where the server does not know it. With changes that come after the
// end of the lease goes the proof of when that was.
func (r *Replica) prove(tx *localdb.Tx, s *state, out *sending, body *syncv1.ExchangeBody) (err error) {
	body.Stood = s.stood()
	if s.pos.aheadOfCursor() && body.Receipt == nil {
		if body.Receipt, err = coveringReceipt(tx, s, 1); err != nil {
			return err
		}
	}
	if s.showing {
		body.Enrolment = &syncv1.Enrolment{}
		if err := getProto(tx, metaEnrolment, body.Enrolment); err != nil {
			return err
		}
	}
	if s.pos.Proving || s.showing || len(out.batch) > 0 && s.leaseOver(s.time(r.now())) {
		body.Grants = s.grants
	}
	if !s.pos.Proving {
		return proveNewest(tx, s, out, body)
	}
	out.past = true
	all, err := collect(tx.Checkpoints())
	for i, c := range all {
		told := c.At.Epoch < s.pos.Epoch && (i < pastNewest || i%pastEvery == 0) || i == 0 && len(s.pos.Cursor) == 0
		if told && len(body.Past) < wire.PastCheckpointsMax {
			body.Past = append(body.Past, &syncv1.Checkpoint{
				At: &syncv1.Coordinate{Epoch: uint32(c.At.Epoch), Seq: uint64(c.At.Seq)}, Tag: c.Tag[:],
			})
		}
	}
	return err
}

// proveNewest tells the newest place that base has stood at, where no cursor does and
// changes were made on it.
func proveNewest(tx *localdb.Tx, s *state, out *sending, body *syncv1.ExchangeBody) error {
	if len(s.pos.Cursor) > 0 || len(out.batch) == 0 {
		return nil
	}
	for c, err := range tx.Checkpoints() {
		if err != nil {
			return err
		}
		body.Past = []*syncv1.Checkpoint{{At: &syncv1.Coordinate{Epoch: uint32(c.At.Epoch), Seq: uint64(c.At.Seq)}, Tag: c.Tag[:]}}
		break
	}
	return nil
}

// collect reads a sequence to its end, so that the rows it walks over may be written.
func collect[T any](rows iter.Seq2[T, error]) (out []T, err error) {
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}
