package casework_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	doorKind   = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	hazardKind = syncengine.KindNumber(recordv1.Kind_KIND_HAZARD)
)

// writes makes one change at the server, as a phone's that arrives.
func (w *world) writes(kind syncengine.KindNumber, id syncengine.ID, create bool, fields proto.Message) {
	w.t.Helper()
	_, err := w.realm.Write(w.t.Context(), syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: kind, Create: create, Fields: fields}})
	w.must(err)
}

// hazard reads a hazard as it stands.
func (w *world) hazard(id syncengine.ID) (out *recordv1.Hazard) {
	w.t.Helper()
	out = &recordv1.Hazard{}
	w.must(w.realm.View(w.t.Context(), func(r store.Reader) error {
		rec, err := w.realm.Record(r, id)
		if err != nil {
			return err
		}
		return wire.ReadShown(rec, out, nil)
	}))
	return out
}

func TestLook_AHazardSaysWhereItsDoorIsWhileItIsHandedOverAndOnlyThen(t *testing.T) {
	w := newWorld(t)
	door, id, grid := w.realm.NewID(), w.realm.NewID(), w.areas["530702001001001"]
	w.writes(doorKind, door, true, &recordv1.Premises{Address: proto.String("民主路3号"), Territory: grid[:]})
	w.writes(hazardKind, id, true, &recordv1.Hazard{
		PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_STRUCT.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
	})
	says := func(when, address string, placed int) {
		t.Helper()
		if got := w.look(); got != (casework.Looked{Placed: placed}) {
			t.Errorf("%s: %+v", when, got)
		}
		if got := w.look(); got != (casework.Looked{}) {
			t.Errorf("%s, looked again: %+v", when, got)
		}
		z := w.hazard(id)
		if z.GetDoorAddress() != address || (address != "") != (string(z.GetDoorTerritory()) == string(grid[:])) || (address == "") != (z.DoorTerritory == nil) {
			t.Errorf("%s: it says %q, %x", when, z.GetDoorAddress(), z.GetDoorTerritory())
		}
	}
	says("found", "", 0)
	w.writes(hazardKind, id, false, &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_HANDED_OVER.Enum(), HandedOverTo: proto.String("住建局")})
	says("handed over", "民主路3号", 1)
	w.writes(doorKind, door, false, &recordv1.Premises{Address: proto.String("民主路5号")})
	says("the address is corrected", "民主路5号", 1)
	w.restart()
	says("after a restart", "民主路5号", 0)
	w.writes(hazardKind, id, false, &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_NOTIFIED.Enum()})
	says("sent back", "", 1)
	w.writes(hazardKind, id, false, &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_HANDED_OVER.Enum()})
	says("handed over again", "民主路5号", 1)
	w.writes(hazardKind, id, false, &recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_CLOSED.Enum()})
	says("closed", "", 1)
}
