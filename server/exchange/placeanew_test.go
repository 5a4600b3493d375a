package exchange_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// TestOpen_PlacesAnewWhatOlderSoftwarePlacedOtherwise: a store of software under which a hazard that was handed over did not stand
// before its department, with an event that follows it.
func TestOpen_PlacesAnewWhatOlderSoftwarePlacedOtherwise(t *testing.T) {
	older := schema.Load().WithField("hazard", "handed_over_to", func(f *syncengine.Field) { f.Scope, f.IDs = syncengine.NoScope, nil })
	w := newWorldWith(t, older)
	hazard, event := w.id(), w.id()
	_, err := w.service.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{
		{RecordID: hazard, Kind: syncengine.KindNumber(recordv1.Kind_KIND_HAZARD), Create: true, Fields: &recordv1.Hazard{
			Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), HandedOverTo: proto.String("住建局"), PremisesId: w.gridA[:],
		}},
		{RecordID: event, Kind: syncengine.KindNumber(recordv1.Kind_KIND_CASE_EVENT), Create: true, Fields: &recordv1.CaseEvent{
			What: recordv1.CaseEventKind_CASE_EVENT_KIND_HANDED_OVER.Enum(), CaseId: hazard[:],
		}},
	})
	w.must(err)
	department := syncengine.DepartmentKey("住建局")
	holds := func(id syncengine.ID) bool { return slices.Contains(w.record(id).CurrentKeys(), department) }
	if holds(hazard) || holds(event) {
		t.Fatal("the older software placed it before the department")
	}
	w.must(w.store.Update(w.ctx, func(tx store.Writer) error { return tx.DeleteDocument("placed", []byte("1")) }))
	w.verify()
	w.reopen(nil)
	if !holds(hazard) || !holds(event) {
		t.Errorf("hazard %v, event %v", holds(hazard), holds(event))
	}
	w.verify()
	seq := w.record(hazard).Seq
	w.reopen(nil)
	if w.record(hazard).Seq != seq {
		t.Error("it is placed again at every start")
	}
}
