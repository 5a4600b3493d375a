package client

import (
	"errors"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// rebuild makes a record's row again: the base with the applied changes that it
// does not reflect yet, and the view with the changes that are still above it.
func (t *taking) rebuild(id syncengine.ID, own []confirmed, rebased bool) error {
	if done, err := t.confirm(id, own, rebased); done || err != nil {
		return err
	}
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
	held := row.Base != nil
	folded, err := t.fold(&row, kind, base, own)
	if err != nil {
		return err
	}
	switch {
	case row.Base != nil:
	case held:
		// An own change took it out of the phone's area: it leaves like any other.
		err = t.seal(id)
	default:
		err = t.sealGone(own)
	}
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
		row.Kind = own[0].row.Kind
	}
	return t.r.schema.Kind(row.Kind)
}

// above gives the changes that lie over a record's base, in device order. Where
// the row has none but those that settle now, nothing is read.
func (t *taking) above(row *localdb.Record, own []confirmed) ([]*ownChange, error) {
	settling := uint32(0)
	for i := range own {
		if own[i].code() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED && len(own[i].row.Body) > 0 {
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
		if !t.foldsIn(row.ID, c) || syncengine.Seq(c.outcome.GetSeq()) <= base.Seq || len(c.row.Body) == 0 {
			continue
		}
		read, err := t.r.readOwn(t.s, c.row)
		if err != nil {
			return false, err
		}
		if row.Base == nil && !folded && !read.create {
			continue
		}
		rank, err := t.rank(row, read.create)
		if err != nil {
			return false, err
		}
		*read.change.Write = c.write(t.s, read.time, rank)
		base.Fold(&read.change)
		if placesRecord(kind, read.change.Cells) {
			if err := t.place(row, kind, base); err != nil {
				return false, err
			}
		}
		folded = true
	}
	if !folded {
		return false, nil
	}
	return t.becomesBase(row, kind, base)
}

// becomesBase has a record that was worked out here be base, as far as the phone may
// read it under its keys. A change may have been applied where the phone has no
// business any more, or under grants that gave more than those of now do: then less
// of it stays, or nothing, and the answer is false.
func (t *taking) becomesBase(row *localdb.Record, kind *schema.Kind, base *pagerecord.Record) (bool, error) {
	classes, err := t.readable(row)
	if err != nil {
		return false, err
	}
	if classes == 0 {
		row.Base, row.Seq, *base = nil, 0, *pagerecord.New(row.ID, row.Kind)
		return false, nil
	}
	base.Only(func(n syncengine.FieldNumber) bool {
		class, known := kind.Engine.Class(n)
		return !known || classes.Has(class)
	})
	row.Base, row.Seq = pagerecord.Encode(base), base.Seq
	return true, nil
}

// readable gives the classes that the phone may read under the keys of a row; none for a row without.
func (t *taking) readable(row *localdb.Record) (schema.Classes, error) {
	if len(row.Keys) == 0 {
		return 0, nil
	}
	t.scope = t.scope[:0]
	for _, number := range row.Keys {
		key, err := t.tx.ScopeKey(number)
		if err != nil {
			return 0, err
		}
		t.scope = append(t.scope, key)
	}
	return t.r.schema.Access.ReadClasses(row.Kind, t.s.rights.overKeys(t.scope)), nil
}

// foldsIn reports that an own change is for the phone to fold in. What stands at or
// below the place that base has stood at was part of it: where base does not show it,
// it is not for this phone, as when a copy of its database sent it under other grants.
func (t *taking) foldsIn(id syncengine.ID, c *confirmed) bool {
	return c.code() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED && syncengine.Seq(c.outcome.GetSeq()) > t.s.pos.Checkpoint.Seq && !t.leavesOut(id)
}

// rank is the rank that the server gave to the author's role.
func (t *taking) rank(row *localdb.Record, create bool) (syncengine.Rank, error) {
	if create && row.Base == nil {
		return rankOf(t.r.schema, t.s.rights.own), nil
	}
	keys, err := scopeKeys(t.tx, row.Keys)
	return rankOf(t.r.schema, t.s.rights.overKeys(keys)), err
}

// placesRecord reports that a record's place may change: by a field that places
// it, or by a write of its life, whose author keeps a sight of it.
func placesRecord(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	return slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool {
		f, known := kind.Field(w.Key.Field)
		return w.Key.Field == syncengine.LifeField || known && f.Engine.Scope != syncengine.NoScope
	})
}

// place computes the scope keys of a folded record.
func (t *taking) place(row *localdb.Record, kind *schema.Kind, base *pagerecord.Record) error {
	rec, err := t.engineRecord(kind, base)
	if err != nil {
		return err
	}
	return t.placeAs(row, kind, rec)
}

// placeAs computes scope keys as the server does, as far as the phone holds them.
// What it does not know the server does not know either: it calls a change that
// follows something out of the phone's sight merged, and sends the record.
func (t *taking) placeAs(row *localdb.Record, kind *schema.Kind, rec *syncengine.Record) error {
	var failed error
	placed := syncengine.Place(kind.Engine, rec, func(id syncengine.ID) ([]syncengine.ScopeKey, bool) {
		keys, ok, err := t.parentKeys(id)
		if err != nil {
			failed = err
		}
		t.orphaned = t.orphaned || !ok
		return keys, ok
	})
	if failed != nil {
		return failed
	}
	t.placed = append(t.placed, row.ID)
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

// placeAgain places own records once more where one of them was folded in before
// something that it follows: a visit before the door that was added to it later.
// It goes on until nothing moves, since what follows a visit moves with it. As many
// rounds as there are records are enough for any that follow one another in lines;
// records that name one another in a ring may move for ever, and where they stand
// depends on the order in which the server took them. So the phone does not guess:
// it is filled anew, which its status counts.
func (t *taking) placeAgain() error {
	again := t.orphaned
	for rounds := len(t.placed); again; rounds-- {
		if rounds < 0 {
			t.s.letCursorGo()
			t.again = true
			t.s.pos.Refilled++
			return nil
		}
		again = false
		ids := t.placed
		t.placed = nil
		for _, id := range ids {
			moved, err := t.placeOne(id)
			if err != nil {
				return err
			}
			again = again || moved
		}
	}
	return nil
}

// placeOne places a record of base again; moved tells that it stands elsewhere now.
func (t *taking) placeOne(id syncengine.ID) (moved bool, err error) {
	row, ok, err := t.tx.Record(id)
	if err != nil || !ok || row.Base == nil || len(row.Keys) == 0 {
		return false, err
	}
	kind, known := t.r.schema.Kind(row.Kind)
	if !known {
		return false, nil
	}
	base, err := t.r.decodeBase(kind, &row)
	if err != nil {
		return false, err
	}
	before := slices.Sorted(slices.Values(row.Keys))
	if err := t.place(&row, kind, base); err != nil || slices.Equal(before, slices.Sorted(slices.Values(row.Keys))) {
		return false, err
	}
	above, err := t.above(&row, nil)
	if err != nil {
		return false, err
	}
	kept, err := t.becomesBase(&row, kind, base)
	if err == nil && !kept && len(above) == 0 {
		return true, errors.Join(t.tx.DeleteRecord(id), t.seal(id))
	}
	if err != nil {
		return false, err
	}
	return true, t.put(&row, kind, base, above, false)
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
	if p, known := t.parents[id]; known {
		return p.keys, p.inBase, nil
	}
	numbers, ok, err := t.tx.BaseKeys(id)
	if err != nil {
		return nil, false, err
	}
	p := parent{inBase: ok}
	if p.keys, err = scopeKeys(t.tx, numbers); err != nil {
		return nil, false, err
	}
	if t.parents == nil {
		t.parents = map[syncengine.ID]parent{}
	}
	t.parents[id] = p
	return p.keys, p.inBase, nil
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
	delete(t.parents, row.ID)
	if err := t.r.columns(t.tx, t.s, row, &t.glance, kind, shown.Fields(), shown.Dead()); err != nil {
		return err
	}
	return t.tx.PutRecord(*row)
}
