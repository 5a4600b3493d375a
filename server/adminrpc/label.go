package adminrpc

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// labelDepth is how many records up a label is looked for: an event of a case about a door is two.
const labelDepth = 3

// labelFields are the fields by which people call a record.
var labelFields = []string{"address", "title", "what"}

// saidAbove is the field in which a record says the address of its door to whom reads no doors.
const saidAbove = "door_address"

// label tells what a record is called, as far as the caller may read it: by its own address or title, else by that of the
// door or case it is about, else by what it says of its door. Empty where nothing of that may be read.
func (x *reach) label(rec *syncengine.Record, v sight) (said string, err error) {
	for range labelDepth {
		if rec == nil || !v.seen || v.kind == nil {
			return said, nil
		}
		m := v.kind.Type.New()
		if err := wire.ReadShown(rec, m.Interface(), func(n syncengine.FieldNumber) bool { return !v.hides(n) }); err != nil {
			return "", err
		}
		for _, name := range labelFields {
			if f, ok := v.kind.FieldByName(name); ok && m.Has(f.Desc) && recordv1.Kind(v.number) != recordv1.Kind_KIND_CASE_EVENT {
				return m.Get(f.Desc).String(), nil
			}
		}
		if f, ok := v.kind.FieldByName(saidAbove); ok && m.Has(f.Desc) {
			said = m.Get(f.Desc).String()
		}
		if rec, err = x.parentOf(rec, v.kind); err != nil || rec == nil {
			return said, err
		}
		if v, err = x.of(rec); err != nil {
			return "", err
		}
	}
	return said, nil
}

// parentOf gives the first record that another follows; nil for none.
func (x *reach) parentOf(rec *syncengine.Record, kind *schema.Kind) (*syncengine.Record, error) {
	for i := range rec.Cells {
		c := &rec.Cells[i]
		f, ok := kind.Field(c.Key.Field)
		if !ok || f.Engine.Scope != syncengine.ScopeParent || c.Shown().Cleared {
			continue
		}
		m := kind.Type.New()
		if err := wire.ReadShown(&syncengine.Record{ID: rec.ID, Kind: rec.Kind, Cells: rec.Cells[i : i+1]}, m.Interface(), nil); err != nil {
			return nil, err
		}
		value := m.Get(f.Desc)
		if f.Desc.IsList() {
			value = value.List().Get(0)
		}
		id, named := syncengine.IDFromBytes(value.Bytes())
		if !named {
			continue
		}
		if parent, err := x.service.realm.Record(x.r, id); err != nil || parent != nil {
			return parent, err
		}
	}
	return nil, nil
}

// labelOf is label for a record by its id; empty for one that does not stand.
func (x *reach) labelOf(id syncengine.ID) (string, error) {
	rec, err := x.service.realm.Record(x.r, id)
	if err != nil || rec == nil {
		return "", err
	}
	v, err := x.of(rec)
	if err != nil {
		return "", err
	}
	return x.label(rec, v)
}
