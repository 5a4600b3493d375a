package exchange_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// A batch of many creations is looked up as one range of ids. One of them may be
// a record that a colleague has made already: a joint visit.
func TestExchange_AJointVisitAmongManyCreationsIsMergedIntoTheOneThatStands(t *testing.T) {
	const before, after = 5, 6
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	a, b := w.phone(user), w.phone(user)
	a.sync()
	home := a.create(kindPremises, door(w.gridA, "福慧路1号"))
	a.sync()
	b.sync()
	visit := func(note string) *recordv1.Visit {
		return &recordv1.Visit{PremisesIds: [][]byte{home[:]}, Note: proto.String(note)}
	}
	for range before {
		b.create(kindVisit, visit("独自"))
	}
	joint := a.create(kindVisit, visit("先写的"))
	a.sync()
	b.change(&wire.Change{RecordID: joint, Kind: kindVisit, Create: true, Base: b.base()}, visit("后写的"))
	for range after {
		b.create(kindVisit, visit("独自"))
	}
	b.take(b.call(b.request()))
	for i, code := range codes(b.last.GetOutcomes()) {
		want := syncv1.OutcomeCode_OUTCOME_CODE_APPLIED
		if i == before {
			want = syncv1.OutcomeCode_OUTCOME_CODE_MERGED
		}
		if code != want {
			t.Errorf("creation %d of the batch: %v, want %v", i+1, code, want)
		}
	}
	kind, _ := w.service.Schema().Kind(kindVisit)
	note, _ := kind.FieldByName("note")
	if cells := w.record(joint).Field(note.Engine.Number); len(cells) != 1 || len(cells[0].Values) != 2 {
		t.Errorf("the joint visit's note is %+v, both people's were written", cells)
	}
	w.verify()
}
