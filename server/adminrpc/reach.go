package adminrpc

import (
	"errors"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// reach is what one caller may see in one transaction. Every message about a
// record is made through it.
type reach struct {
	service *Service
	r       store.Reader
	who     identity.Principal
	world   syncengine.World
	authors map[syncengine.ID]*adminv1.Author
	// looks are the sealed fields of which a message was made.
	looks accessledger.Looks
}

// sight is what a caller may see of one record.
type sight struct {
	// seen is false when the caller may not know of the record.
	seen bool
	// record and number are the record's id and the number of its kind.
	record syncengine.ID
	number syncengine.KindNumber
	// kind is nil when this software does not know it.
	kind *schema.Kind
	// classes are those whose values may be read.
	classes schema.Classes
}

// view runs f with the caller's reach over a consistent state, and notes in the
// access ledger which sealed fields f made messages of: that is durable before
// anything is sent.
func (s *Service) view(c *caller, action accessledger.Action, f func(*reach) error) error {
	var x *reach
	err := s.judge(c, func(made *reach) error {
		x = made
		return f(made)
	})
	if err != nil || x.looks.Empty() {
		return err
	}
	return s.realm.Note(c.ctx, accessledger.Entry{Action: action, Actor: c.actor(), Records: x.looks.Records()})
}

// judge is view for what only decides and is not sent.
func (s *Service) judge(c *caller, f func(*reach) error) error {
	return s.realm.View(c.ctx, func(r store.Reader) error {
		world, err := s.realm.World(r)
		if err != nil {
			return err
		}
		return f(&reach{service: s, r: r, who: c.Principal, world: world, authors: map[syncengine.ID]*adminv1.Author{}})
	})
}

// of tells what the caller may see of a record.
func (x *reach) of(rec *syncengine.Record) (sight, error) {
	v := sight{record: rec.ID, number: rec.Kind}
	v.kind, _ = x.service.realm.Schema().Kind(rec.Kind)
	if overseers(x.who) {
		v.seen = true
		return v, nil
	}
	classes, err := x.service.realm.ReadClasses(x.r, x.who.UserID, rec)
	v.classes, v.seen = classes, classes != 0
	return v, err
}

// ofChange tells what the caller may see of what a log entry is about. When no
// such record stands, as with a creation that waits, it is judged where the
// change would place it.
func (x *reach) ofChange(e store.Entry, cells []syncengine.CellWrite) (sight, error) {
	rec, err := x.service.realm.Record(x.r, e.RecordID)
	if err != nil {
		return sight{}, err
	}
	if rec == nil {
		if rec, err = x.placed(e, cells); err != nil {
			return sight{}, err
		}
	}
	return x.of(rec)
}

// placed makes the record that a change alone would make, for its scope keys.
func (x *reach) placed(e store.Entry, cells []syncengine.CellWrite) (*syncengine.Record, error) {
	write := &syncengine.Write{Dot: syncengine.Dot{Incarnation: e.Incarnation, Seq: e.DeviceSeq}}
	rec := &syncengine.Record{ID: e.RecordID, Kind: e.Kind}
	kind, ok := x.service.realm.Schema().Kind(e.Kind)
	if !ok {
		return rec, nil
	}
	if len(cells) == 0 || cells[0].Key.Field != syncengine.LifeField {
		cells = append([]syncengine.CellWrite{syncengine.LifeWrite(false)}, cells...)
	}
	for _, c := range cells {
		value := syncengine.Value{Write: write, Data: c.Data, Cleared: c.Cleared}
		rec.Cells = append(rec.Cells, syncengine.Cell{Key: c.Key, Values: []syncengine.Value{value}})
	}
	var failed error
	keys := syncengine.Place(kind.Engine, rec, func(parent syncengine.ID) ([]syncengine.ScopeKey, bool) {
		p, err := x.service.realm.Record(x.r, parent)
		if err != nil || p == nil {
			failed = errors.Join(failed, err)
			return nil, false
		}
		return p.CurrentKeys(), true
	})
	rec.Move(keys, e.Seq)
	return rec, failed
}

// cells cuts the change of an entry; none when it holds no change that this
// software can read.
func (x *reach) cells(e store.Entry) ([]syncengine.CellWrite, error) {
	body := e.Body
	if e.Type == store.EntryReleased || e.Type == store.EntryRejected {
		original, _, err := x.r.Entry(e.Ref)
		if err != nil {
			return nil, err
		}
		body = original.Body
	}
	kind, ok := x.service.realm.Schema().Kind(e.Kind)
	if !ok || len(body) == 0 {
		return nil, nil
	}
	c, err := wire.DecodeChange(body)
	if err != nil {
		return nil, nil
	}
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		return nil, nil
	}
	return cells, nil
}

// author names who stands behind an incarnation.
func (x *reach) author(incarnation syncengine.ID) (*adminv1.Author, error) {
	if m, ok := x.authors[incarnation]; ok || incarnation.IsZero() {
		return m, nil
	}
	m := &adminv1.Author{Incarnation: incarnation[:]}
	if user := x.service.realm.UserOf(x.r, incarnation); !user.IsZero() {
		u, err := identity.GetUser(x.r, user)
		if err != nil && !errors.Is(err, identity.ErrUserUnknown) {
			return nil, err
		}
		m.UserId, m.UserName = user[:], u.Name
	}
	x.authors[incarnation] = m
	return m, nil
}

// hides reports that a field's values are not for the caller. A field that this
// software does not know might hold anything.
func (v sight) hides(field syncengine.FieldNumber) bool {
	if v.kind == nil {
		return true
	}
	class, ok := v.kind.Engine.Class(field)
	return !ok || !v.classes.Has(class)
}

// cell addresses a cell, without its key where that is not for the caller.
func (v sight) cell(key syncengine.CellKey) *adminv1.Cell {
	m := &adminv1.Cell{Field: uint32(key.Field), Hidden: v.hides(key.Field)}
	if !m.Hidden && key.Key != "" {
		m.Key = []byte(key.Key)
	}
	return m
}

// value tells a value with who wrote it, the value itself only where the caller may read it.
func (x *reach) value(v sight, field syncengine.FieldNumber, value *syncengine.Value) (*adminv1.Value, error) {
	author, err := x.author(value.Write.Dot.Incarnation)
	at := value.Write.Coordinates[len(value.Write.Coordinates)-1]
	m := &adminv1.Value{
		Author: author, DeviceSeq: uint64(value.Write.Dot.Seq), StampMs: int64(value.Write.Stamp), Suspect: value.Write.Suspect,
		Epoch: uint32(at.Epoch), Seq: uint64(at.Seq), Rank: uint32(value.Write.Rank),
	}
	if !v.hides(field) {
		m.Data, m.Cleared = value.Data, value.Cleared
		x.saw(v, field)
	}
	return m, err
}

// values tells several values of one cell.
func (x *reach) values(v sight, field syncengine.FieldNumber, list []syncengine.Value) ([]*adminv1.Value, error) {
	out := make([]*adminv1.Value, len(list))
	for i := range list {
		var err error
		if out[i], err = x.value(v, field, &list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keptValues takes the values out of a cell's kept ones.
func keptValues(c *syncengine.Cell) []syncengine.Value {
	out := make([]syncengine.Value, len(c.Kept))
	for i := range c.Kept {
		out[i] = c.Kept[i].Value
	}
	return out
}

// saw notes a sealed field that the caller is shown.
func (x *reach) saw(v sight, field syncengine.FieldNumber) {
	if class, ok := v.kind.Engine.Class(field); ok && x.service.realm.Schema().Access.Sealed().Has(class) {
		x.looks.Add(v.number, v.record, field)
	}
}

// written tells what a change writes.
func (x *reach) written(v sight, cells []syncengine.CellWrite) []*adminv1.WrittenCell {
	out := make([]*adminv1.WrittenCell, len(cells))
	for i, c := range cells {
		out[i] = &adminv1.WrittenCell{Cell: v.cell(c.Key)}
		if !out[i].Cell.Hidden {
			out[i].Data, out[i].Cleared = c.Data, c.Cleared
			x.saw(v, c.Key.Field)
		}
	}
	return out
}
