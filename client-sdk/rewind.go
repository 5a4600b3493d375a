package client

import (
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// rewind notes that the server has own changes up to the mark only, whatever base
// reflects. Base stands until it can be replaced whole, so that no edit leaves the
// screen; then what the server does not have lies over it again.
func (pos *position) rewind() {
	if !pos.Rewinding || pos.Mark < pos.Rewound {
		pos.Rewound = pos.Mark
	}
	pos.Rewinding = true
}

// epoch takes note of an answer from another history of the log than the last
// one, as after a restore of the server: what it does not have is in the outbox
// from here on. acknowledged is the mark before this answer.
func (t *taking) epoch(acknowledged syncengine.DeviceSeq) error {
	pos, now := &t.s.pos, syncengine.Epoch(t.a.GetEpoch())
	if now == 0 || now == pos.Epoch {
		pos.Proving = pos.Proving && !t.a.sent.past
		return nil
	}
	before := pos.Epoch
	pos.Epoch = now
	if before == 0 {
		return nil
	}
	pos.Supplied = max(pos.Supplied, acknowledged)
	pos.BackedUp, pos.BackedUpBefore = syncengine.Coordinate{}, syncengine.Coordinate{}
	pos.rewind()
	pos.Renewed, pos.Proving, t.renewed, t.out.progress = true, true, true, true
	pos.Handing, pos.Handed = pos.carriesBarriers(), 0
	t.compareLast()
	t.bringAbsent()
	return t.hearAgain(acknowledged)
}

// compareLast has the last change that the server says it has sent again, or the
// last one that was made here where it says more, unless this answer was given to a
// batch: the server may have them from another copy of this database, with another
// content, and would not say so unasked.
func (t *taking) compareLast() {
	pos := &t.s.pos
	if e := min(syncengine.DeviceSeq(t.a.GetExpected()), t.s.end.Seq+1); e > 1 && len(t.a.outcomes) == 0 {
		pos.Mark = min(pos.Mark, max(e-2, pos.Cleared, pos.Shared))
	}
}

// bringAbsent sends again what another copy of this database has declared absent and
// this one still has, and the change before it, so that the server can tell whether
// that is the same. It then gives this copy a name of its own.
func (t *taking) bringAbsent() {
	pos, lacks := &t.s.pos, t.a.GetAbsent()
	from, to := syncengine.DeviceSeq(lacks.GetFrom()), min(syncengine.DeviceSeq(lacks.GetTo()), t.s.end.Seq)
	if from > 0 && to > pos.Cleared {
		pos.Mark = min(pos.Mark, max(max(from, 2)-2, pos.Cleared))
	}
}

// judgedAnew forgets that an earlier history had quarantined a change that this one
// accepts. Where base does not reflect it yet, it lies over its record again; base
// moves later, with a page to come.
func (t *taking) judgedAnew(row *localdb.Change) error {
	if !t.s.pos.Rewinding {
		return nil
	}
	_, waited, err := t.tx.QuarantinedChange(row.DeviceSeq)
	if err != nil || !waited {
		return err
	}
	if err := t.tx.DeleteQuarantined(row.DeviceSeq); err != nil || row.DeviceSeq <= t.s.pos.Settled {
		return err
	}
	t.changed = true
	if err := t.liftAbove(row.RecordID); err != nil {
		return err
	}
	return t.rebuild(row.RecordID, nil, true)
}

// undecide takes back the decisions about quarantined changes that a history which
// is filled from the start may not know: the fill tells those that it does.
func (t *taking) undecide() error {
	var decided []localdb.Quarantined
	for q, err := range t.tx.QuarantinedChanges() {
		if err != nil {
			return err
		}
		if q.State != localdb.QuarantineWaiting && q.DeviceSeq <= t.s.pos.Rewound {
			decided = append(decided, q)
		}
	}
	for _, q := range decided {
		outcomes, err := t.outcomes(q.DeviceSeq, q.DeviceSeq)
		if err != nil {
			return err
		}
		q.State, q.Seq, q.Note = localdb.QuarantineWaiting, syncengine.Seq(outcomes[q.DeviceSeq].GetSeq()), ""
		if err := t.tx.PutQuarantined(q); err != nil {
			return err
		}
	}
	return nil
}

// outboxAgain has own changes that base is about to lose lie over it again. It
// gives their records, whose views are to be built anew.
func (t *taking) outboxAgain() ([]syncengine.ID, error) {
	pos := &t.s.pos
	if !pos.Rewinding {
		return nil, nil
	}
	pos.Settled = min(pos.Settled, pos.Rewound)
	pos.Rewinding, pos.Renewed, t.rewound = false, false, true
	if err := t.unquarantine(pos.Mark); err != nil {
		return nil, err
	}
	ids, err := collect(t.tx.ChangedRecords(pos.Mark))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := t.liftAbove(id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// unquarantine forgets what an earlier history said of the changes above the mark.
func (t *taking) unquarantine(mark syncengine.DeviceSeq) error {
	rows, err := collect(t.tx.QuarantinedChanges())
	if err != nil {
		return err
	}
	for _, q := range rows {
		if q.DeviceSeq <= mark {
			continue
		}
		if err := t.tx.DeleteQuarantined(q.DeviceSeq); err != nil {
			return err
		}
	}
	return nil
}

// liftAbove counts a record's own changes that its next base does not hold, so that
// its row stays when the base goes.
func (t *taking) liftAbove(id syncengine.ID) error {
	row, ok, err := t.tx.Record(id)
	if err != nil {
		return err
	}
	own, err := collect(t.tx.ChangesOf(id, t.s.pos.Settled))
	if err != nil {
		return err
	}
	if !ok && len(own) == 0 {
		// What is asked again is in the next base, as the log in force has it.
		return nil
	}
	if !ok {
		row = localdb.Record{ID: id, Kind: own[0].Kind}
	}
	row.Pending = uint32(len(own))
	return t.tx.PutRecord(row)
}

// forgetOutcomes keeps what was said of changes up to one only: from there on they
// are those of another incarnation.
func (t *taking) forgetOutcomes(last syncengine.DeviceSeq) error {
	known, err := t.outcomes(t.s.pos.Cleared+1, last)
	if err != nil {
		return err
	}
	if err := t.tx.ClearOutcomes(t.s.end.Seq); err != nil {
		return err
	}
	for seq := t.s.pos.Cleared + 1; seq <= last; seq++ {
		o, ok := known[seq]
		if !ok {
			continue
		}
		body, err := proto.Marshal(&syncv1.Outcomes{FirstDeviceSeq: uint64(seq), Results: []*syncv1.Outcome{o}})
		if err != nil {
			return err
		}
		if err := t.tx.AppendOutcomes(localdb.OutcomeSegment{First: seq, Last: seq, Body: body}); err != nil {
			return err
		}
	}
	return nil
}
