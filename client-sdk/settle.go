package client

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// confirmed is an own change with the outcome that the server gave it.
type confirmed struct {
	*ownChange
	code    syncv1.OutcomeCode
	at      syncengine.Coordinate
	stamp   syncengine.UnixMilli
	suspect bool
}

// settle is the moment base moves: what is staged becomes base, own changes that
// the pages left out are folded in, and the checkpoint stands where the log did.
func (t *taking) settle() error {
	pos := &t.s.pos
	view, err := t.viewKeys()
	if err != nil {
		return err
	}
	own, err := t.acknowledged()
	if err != nil {
		return err
	}
	overlaid, err := t.tx.Switch(view)
	if err != nil {
		return err
	}
	pos.Settled, pos.Pulling, pos.NewView = max(pos.Settled, pos.Mark), false, false
	t.gone, pos.Gone = pos.Gone, nil
	if pos.NewPlaces {
		t.r.places, pos.NewPlaces = nil, false
	}
	for _, id := range overlaid {
		if _, waits := own.of[id]; !waits {
			own.order = append(own.order, id)
		}
		own.rebased[id] = true
	}
	for _, id := range own.order {
		if err := t.rebuild(id, own.of[id], own.rebased[id]); err != nil {
			return err
		}
	}
	t.changed = t.changed || t.out.Pulled+t.out.Gone > 0 || len(own.order) > 0 || view != nil
	if err := t.checkpoint(); err != nil {
		return err
	}
	return t.clearJournal()
}

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
}

func (t *taking) acknowledged() (*acknowledgedChanges, error) {
	out := &acknowledgedChanges{of: map[syncengine.ID][]confirmed{}, rebased: map[syncengine.ID]bool{}}
	from, to := t.s.pos.Settled+1, t.s.pos.Mark
	if from > to {
		return out, nil
	}
	outcomes, err := t.outcomesNow(from, to)
	if err != nil {
		return nil, err
	}
	err = t.eachChange(from, to, func(row *localdb.Change) error {
		o, ok := outcomes[row.DeviceSeq]
		if !ok {
			return fmt.Errorf("%w: change %d has no outcome", ErrDamaged, row.DeviceSeq)
		}
		own, err := t.r.readOwn(t.s, row)
		if err != nil {
			return err
		}
		out.add(confirmedBy(own, o))
		return nil
	})
	return out, err
}

func (c *acknowledgedChanges) add(own confirmed) {
	if _, known := c.of[own.record]; !known {
		c.order = append(c.order, own.record)
	}
	c.of[own.record] = append(c.of[own.record], own)
}

func confirmedBy(own *ownChange, o *syncv1.Outcome) confirmed {
	return confirmed{
		ownChange: own, code: o.GetCode(), stamp: own.time + syncengine.UnixMilli(o.GetStampDiffMs()), suspect: o.GetSuspect(),
		at: syncengine.Coordinate{Epoch: syncengine.Epoch(o.GetEpoch()), Seq: syncengine.Seq(o.GetSeq())},
	}
}

// eachChange walks the changes of a range; those just sent are at hand.
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
	return len(batch) > 0 && batch[0].DeviceSeq <= from && batch[len(batch)-1].DeviceSeq >= to
}

// outcomes reads what the journal holds of a range; the newest word counts.
func (t *taking) outcomes(from, to syncengine.DeviceSeq) (map[syncengine.DeviceSeq]*syncv1.Outcome, error) {
	out := make(map[syncengine.DeviceSeq]*syncv1.Outcome, to-from+1)
	for segment, err := range t.tx.Outcomes(from) {
		if err != nil {
			return nil, err
		}
		m := &syncv1.Outcomes{}
		if err := proto.Unmarshal(segment.Body, m); err != nil {
			return nil, fmt.Errorf("outcomes from %d: %w: %w", segment.First, ErrDamaged, err)
		}
		for i, o := range m.GetResults() {
			out[segment.First+syncengine.DeviceSeq(i)] = o
		}
	}
	return out, nil
}

// rebuild makes a record's row again: the base with the applied changes that it
// does not reflect yet, and the view with the changes that are still above it.
func (t *taking) rebuild(id syncengine.ID, own []confirmed, rebased bool) error {
	row, ok, err := t.tx.Record(id)
	if err != nil {
		return err
	}
	if !ok {
		row = localdb.Record{ID: id}
	}
	kind, known := t.kindOf(&row, own)
	if !known {
		return nil
	}
	base, err := t.r.decodeBase(kind, &row)
	if err != nil {
		return err
	}
	folded, err := t.fold(&row, kind, base, own)
	if err != nil {
		return err
	}
	above, err := t.above(&row, own)
	if err != nil {
		return err
	}
	switch {
	case row.Base == nil && len(above) == 0:
		return t.tx.DeleteRecord(id)
	case !ok && !folded && len(above) == 0:
		return nil
	}
	return t.put(&row, kind, base, above, rebased)
}

func (t *taking) kindOf(row *localdb.Record, own []confirmed) (*schema.Kind, bool) {
	if row.Kind == 0 && len(own) > 0 {
		row.Kind = own[0].kind.Number
	}
	return t.r.schema.Kind(row.Kind)
}

// above gives the changes that lie over a record's base, in device order. Where
// the row has none but those that settle now, nothing is read.
func (t *taking) above(row *localdb.Record, own []confirmed) ([]*ownChange, error) {
	settling := uint32(0)
	for i := range own {
		if own[i].code != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
			settling++
		}
	}
	if row.Pending <= settling {
		return nil, nil
	}
	return t.r.ownAbove(t.tx, t.s, row.ID, t.s.pos.Settled)
}

// fold takes applied changes into base, each where the record does not reflect
// it yet. A record that is not visible here and not made here stays away.
func (t *taking) fold(row *localdb.Record, kind *schema.Kind, base *pagerecord.Record, own []confirmed) (bool, error) {
	folded := false
	for i := range own {
		c := &own[i]
		left := slices.Contains(t.gone, row.ID) || row.Base == nil && !folded && !c.create
		if left || c.code != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED || c.at.Seq <= base.Seq {
			continue
		}
		w := c.change.Write
		w.Stamp, w.Suspect, w.At = c.stamp, c.suspect, c.at
		rank, err := t.rank(row, c.create)
		if err != nil {
			return false, err
		}
		w.Rank = rank
		base.Fold(&c.change)
		if c.create && row.Base == nil || placesRecord(kind, c.change.Cells) {
			if err := t.place(row, kind, base); err != nil {
				return false, err
			}
		}
		folded = true
	}
	switch {
	case folded && len(row.Keys) == 0:
		// The change was applied where the phone has no business any more.
		row.Base, row.Seq, *base = nil, 0, *pagerecord.New(row.ID, row.Kind)
		return false, nil
	case folded:
		row.Base, row.Seq = pagerecord.Encode(base), base.Seq
	}
	return folded, nil
}

// rank is the rank that the server gave to the author's role.
func (t *taking) rank(row *localdb.Record, create bool) (syncengine.Rank, error) {
	if create && row.Base == nil {
		return rankOf(t.r.schema, t.s.rights.own), nil
	}
	keys, err := scopeKeys(t.tx, row)
	return rankOf(t.r.schema, t.s.rights.overKeys(keys)), err
}

func placesRecord(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	return slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool {
		f, known := kind.Field(w.Key.Field)
		return known && f.Engine.Scope != syncengine.NoScope
	})
}

// place computes the scope keys of a folded record, as the server placed it, as
// far as the phone holds them.
func (t *taking) place(row *localdb.Record, kind *schema.Kind, base *pagerecord.Record) error {
	rec, failed := t.engineRecord(kind, base)
	if failed != nil {
		return failed
	}
	placed := syncengine.Place(kind.Engine, rec, func(id syncengine.ID) ([]syncengine.ScopeKey, bool) {
		keys, ok, err := t.parentKeys(id)
		if err == nil && !ok {
			err = t.doubt(id)
		}
		if err != nil {
			failed = err
		}
		return keys, ok
	})
	if failed != nil {
		return failed
	}
	row.Keys = row.Keys[:0]
	for _, key := range placed {
		if _, held := t.s.rights.over[key]; !held {
			continue
		}
		n, err := t.tx.InternKey(key)
		if err != nil {
			return err
		}
		row.Keys = append(row.Keys, n)
	}
	return nil
}

// doubt notes that the server may know a record that lies outside of the phone's
// area. One whose making waits in quarantine it does not.
func (t *taking) doubt(id syncengine.ID) error {
	for q, err := range t.tx.QuarantinedOf(id) {
		if err != nil || q.State == localdb.QuarantineWaiting {
			return err
		}
	}
	t.s.pos.Unsure = true
	return nil
}

// engineRecord gives as much of a record as placing looks at.
func (t *taking) engineRecord(kind *schema.Kind, rec *pagerecord.Record) (*syncengine.Record, error) {
	out := &syncengine.Record{ID: rec.ID, Kind: rec.Kind}
	cells := rec.Field(syncengine.LifeField)
	for _, f := range kind.Engine.ScopeFields {
		cells = append(cells[:len(cells):len(cells)], rec.Field(f.Number)...)
	}
	for i := range cells {
		c := syncengine.Cell{Key: cells[i].Key}
		for _, v := range append([]pagerecord.Value{cells[i].Shown}, cells[i].Others...) {
			author, err := t.tx.Author(localdb.AuthorID(v.Write.Author))
			if err != nil {
				return nil, err
			}
			write := &syncengine.Write{Dot: syncengine.Dot{Incarnation: author.Incarnation, Seq: v.Write.DeviceSeq}}
			c.Values = append(c.Values, syncengine.Value{Write: write, Data: v.Data, Cleared: v.Cleared})
		}
		out.Cells = append(out.Cells, c)
	}
	return out, nil
}

// parentKeys gives the keys of a record that others follow; ok is false for one
// that is not in base.
func (t *taking) parentKeys(id syncengine.ID) ([]syncengine.ScopeKey, bool, error) {
	if t.parents == nil {
		t.parents = map[syncengine.ID]*localdb.Record{}
	}
	row, known := t.parents[id]
	if !known {
		found, ok, err := t.tx.Record(id)
		if err != nil {
			return nil, false, err
		}
		if ok && found.Base != nil {
			row = &found
		}
		t.parents[id] = row
	}
	if row == nil {
		return nil, false, nil
	}
	keys, err := scopeKeys(t.tx, row)
	return keys, true, err
}

// put writes a row with its view and index columns.
func (t *taking) put(row *localdb.Record, kind *schema.Kind, base *pagerecord.Record, above []*ownChange, rebased bool) error {
	row.View, row.Pending, row.Search = nil, uint32(len(above)), rebased && hasText(kind)
	shown := base
	for _, o := range above {
		shown.Overlay(kind, &o.change)
	}
	if len(above) > 0 {
		row.View = pagerecord.Encode(shown)
	}
	if t.parents != nil && row.Base != nil {
		delete(t.parents, row.ID)
	}
	if err := t.r.columns(t.tx, t.s, row, kind, shown.Fields(), shown.Dead()); err != nil {
		return err
	}
	return t.tx.PutRecord(*row)
}

// checkpoint moves to the place that the answer stands at.
func (t *taking) checkpoint() error {
	pos, at := &t.s.pos, t.a.GetPosition()
	first := pos.Checkpoint.IsZero()
	moved := syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())}
	now := t.r.now()
	pos.LastSync, t.out.CaughtUp = now, true
	if first {
		pos.DigestsAt = now
	}
	if moved == pos.Checkpoint {
		return nil
	}
	pos.Checkpoint, pos.Tag = moved, t.a.GetTag()
	return t.tx.AddCheckpoint(localdb.Checkpoint{At: moved, Tag: [tagBytes]byte(t.a.GetTag())})
}

// clearJournal drops what two verified backups of the server hold and the
// checkpoint has passed.
func (t *taking) clearJournal() error {
	pos := &t.s.pos
	at := t.a.GetBackedUpTo()
	newest := syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())}
	if at == nil || newest == pos.BackedUp {
		return nil
	}
	pos.BackedUpBefore, pos.BackedUp = pos.BackedUp, newest
	safe := pos.BackedUpBefore
	if safe.IsZero() || safe.Epoch != pos.Checkpoint.Epoch || safe.Seq > pos.Checkpoint.Seq {
		return nil
	}
	cleared, err := t.safeUpTo(safe)
	if err != nil || cleared <= pos.Cleared {
		return err
	}
	row, ok, err := t.tx.Change(cleared)
	if err != nil || !ok {
		return err
	}
	pos.Cleared, pos.ClearedChain = cleared, row.Chain
	if err := t.tx.ClearChanges(cleared); err != nil {
		return err
	}
	return t.tx.ClearOutcomes(cleared)
}

// safeUpTo gives the last change of the unbroken run whose outcomes stand at or
// below a coordinate. A change that waits in quarantine keeps its body here.
func (t *taking) safeUpTo(safe syncengine.Coordinate) (syncengine.DeviceSeq, error) {
	from := t.s.pos.Cleared + 1
	outcomes, err := t.outcomes(from, t.s.pos.Settled)
	if err != nil {
		return 0, err
	}
	last := t.s.pos.Cleared
	for seq := from; seq <= t.s.pos.Settled; seq++ {
		o, ok := outcomes[seq]
		if !ok || syncengine.Epoch(o.GetEpoch()) != safe.Epoch || syncengine.Seq(o.GetSeq()) > safe.Seq {
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
