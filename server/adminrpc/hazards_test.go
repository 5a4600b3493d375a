package adminrpc_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// TestHazards_ADepartmentIsToldWhereTheDoorIsAndNothingElseOfIt: the handler's list and page name the hazard by the address; what came
// back there before is told to who reads it.
func TestHazards_ADepartmentIsToldWhereTheDoorIsAndNothingElseOfIt(t *testing.T) {
	const foundAt = 1_780_000_000_000 // A day of 2026.
	w := newWorld(t)
	door, before := w.id(), w.id()
	_, err := w.realm.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{
		{RecordID: door, Kind: kindOf("premises").Number, Create: true, Fields: w.door(gridA, "福慧路1号")},
		{RecordID: before, Kind: kindOf("hazard").Number, Create: true, Fields: &recordv1.Hazard{
			PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_RECTIFIED.Enum(), FoundAt: proto.Int64(foundAt),
		}},
	})
	w.must(err)
	police := w.as(w.user("官", officer, community))
	out, err := w.client.AddUser(w.operator, &adminv1.AddUserRequest{Name: "燃", Role: recordv1.Role_ROLE_DEPARTMENT, Department: "燃气公司"})
	w.must(err)
	handler := w.as(syncengine.ID(out.GetUserId()))
	fields, err := proto.Marshal(&recordv1.Hazard{
		PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), HandedOverTo: proto.String("燃气公司"), FoundAt: proto.Int64(foundAt + 86_400_000),
	})
	w.must(err)
	taken, err := w.client.TakeStep(police, &adminv1.TakeStepRequest{Kind: recordv1.Kind_KIND_HAZARD, Step: "hand-over", Fields: fields})
	w.must(err)
	id := taken.GetCase().GetId()
	if l := taken.GetCase().GetRepeats(); string(l.GetHazardId()) != string(before[:]) || l.GetPutRightMs() != foundAt || l.GetFoundMs() != foundAt+86_400_000 {
		t.Errorf("the officer is told that it repeats %v", l)
	}
	list, err := w.client.ListCases(handler, &adminv1.ListCasesRequest{Inbox: "department"})
	w.must(err)
	shown, err := w.client.ShowCase(handler, &adminv1.ShowCaseRequest{CaseId: id})
	w.must(err)
	if len(list.GetCases()) != 1 {
		t.Fatalf("the department's inbox holds %v", list.GetCases())
	}
	for name, c := range map[string]*adminv1.Case{"list": list.GetCases()[0], "page": shown.GetCase()} {
		z := &recordv1.Hazard{}
		w.must(proto.Unmarshal(c.GetFields(), z))
		if grid := w.territory(gridA); c.GetLabel() != "福慧路1号" || z.GetDoorAddress() != "福慧路1号" || string(z.GetDoorTerritory()) != string(grid[:]) {
			t.Errorf("the %s says %q, %v", name, c.GetLabel(), z)
		}
	}
	if l := shown.GetCase().GetRepeats(); l != nil {
		t.Errorf("the handler is told of a hazard that is not the department's: %v", l)
	}
	w.verify()
}
