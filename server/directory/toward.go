package directory

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// Toward makes the changes after which the pages read as wanted; none for pages that
// already do. record gives a record's state, nil when there is none.
func Toward(pages []Page, record func(syncengine.ID) (*syncengine.Record, error)) ([]exchange.ServerChange, error) {
	var changes []exchange.ServerChange
	for _, p := range pages {
		rec, err := record(p.ID)
		if err != nil {
			return nil, err
		}
		c, differs, err := p.toward(rec)
		if err != nil {
			return nil, err
		}
		if differs {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

func (p Page) toward(rec *syncengine.Record) (c exchange.ServerChange, differs bool, err error) {
	c = exchange.ServerChange{RecordID: p.ID, Kind: p.Kind, Fields: p.Want}
	if rec == nil {
		c.Create = true
		return c, true, nil
	}
	have := p.Want.ProtoReflect().New()
	if err := wire.ReadShown(rec, have.Interface(), nil); err != nil {
		return c, false, err
	}
	return difference(c, have)
}

// difference narrows a change that sets every wanted field to what have reads
// otherwise: other values, elements that are lacking or too many, fields too many.
func difference(c exchange.ServerChange, have protoreflect.Message) (exchange.ServerChange, bool, error) {
	want := c.Fields.ProtoReflect()
	c.Fields = wire.Lacking(want, have).Interface()
	var err error
	have.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.IsList():
			err = tooMany(&c, d, wire.NotIn(v.List(), want.Get(d).List()))
		case !want.Has(d):
			c.Cleared = append(c.Cleared, syncengine.FieldNumber(d.Number()))
		}
		return err == nil
	})
	return c, proto.Size(c.Fields) > 0 || len(c.Cleared) > 0 || len(c.Removed) > 0, err
}

// tooMany takes elements out of a set of ids.
func tooMany(c *exchange.ServerChange, d protoreflect.FieldDescriptor, elements []protoreflect.Value) error {
	for _, v := range elements {
		id, ok := syncengine.IDFromBytes(v.Bytes())
		if !ok {
			return fmt.Errorf("field %d: an element of %d bytes is no id", d.Number(), len(v.Bytes()))
		}
		c.Removed = append(c.Removed, exchange.SetElement{Field: syncengine.FieldNumber(d.Number()), Element: id})
	}
	return nil
}
