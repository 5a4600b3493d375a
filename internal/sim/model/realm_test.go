package model_test

import (
	"testing"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// caught wants exactly the invariants named to be violated, in order.
func caught(t *testing.T, found []model.Violation, want ...model.Invariant) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %v, want violations of %v", found, want)
	}
	for i, v := range found {
		if v.Invariant != want[i] {
			t.Errorf("found %v, want a violation of %v", v, want[i])
		}
	}
}

func TestCommitted_AGapInTheLogIsFound(t *testing.T) {
	m := model.New(model.Options{})
	m.Committed(store.Head{Epoch: 1, Seq: 1}, []store.Entry{{Seq: 1}})
	caught(t, m.CheckStep())
	m.Committed(store.Head{Epoch: 1, Seq: 3}, []store.Entry{{Seq: 3}})
	caught(t, m.CheckStep(), model.I5, model.I5)
}

func TestAnswered_CaughtUpSaidEarlyIsFound(t *testing.T) {
	m := model.New(model.Options{})
	m.Committed(store.Head{Epoch: 1, Seq: 2}, []store.Entry{{Seq: 1}, {Seq: 2}})
	call := m.Arrived(&syncv1.ExchangeBody{}, 0)
	m.Answered(call, &syncv1.ExchangeResponse{CaughtUp: true, Position: &syncv1.Coordinate{Epoch: 1, Seq: 1}}, nil)
	caught(t, m.CheckStep(), model.I6)
}

func TestWrote_AnEditThatReachedNoRowIsFound(t *testing.T) {
	m := model.New(model.Options{})
	m.Enrolled(1, syncengine.ID{1}, syncengine.ID{2}, 1)
	m.Wrote(1, nil, []model.Asked{{Record: syncengine.ID{3}, Cells: []syncengine.CellWrite{{Key: syncengine.CellKey{Field: 1}}}}})
	caught(t, m.CheckStep(), model.I2)
}
