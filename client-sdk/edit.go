package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/outbox"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Add makes a record of the message's kind and returns its id. What the phone
// knows by itself (the time, its user, first states) need not be told.
func (r *Replica) Add(m proto.Message) (syncengine.ID, error) {
	var id syncengine.ID
	return id, r.Group(func(g *Group) (err error) {
		id, err = g.Add(m)
		return err
	})
}

// AddWithID makes a record under an id that somebody else gave out, as on a
// joint visit: each phone that got the code adds the same record, and one record
// comes of it. Where it is on the phone already, this is an edit of it.
func (r *Replica) AddWithID(id syncengine.ID, m proto.Message) error {
	return r.Group(func(g *Group) error { return g.AddWithID(id, m) })
}

// Edit writes the fields that the message has: an element of a set field is
// added, a key of a map field is written, anything else is replaced. Named
// fields are cleared.
func (r *Replica) Edit(id syncengine.ID, m proto.Message, cleared ...string) error {
	return r.Group(func(g *Group) error { return g.Edit(id, m, cleared...) })
}

// Delete deletes a record. It stays in the log, and what others wrote to it
// meanwhile is listed as a conflict.
func (r *Replica) Delete(id syncengine.ID) error {
	return r.Group(func(g *Group) error {
		g.change(change{id: id, patch: &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}})
		return nil
	})
}

// Undelete brings a deleted record back.
func (r *Replica) Undelete(id syncengine.ID) error {
	return r.Group(func(g *Group) error {
		g.change(change{id: id, patch: &syncv1.Patch{Life: syncv1.Life_LIFE_ALIVE}, onDead: true})
		return nil
	})
}

// change is one edit as it was asked for.
type change struct {
	id   syncengine.ID
	kind *schema.Kind
	// create makes the record when it is not on the phone; otherwise it has to be there.
	create bool
	patch  *syncv1.Patch
	// read makes the patch from what is shown, for edits that depend on it; nil when patch is given.
	read func(kind *schema.Kind, shown []byte) (*syncv1.Patch, error)
	// resolves names the conflicts the edit closes.
	resolves []syncengine.ConflictID
	// onDead lets the edit touch a deleted record.
	onDead bool
}

// commit makes changes of what was asked for and writes them with the records
// as they are shown then, all in one durable transaction or not at all.
func (r *Replica) commit(asked []change) error {
	if len(asked) == 0 {
		return nil
	}
	return r.commitOf(func(*localdb.Tx, *state) ([]change, error) { return asked, nil })
}

// commitOf is commit of what ask gives after a look at the records, within the same transaction: nothing comes between what it
// saw and what is written.
func (r *Replica) commitOf(ask func(tx *localdb.Tx, s *state) ([]change, error)) error {
	if err := r.tidyUp(); err != nil {
		return err
	}
	var touched []syncengine.ID
	err := r.update(func(tx *localdb.Tx, s *state) error {
		if !s.enrolled() {
			return ErrNotEnrolled
		}
		if err := s.barred(s.time(r.now())); err != nil {
			return err
		}
		asked, err := ask(tx, s)
		if err != nil || len(asked) == 0 {
			return err
		}
		c := &committing{r: r, tx: tx, s: s, now: r.now(), open: map[syncengine.ID]*standing{}}
		c.maker = outbox.Maker{End: s.end, Checkpoint: s.pos.Checkpoint, Now: c.now, Salt: r.newSalt}
		for i := range asked {
			if err := c.take(&asked[i]); err != nil {
				return err
			}
		}
		touched = c.order
		s.end = c.maker.End
		return c.write()
	})
	if err == nil {
		r.watchers.edited(touched)
	}
	return err
}

// committing is one commit under way.
type committing struct {
	r     *Replica
	tx    *localdb.Tx
	s     *state
	now   syncengine.UnixMilli
	maker outbox.Maker
	made  []outbox.Made
	// open holds the records of the commit as they are after the edits so far, order their order.
	open  map[syncengine.ID]*standing
	order []syncengine.ID
}

// standing is a record in the hands of a commit.
type standing struct {
	row  localdb.Record
	rec  *pagerecord.Record
	kind *schema.Kind
	keys []syncengine.ScopeKey
	// held gives the base of each cell with an own change that base does not hold.
	held map[syncengine.CellKey]syncengine.Coordinate
	// exists is false for a record that the commit makes.
	exists, searched bool
}

// take checks one edit and makes its changes.
func (c *committing) take(asked *change) error {
	st, err := c.standing(asked)
	if err != nil {
		return err
	}
	patch, err := c.patch(asked, st)
	if err != nil {
		return err
	}
	edit := &outbox.Edit{
		Record: asked.id, Kind: st.kind, Create: !st.exists, Patch: patch, Resolves: asked.resolves, Held: st.held,
	}
	if edit.Create {
		if edit.OccurredAt, err = fill(st.kind, patch, c.s.self.User, c.now); err != nil {
			return checkForm(st.kind, patch, wire.ErrMalformed)
		}
	}
	stepsFrom(st.kind, patch, st.rec)
	made, err := c.maker.Make(edit)
	if err != nil {
		return checkForm(st.kind, patch, err)
	}
	if err := c.check(st, made, asked.resolves); err != nil {
		return err
	}
	return c.lay(st, made)
}

// standing finds the record of an edit.
func (c *committing) standing(asked *change) (*standing, error) {
	if st, ok := c.open[asked.id]; ok {
		return st, c.fits(asked, st)
	}
	if err := c.s.checkSealed(c.tx, asked.id); err != nil {
		return nil, err
	}
	st := &standing{kind: asked.kind, held: map[syncengine.CellKey]syncengine.Coordinate{}}
	row, ok, err := c.tx.Record(asked.id)
	switch {
	case err != nil:
		return nil, err
	case ok:
		err = c.load(st, row)
	case !asked.create:
		err = fmt.Errorf("%s: %w", asked.id, ErrNotFound)
	default:
		st.rec = pagerecord.New(asked.id, asked.kind.Number)
		st.row = localdb.Record{ID: asked.id, Kind: asked.kind.Number}
	}
	if err != nil {
		return nil, err
	}
	c.open[asked.id], c.order = st, append(c.order, asked.id)
	return st, c.fits(asked, st)
}

func (c *committing) load(st *standing, row localdb.Record) (err error) {
	if err := c.r.hides(c.tx, c.s, &row); err != nil {
		return err
	}
	st.row, st.exists = row, true
	if st.rec, st.kind, err = c.r.decodeShown(&st.row); err != nil {
		return err
	}
	if st.keys, err = scopeKeys(c.tx, st.row.Keys); err != nil || row.Pending == 0 {
		return err
	}
	own, err := c.r.ownAbove(c.tx, c.s, row.ID, c.s.pos.Settled)
	for _, o := range own {
		for _, w := range o.change.Cells {
			st.held[w.Key] = o.base
		}
	}
	return err
}

// fits refuses an edit of another kind and of a deleted record.
func (c *committing) fits(asked *change, st *standing) error {
	switch {
	case asked.kind != nil && st.kind != asked.kind:
		return fmt.Errorf("%s is a %s, not a %s: %w", asked.id, st.kind.Name, asked.kind.Name, ErrNotFound)
	case st.rec.Dead() && !asked.onDead:
		return fmt.Errorf("%s: %w", asked.id, ErrDeleted)
	}
	return nil
}

func (c *committing) patch(asked *change, st *standing) (*syncv1.Patch, error) {
	patch := asked.patch
	if asked.read != nil {
		var err error
		if patch, err = asked.read(st.kind, st.rec.Fields()); err != nil {
			return nil, err
		}
	}
	if st.exists && len(asked.resolves) == 0 && isEmpty(patch) {
		return nil, fmt.Errorf("%s: %w", asked.id, ErrNothing)
	}
	return proto.CloneOf(patch), nil
}

func isEmpty(p *syncv1.Patch) bool {
	return len(p.GetFields())+len(p.GetCleared())+len(p.GetSetRemoved())+len(p.GetMapRemoved()) == 0 &&
		p.GetLife() == syncv1.Life_LIFE_UNSPECIFIED
}

// check asks everything that is asked before an edit is kept, but for the rules
// that look at the record after it.
func (c *committing) check(st *standing, made []outbox.Made, resolves []syncengine.ConflictID) error {
	var cells []syncengine.CellWrite
	for i := range made {
		cells = append(cells, made[i].Cells...)
	}
	if err := c.r.checkRole(c.s, st.kind, !st.exists, st.keys, cells); err != nil {
		return err
	}
	if err := checkCounts(st.kind, cells); err != nil {
		return err
	}
	if err := c.checkErased(st.row.ID, st.kind, cells); err != nil {
		return err
	}
	if err := c.r.checkResolves(c.s, st.kind, st.rec, st.keys, resolves); err != nil {
		return err
	}
	return checkSteps(st.kind, made, st.rec)
}

// lay puts the changes on top of the record and asks the rules of the field.
func (c *committing) lay(st *standing, made []outbox.Made) error {
	var cells []syncengine.CellWrite
	created := !st.exists
	for i := range made {
		m := &made[i]
		own := pagerecord.Change{
			Write:    &pagerecord.Write{Author: c.s.author, DeviceSeq: m.DeviceSeq, Stamp: c.now},
			Cells:    m.Cells,
			Resolves: m.Resolves,
		}
		if !m.Create {
			own.Base = m.Base
		}
		st.rec.Overlay(st.kind, &own)
		for _, w := range m.Cells {
			st.held[w.Key] = m.Base
		}
		cells = append(cells, m.Cells...)
	}
	st.exists, st.searched = true, st.searched || searched(st.kind, cells)
	st.row.Pending += uint32(len(made))
	c.made = append(c.made, made...)
	if created {
		if err := checkComplete(st.kind, cells); err != nil {
			return err
		}
	}
	return checkRules(st.kind, created, st.rec, cells)
}

// write stores the changes and the records as they are shown with them.
func (c *committing) write() error {
	for i := range c.made {
		m := &c.made[i]
		row := localdb.Change{
			DeviceSeq: m.DeviceSeq, RecordID: m.RecordID, Kind: m.Kind, Base: m.Base, Salt: m.Salt, Chain: m.Chain, Body: m.Body,
		}
		if m.Group != m.DeviceSeq {
			row.GroupFirst = m.Group
		}
		if err := c.tx.AppendChange(row); err != nil {
			return err
		}
	}
	var glance pagerecord.Glance
	for _, id := range c.order {
		st := c.open[id]
		st.row.View, st.row.Search = pagerecord.Encode(st.rec), st.searched
		if err := c.r.hides(c.tx, c.s, &st.row); err != nil {
			return err
		}
		if err := c.r.columns(c.tx, c.s, &st.row, &glance, st.kind, st.rec.Fields(), st.rec.Dead()); err != nil {
			return err
		}
		if err := c.tx.PutRecord(st.row); err != nil {
			return err
		}
	}
	return nil
}
