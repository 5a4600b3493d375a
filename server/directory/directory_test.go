package directory_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/server/directory"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

func id(n byte) syncengine.ID { return syncengine.ID{15: n} }

// shows makes a record that shows a message.
func shows(t *testing.T, m proto.Message, kind recordv1.Kind) *syncengine.Record {
	t.Helper()
	k, ok := schema.Load().Kind(syncengine.KindNumber(kind))
	if !ok {
		t.Fatalf("kind %v is not known", kind)
	}
	return &syncengine.Record{ID: id(1), Kind: k.Number, Cells: cellsOf(t, m)}
}

// cellsOf encodes each field of a message as the value of a cell.
func cellsOf(t *testing.T, m proto.Message) (out []syncengine.Cell) {
	t.Helper()
	fields := m.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		d := fields.Get(i)
		if !m.ProtoReflect().Has(d) {
			continue
		}
		one := m.ProtoReflect().New()
		one.Set(d, m.ProtoReflect().Get(d))
		data, err := proto.Marshal(one.Interface())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, syncengine.Cell{
			Key:    syncengine.CellKey{Field: syncengine.FieldNumber(d.Number())},
			Values: []syncengine.Value{{Data: data, Write: &syncengine.Write{}}},
		})
	}
	return out
}

func TestToward_AnOldRecordIsBroughtToWhatIdentitySays(t *testing.T) {
	now := identity.User{ID: id(1), Name: "白", Role: uint32(recordv1.Role_ROLE_HELPER), TerritoryID: id(7), State: identity.UserClosed}
	before := &recordv1.Staff{
		Name: proto.String("白"), Role: recordv1.Role_ROLE_DEPARTMENT.Enum(), TerritoryIds: [][]byte{idBytes(6)}, Department: proto.String("司法所"),
	}
	changes, err := directory.Toward(directory.Colleagues([]identity.User{now}), func(syncengine.ID) (*syncengine.Record, error) {
		return shows(t, before, recordv1.Kind_KIND_STAFF), nil
	})
	if err != nil || len(changes) != 1 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	c := changes[0]
	want := &recordv1.Staff{Role: recordv1.Role_ROLE_HELPER.Enum(), TerritoryIds: [][]byte{idBytes(7)}, Left: proto.Bool(true)}
	if c.Create || !proto.Equal(c.Fields, want) {
		t.Errorf("fields %v, want %v", c.Fields, want)
	}
	if len(c.Cleared) != 1 || c.Cleared[0] != 4 {
		t.Errorf("cleared %v, want the department", c.Cleared)
	}
	if len(c.Removed) != 1 || c.Removed[0].Element != id(6) {
		t.Errorf("removed %v, want the old territory", c.Removed)
	}
}

func TestToward_AReadableRecordThatSaysTheSameIsLeftAlone(t *testing.T) {
	place := identity.Territory{ID: id(1), Parent: id(2), Code: "530702001", Name: "西安街道", Level: "street"}
	page := directory.Territories([]identity.Territory{place})
	changes, err := directory.Toward(page, func(syncengine.ID) (*syncengine.Record, error) {
		return shows(t, page[0].Want, recordv1.Kind_KIND_TERRITORY), nil
	})
	if err != nil || len(changes) != 0 {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestToward_AValueThatDoesNotDecodeIsAnError(t *testing.T) {
	page := directory.Territories([]identity.Territory{{ID: id(1), Code: "530702001", Name: "西安街道", Level: "street"}})
	_, err := directory.Toward(page, func(syncengine.ID) (*syncengine.Record, error) {
		rec := shows(t, page[0].Want, recordv1.Kind_KIND_TERRITORY)
		rec.Cells[0].Values[0].Data = []byte{0xff}
		return rec, nil
	})
	if err == nil {
		t.Error("a damaged value was written over")
	}
}

func idBytes(n byte) []byte {
	i := id(n)
	return i[:]
}
