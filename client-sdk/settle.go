package client

import (
	"fmt"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/syncengine"
)

// confirmed is an own change with the outcome that the server gave it.
type confirmed struct {
	row     *localdb.Change
	outcome *syncv1.Outcome
}

func (c *confirmed) code() syncv1.OutcomeCode { return c.outcome.GetCode() }

// write gives what the server made of the change, from its device time.
func (c *confirmed) write(s *state, deviceTime syncengine.UnixMilli, rank syncengine.Rank) pagerecord.Write {
	return pagerecord.Write{
		Author: s.author, DeviceSeq: c.row.DeviceSeq, Rank: rank, Suspect: c.outcome.GetSuspect(),
		Stamp: deviceTime + syncengine.UnixMilli(c.outcome.GetStampDiffMs()),
		At:    placeOf(c.outcome),
	}
}

// settle is the moment base moves: what is staged becomes base, own changes that
// the pages left out are folded in, and the checkpoint stands where the log did.
func (t *taking) settle() error {
	pos := &t.s.pos
	before := pos.Settled
	again, err := t.outboxAgain()
	if err != nil {
		return err
	}
	view, err := t.viewKeys()
	if err != nil {
		return err
	}
	t.viewMoved = view != nil
	own, err := t.acknowledged()
	if err != nil {
		return err
	}
	var overlaid []syncengine.ID
	if pos.Pulling || view != nil || t.out.Pulled+t.out.Gone > 0 {
		if overlaid, err = t.tx.Switch(view); err != nil {
			return err
		}
		// What a restored log lacks has not left: it is supplied again from here.
		left := slices.DeleteFunc(t.tx.Left(), func(id syncengine.ID) bool { return slices.Contains(again, id) })
		if err := t.seal(left...); err != nil {
			return err
		}
	}
	pos.Settled, pos.Pulling, pos.NewView = max(pos.Settled, pos.Mark), false, false
	t.gone, pos.Gone = pos.Gone, nil
	if pos.NewPlaces {
		t.r.places, pos.NewPlaces = nil, false
	}
	for _, id := range append(overlaid, again...) {
		if _, waits := own.of[id]; !waits && !own.rebased[id] {
			own.order = append(own.order, id)
		}
		own.rebased[id] = true
	}
	for _, id := range own.order {
		if err := t.rebuild(id, own.of[id], own.rebased[id]); err != nil {
			return err
		}
	}
	if err := t.sealReplayed(before); err != nil {
		return err
	}
	if err := t.placeAgain(); err != nil {
		return err
	}
	t.changed = t.changed || t.out.Pulled+t.out.Gone > 0 || len(own.order) > 0 || view != nil
	if err := t.checkpoint(); err != nil {
		return err
	}
	return t.clearJournal()
}

// leavesOut reports that own changes to a record are not folded in: it has left,
// or base moves to other keys, and what is not named stands under none of them.
func (t *taking) leavesOut(id syncengine.ID) bool { return t.viewMoved || slices.Contains(t.gone, id) }

// viewKeys gives the numbers of the keys the phone holds, when they changed since
// base moved last; nil otherwise.
func (t *taking) viewKeys() ([]localdb.KeyID, error) {
	if !t.s.pos.NewView {
		return nil, nil
	}
	keys := make([]localdb.KeyID, 0, len(t.s.view.GetKeys()))
	for _, k := range t.s.view.GetKeys() {
		n, err := t.tx.InternKey(syncengine.ScopeKey(k.GetKey()))
		if err != nil {
			return nil, err
		}
		keys = append(keys, n)
	}
	return keys, nil
}

// acknowledgedChanges are the own changes between what base held and the mark.
type acknowledgedChanges struct {
	of map[syncengine.ID][]confirmed
	// order lists their records, rebased those whose base came or went with the page.
	order   []syncengine.ID
	rebased map[syncengine.ID]bool
	// room holds the first change of each record.
	room []confirmed
}

func (t *taking) acknowledged() (*acknowledgedChanges, error) {
	out := &acknowledgedChanges{rebased: map[syncengine.ID]bool{}}
	from, to := t.s.pos.Settled+1, t.s.pos.Mark
	if from > to {
		return out, nil
	}
	n := to - from + 1
	out.of, out.order, out.room = make(map[syncengine.ID][]confirmed, n), make([]syncengine.ID, 0, n), make([]confirmed, 0, n)
	outcomes, err := t.outcomesNow(from, to)
	if err != nil {
		return nil, err
	}
	err = t.eachChange(from, to, func(row *localdb.Change) error {
		o, ok := outcomes[row.DeviceSeq]
		if !ok {
			return fmt.Errorf("%w: change %d has no outcome", ErrDamaged, row.DeviceSeq)
		}
		out.add(confirmed{row: row, outcome: o})
		return nil
	})
	return out, err
}

func (c *acknowledgedChanges) add(own confirmed) {
	id := own.row.RecordID
	if others, known := c.of[id]; known {
		c.of[id] = append(others, own)
		return
	}
	c.order = append(c.order, id)
	c.room = append(c.room, own)
	c.of[id] = slices.Clip(c.room[len(c.room)-1:])
}

// checkpoint moves to the place that the answer stands at.
func (t *taking) checkpoint() error {
	pos, at := &t.s.pos, t.a.GetPosition()
	first := pos.Checkpoint.IsZero()
	moved := syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())}
	now := t.r.now()
	pos.LastSync, pos.SyncedAt, t.out.CaughtUp, pos.Destroyed = now, t.s.time(now), true, false
	if first {
		pos.DigestsAt = now
	}
	if moved == pos.Checkpoint {
		return nil
	}
	pos.Checkpoint, pos.Tag = moved, t.a.GetTag()
	return t.tx.AddCheckpoint(localdb.Checkpoint{At: moved, Tag: [tagBytes]byte(t.a.GetTag())})
}
