package model

import (
	"slices"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// wrote takes the rows of one local commit, with what their author had before them.
func (m *Model) wrote(p PhoneID, rows []Row, asked []Asked) {
	ph := m.phones[p]
	first := len(ph.rows)
	for _, r := range rows {
		f := m.at(p, syncengine.ID{})
		if !f.want(r.DeviceSeq == syncengine.DeviceSeq(len(ph.rows)+1), I2, "row %d follows row %d", r.DeviceSeq, len(ph.rows)) {
			continue
		}
		c, err := wire.DecodeChange(r.Body)
		if !f.want(err == nil && c.DeviceSeq == r.DeviceSeq, I2, "row %d cannot be read as such: %v", r.DeviceSeq, err) {
			continue
		}
		made := &row{
			seq: r.DeviceSeq, body: r.Body, salt: r.Salt, digest: inner(r.Salt, r.Body), change: c, user: ph.user, grant: ph.grant, lease: ph.lease,
			line: slices.Clip(ph.rows), saw: map[syncengine.CellKey]place{}, screen: map[syncengine.CellKey]sight{}, whole: ph.checkpoint,
			stood: slices.Clip(ph.stood),
		}
		m.look(ph, made)
		ph.rows = append(ph.rows, made)
		if m.rows[made.digest] == nil {
			m.rows[made.digest] = made
		}
	}
	for _, a := range asked {
		m.askedFor(ph, ph.rows[first:], a)
	}
}

// look notes, cell by cell, what a row's author had before their eyes.
func (m *Model) look(ph *phone, r *row) {
	kind, ok := m.newest.Kind(r.change.Kind)
	if !ok {
		return
	}
	cells, err := wire.Cells(kind, r.change.Create, r.change.Patch)
	f := m.at(ph.id, r.change.RecordID)
	if !f.want(err == nil, I2, "row %d is not valid on the phone that made it: %v", r.seq, err) {
		return
	}
	r.cells = cells
	at := ph.at
	for _, c := range cells {
		var base syncengine.Coordinate
		r.saw[c.Key], r.screen[c.Key], base = m.lookAt(ph, r, c.Key)
		if !r.change.Create {
			at = base
		}
		if c.Key.Field == syncengine.LifeField {
			r.whole = r.saw[c.Key]
		}
		f.want(r.change.Base == at, I8, "row %d names %s as what its author saw of field %d; it was %s", r.seq, r.change.Base, c.Key.Field, at)
	}
	if len(cells) == 0 {
		f.want(r.change.Base == ph.at, I8, "row %d names %s as what its author saw, it was %s", r.seq, r.change.Base, ph.at)
	}
}

// lookAt gives what stood in one cell: an own edit that base does not hold yet,
// or else base.
func (m *Model) lookAt(ph *phone, r *row, key syncengine.CellKey) (place, sight, syncengine.Coordinate) {
	over := m.overlaid(ph, r.change.RecordID, key)
	if over != nil && !r.change.Create && !slices.Contains(r.change.Resolves, syncengine.ConflictIDOf(r.change.RecordID, key)) {
		return over.saw[key], sight{}, over.change.Base
	}
	var s sight
	if c := m.baseCell(ph, r.change.RecordID, key); c != nil {
		s = sight{shown: c.set[0].write, listed: slices.Concat(c.set, c.kept)}
	}
	return ph.checkpoint, s, ph.at
}

// overlaid gives the newest own row that lies over base in a cell; nil for none.
// What waits in quarantine hides no value.
func (m *Model) overlaid(ph *phone, record syncengine.ID, key syncengine.CellKey) *row {
	for i := len(ph.rows) - 1; i >= int(ph.settled); i-- {
		r := ph.rows[i]
		if _, set := ph.quarantined[r.seq]; !set && !ph.sealed[r.seq] && r.change.RecordID == record && r.writes(key) &&
			slices.ContainsFunc(m.cellsLeft(ph, r), func(c syncengine.CellWrite) bool { return c.Key == key }) {
			return r
		}
	}
	return nil
}

func (r *row) writes(key syncengine.CellKey) bool {
	return slices.ContainsFunc(r.cells, func(c syncengine.CellWrite) bool { return c.Key == key })
}

// baseCell gives a cell as the phone's base has it; nil where it holds none.
func (m *Model) baseCell(ph *phone, record syncengine.ID, key syncengine.CellKey) *cell {
	rec, classes := m.baseOf(ph, record)
	c := rec.find(key)
	if c == nil || len(c.set) == 0 || !classes.Has(c.set[0].class) {
		return nil
	}
	return c
}

// askedFor wants every cell that the script asked for in the rows of the commit.
func (m *Model) askedFor(ph *phone, rows []*row, a Asked) {
	f := m.at(ph.id, a.Record)
	for _, c := range a.Cells {
		found := slices.ContainsFunc(rows, func(r *row) bool {
			return r.change.RecordID == a.Record && slices.ContainsFunc(r.cells, func(w syncengine.CellWrite) bool {
				return w.Key == c.Key && w.Cleared == c.Cleared && string(w.Data) == string(c.Data)
			})
		})
		f.want(found, I2, "the edit of field %d was asked for and is in no row", c.Key.Field)
	}
	for _, id := range a.Resolves {
		found := slices.ContainsFunc(rows, func(r *row) bool { return slices.Contains(r.change.Resolves, id) })
		f.want(found, I2, "conflict %s was to be closed and no row names it", id)
	}
}
