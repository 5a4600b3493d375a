package adminrpc_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// blockRealm is a building with two rooms and one room of the next building, and the phone that registered them.
type blockRealm struct {
	*world
	desk           *phone
	building, room syncengine.ID
	hazard         syncengine.ID
}

func newBlockRealm(t *testing.T) *blockRealm {
	w := newWorld(t)
	r := &blockRealm{world: w, desk: w.phone(w.user("综", staff, community))}
	add := func(m *recordv1.Premises) syncengine.ID {
		full := w.door(gridA, "福慧苑")
		proto.Merge(full, m)
		return r.desk.create(recordv1.Kind_KIND_PREMISES, full)
	}
	key := func(building, door string) *recordv1.Premises {
		return &recordv1.Premises{Compound: proto.String("福慧苑"), Building: proto.String(building), Door: proto.String(door)}
	}
	r.building = add(&recordv1.Premises{Compound: proto.String("福慧苑"), Building: proto.String("3幢")})
	r.room = add(key("3号楼", "302"))
	add(&recordv1.Premises{ParentId: r.building[:]})
	add(key("4", "302"))
	r.hazard = r.desk.create(recordv1.Kind_KIND_HAZARD, &recordv1.Hazard{
		PremisesId: r.room[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
	})
	r.desk.sync()
	return r
}

// status reads what a door is.
func (r *blockRealm) status(id syncengine.ID) *recordv1.Premises {
	r.t.Helper()
	m, _ := read(r.world, id, &recordv1.Premises{})
	return m
}

func TestVoidDoor_ABuildingGoesWithItsRoomsAndComesBackWithThem(t *testing.T) {
	r := newBlockRealm(t)
	req := &adminv1.VoidDoorRequest{DoorId: r.building[:], Reason: recordv1.VoidReason_VOID_REASON_PULLED_DOWN, DryRun: true}
	planned, err := r.client.VoidDoor(r.operator, req)
	r.must(err)
	if len(planned.GetDoorIds()) != 3 || len(planned.GetOpen()) != 1 || syncengine.ID(planned.GetOpen()[0].GetRecordId()) != r.hazard || r.status(r.room).GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_VOID {
		t.Fatalf("planned: %v", planned)
	}
	req.DryRun = false
	done, err := r.client.VoidDoor(r.as(r.user("木林", worker, gridA)), req)
	r.must(err)
	room := r.status(r.room)
	if len(done.GetDoorIds()) != 3 || room.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_VOID || syncengine.ID(room.GetVoidedWith()) != r.building || room.GetVoidReason() != recordv1.VoidReason_VOID_REASON_PULLED_DOWN {
		t.Errorf("void: %v, the room %v", done, room)
	}
	_, err = r.client.VoidDoor(r.operator, req)
	r.refused("a door that is void already", err, adminv1.Reason_REASON_INVALID)
	back, err := r.client.VoidDoor(r.operator, &adminv1.VoidDoorRequest{DoorId: r.building[:], TakeBack: true})
	r.must(err)
	room = r.status(r.room)
	if len(back.GetDoorIds()) != 3 || room.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE || room.VoidedWith != nil || room.VoidReason != nil {
		t.Errorf("back: %v, the room %v", back, room)
	}
	r.verify()
}

func TestVoidDoor_WhoMayNotWriteTheDoorMayNot(t *testing.T) {
	r := newBlockRealm(t)
	for name, role := range map[string]recordv1.Role{"张组长": recordv1.Role_ROLE_HELPER, "李督办": recordv1.Role_ROLE_STREET_LEAD} {
		_, err := r.client.VoidDoor(r.as(r.user(name, role, gridA)), &adminv1.VoidDoorRequest{DoorId: r.room[:]})
		r.refused(name, err, adminv1.Reason_REASON_NOT_PERMITTED)
	}
	_, err := r.client.VoidDoor(r.as(r.user("杨新", worker, gridB)), &adminv1.VoidDoorRequest{DoorId: r.room[:]})
	r.refused("somebody of another grid", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = r.client.VoidDoor(r.operator, &adminv1.VoidDoorRequest{DoorId: r.hazard[:]})
	r.refused("no door", err, adminv1.Reason_REASON_NOT_FOUND)
	_, err = r.client.VoidDoor(r.operator, &adminv1.VoidDoorRequest{DoorId: r.room[:], TakeBack: true})
	r.refused("a door that stands", err, adminv1.Reason_REASON_INVALID)
}
