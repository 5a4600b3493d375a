package client

import (
	"fmt"
	"slices"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// decodeShown reads what the screen shows of a row.
func (r *Replica) decodeShown(row *localdb.Record) (*pagerecord.Record, *schema.Kind, error) {
	kind, known := r.schema.Kind(row.Kind)
	if !known {
		return nil, nil, fmt.Errorf("%w: number %d: update the app", ErrUnknownKind, row.Kind)
	}
	rec, err := pagerecord.Decode(kind, row.ID, row.Kind, row.Seq, row.Shown())
	if err != nil {
		return nil, nil, fmt.Errorf("record %s: %w: %w", row.ID, ErrDamaged, err)
	}
	return rec, kind, nil
}

// decodeBase reads a row's base; an empty record when it has none.
func (r *Replica) decodeBase(kind *schema.Kind, row *localdb.Record) (*pagerecord.Record, error) {
	if row.Base == nil {
		return pagerecord.New(row.ID, row.Kind), nil
	}
	rec, err := pagerecord.Decode(kind, row.ID, row.Kind, row.Seq, row.Base)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w: %w", row.ID, ErrDamaged, err)
	}
	return rec, nil
}

// columns fills what lists look at from the record as it is shown. g is room for
// the glance at it.
func (r *Replica) columns(tx *localdb.Tx, s *state, row *localdb.Record, g *pagerecord.Glance, kind *schema.Kind, fields []byte, dead bool) error {
	if err := g.Read(kind, fields); err != nil {
		return fmt.Errorf("record %s: %w: %w", row.ID, ErrDamaged, err)
	}
	row.State, row.Due, row.Dead = g.State, g.Due, dead
	if row.Kind == kindCaseEvent && len(g.Parents) > 0 {
		row.State = caseNumber(g.Parents[0])
	}
	row.Mine = slices.Contains(g.Users, s.self.User)
	var err error
	row.Territory, err = r.territoryOf(tx, row, g)
	return err
}

// territoryOf gives the finest territory a record stands in: the one it was sent
// under, its own, or the one of the record it follows.
func (r *Replica) territoryOf(tx *localdb.Tx, row *localdb.Record, g *pagerecord.Glance) (syncengine.ID, error) {
	if under, err := territoryUnder(tx, row); err != nil || !under.IsZero() {
		return under, err
	}
	if !g.Territory.IsZero() {
		return g.Territory, nil
	}
	for _, id := range g.Parents {
		parent, ok, err := tx.Record(id)
		if err != nil || ok && !parent.Territory.IsZero() {
			return parent.Territory, err
		}
	}
	return syncengine.ID{}, nil
}

// territoryUnder gives the territory a record was sent under; zero for none.
func territoryUnder(tx *localdb.Tx, row *localdb.Record) (syncengine.ID, error) {
	for _, k := range row.Keys {
		key, err := tx.ScopeKey(k)
		if err != nil {
			return syncengine.ID{}, err
		}
		if key.IsTerritory() {
			return key.ID(), nil
		}
	}
	return syncengine.ID{}, nil
}

// scopeKeys gives the keys with the numbers under which a row was sent.
func scopeKeys(tx *localdb.Tx, numbers []localdb.KeyID) ([]syncengine.ScopeKey, error) {
	out := make([]syncengine.ScopeKey, len(numbers))
	for i, k := range numbers {
		var err error
		if out[i], err = tx.ScopeKey(k); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ownChange is one of the phone's own changes, read again.
type ownChange struct {
	seq    syncengine.DeviceSeq
	record syncengine.ID
	kind   *schema.Kind
	create bool
	time   syncengine.UnixMilli
	// base is the checkpoint at which the change was made; of a create too, which covers nothing.
	base   syncengine.Coordinate
	change pagerecord.Change
}

// readOwn decodes a row of the outbox or the journal.
func (r *Replica) readOwn(s *state, row *localdb.Change) (*ownChange, error) {
	fail := func(err error) (*ownChange, error) {
		return nil, fmt.Errorf("change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
	}
	c, err := wire.DecodeChange(row.Body)
	if err != nil {
		return fail(err)
	}
	kind, known := r.schema.Kind(c.Kind)
	if !known {
		return fail(ErrUnknownKind)
	}
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		return fail(err)
	}
	o := &ownChange{seq: c.DeviceSeq, record: c.RecordID, kind: kind, create: c.Create, time: c.DeviceTime, base: c.Base}
	o.change = pagerecord.Change{
		Write: &pagerecord.Write{Author: s.author, DeviceSeq: c.DeviceSeq, Stamp: c.DeviceTime},
		Cells: cells, Resolves: c.Resolves,
	}
	if !c.Create {
		o.change.Base = c.Base
	}
	return o, nil
}

// ownAbove gives a record's own changes above a device_seq that lie over its
// base: those that are not quarantined.
func (r *Replica) ownAbove(tx *localdb.Tx, s *state, id syncengine.ID, above syncengine.DeviceSeq) ([]*ownChange, error) {
	quarantined := map[syncengine.DeviceSeq]bool{}
	for q, err := range tx.QuarantinedOf(id) {
		if err != nil {
			return nil, err
		}
		quarantined[q.DeviceSeq] = true
	}
	var out []*ownChange
	for row, err := range tx.ChangesOf(id, above) {
		if err != nil {
			return nil, err
		}
		if quarantined[row.DeviceSeq] || len(row.Body) == 0 {
			continue
		}
		o, err := r.readOwn(s, &row)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// searched reports that one of the cells holds text that search covers.
func searched(kind *schema.Kind, cells []syncengine.CellWrite) bool {
	return slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool {
		f, known := kind.Field(w.Key.Field)
		return known && f.Rules.GetSearch()
	})
}

// hasText reports that records of a kind are searched at all.
func hasText(kind *schema.Kind) bool {
	return slices.ContainsFunc(kind.Fields, func(f *schema.Field) bool { return f.Rules.GetSearch() })
}
