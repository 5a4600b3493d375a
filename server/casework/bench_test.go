package casework_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// A street at true scale, with a year's calls at its doors and its cases.
const (
	benchDoors, benchVisits, benchHazards, benchDisputes = 30_984, 200_000, 4_000, 2_000
	// benchBatch is how many records one write makes.
	benchBatch = 10_000
)

// plant writes many records of a kind.
func (w *world) plant(kind recordv1.Kind, n int, of func(i int) proto.Message) (ids []syncengine.ID) {
	var batch []exchange.ServerChange
	flush := func() {
		_, err := w.realm.Write(w.t.Context(), syncengine.ID{}, batch)
		w.must(err)
		batch = batch[:0]
	}
	for i := range n {
		id := w.realm.NewID()
		ids = append(ids, id)
		batch = append(batch, exchange.ServerChange{RecordID: id, Kind: syncengine.KindNumber(kind), Create: true, Fields: of(i)})
		if len(batch) == benchBatch {
			flush()
		}
	}
	flush()
	return ids
}

// BenchmarkFirstLook is the watch's first look after a start on a large realm, in a file: from nothing to what it looks at of all open
// cases.
func BenchmarkFirstLook(b *testing.B) {
	st, err := sqlitestore.Create(b.Context(), filepath.Join(b.TempDir(), "realm.db"), sqlitestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := newWorldOn(b, st)
	w.street()
	for b.Loop() {
		b.StopTimer()
		w.cases = casework.New(w.realm, casework.Options{Now: w.clock})
		b.StartTimer()
		w.look()
	}
}

// street fills the realm with the doors of a street, a year's calls and cases.
func (w *world) street() {
	grid, at := w.areas["530702001001001"], w.now.UnixMilli()
	doors := w.plant(recordv1.Kind_KIND_PREMISES, benchDoors, func(i int) proto.Message {
		return &recordv1.Premises{Address: proto.String(fmt.Sprintf("福慧路%d号", i)), Territory: grid[:]}
	})
	w.plant(recordv1.Kind_KIND_VISIT, benchVisits, func(i int) proto.Message {
		door := doors[i%benchDoors]
		return &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), OccurredAt: proto.Int64(at)}
	})
	w.plant(recordv1.Kind_KIND_HAZARD, benchHazards, func(i int) proto.Message {
		door := doors[i]
		return &recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum()}
	})
	disputes := w.plant(recordv1.Kind_KIND_DISPUTE, benchDisputes, func(i int) proto.Message {
		return &recordv1.Dispute{
			Title: proto.String("邻里纠纷"), Territory: grid[:], RegisteredAt: proto.Int64(at), State: recordv1.DisputeState_DISPUTE_STATE_REGISTERED.Enum(),
		}
	})
	w.plant(recordv1.Kind_KIND_CASE_EVENT, 5*benchDisputes, func(i int) proto.Message {
		of := disputes[i%benchDisputes]
		return &recordv1.CaseEvent{CaseId: of[:], What: recordv1.CaseEventKind_CASE_EVENT_KIND_NOTED.Enum(), At: proto.Int64(at), Text: proto.String("已联系")}
	})
}
