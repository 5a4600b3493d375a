package model_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// A door that a worker made, of whose rooms the register says something else, and one that stands in the register alone.
func TestStory_AnImportWritesWhatItsFileGivesAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		writes func(door, made syncengine.ID, territory []byte) []exchange.ServerChange
		found  bool
	}{
		"all of it": {func(door, made syncengine.ID, territory []byte) []exchange.ServerChange {
			return []exchange.ServerChange{referred(door, nil), added(made, territory, "东大街2号")}
		}, false},
		"over what a worker wrote": {func(door, made syncengine.ID, territory []byte) []exchange.ServerChange {
			return []exchange.ServerChange{referred(door, proto.Uint32(5)), added(made, territory, "东大街2号")}
		}, true},
		"a door that no row gives": {func(door, made syncengine.ID, territory []byte) []exchange.ServerChange {
			return []exchange.ServerChange{referred(door, nil), added(made, territory, "东大街3号")}
		}, true},
		"half of it": {func(door, _ syncengine.ID, _ []byte) []exchange.ServerChange {
			return []exchange.ServerChange{referred(door, nil)}
		}, true},
		"nothing": {func(syncengine.ID, syncengine.ID, []byte) []exchange.ServerChange { return nil }, true},
	} {
		s, a := alone(t)
		own := s.door(gridA, "东大街1号")
		own.Rooms = proto.Uint32(3)
		door := a.add(own)
		a.sync()
		s.clean()
		in := s.grids[gridA]
		s.model.Acting(model.Act{Import: &model.Import{Origin: "r.csv", Rows: []model.ImportRow{
			{Ref: "R1", Address: "东大街1号", Territory: s.grids[community], Rooms: proto.Uint32(5)}, {Ref: "R2", Address: "东大街2号", Territory: in},
		}}})
		if writes := c.writes(door, s.id(), in[:]); len(writes) > 0 {
			_, err := s.service.Write(s.ctx, syncengine.ID{}, writes)
			s.must(err)
			s.committed()
		}
		s.model.Acted(nil)
		if found := s.model.CheckStep(); len(found) > 0 != c.found {
			t.Errorf("an import writes %s: found %v", name, found)
		}
	}
}

// referred gives a door its key, and perhaps the register's number of rooms.
func referred(door syncengine.ID, rooms *uint32) exchange.ServerChange {
	return exchange.ServerChange{
		RecordID: door, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{ExternalRef: proto.String("R1"), Rooms: rooms},
	}
}

// added makes the register's second door.
func added(id syncengine.ID, territory []byte, address string) exchange.ServerChange {
	return exchange.ServerChange{RecordID: id, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Create: true, Fields: &recordv1.Premises{
		Address: &address, Territory: territory, ExternalRef: proto.String("R2"), Origin: proto.String("r.csv"),
		Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum(),
	}}
}
