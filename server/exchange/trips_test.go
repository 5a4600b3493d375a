package exchange_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// What a call may cost of trips to a store on another machine.
const (
	// tripsQuiet: who calls, and one look that is the answer too; each begins and ends.
	tripsQuiet = 4
	// tripsPushed are those of a call with a batch, its group aside: who calls, one look, the answer.
	tripsPushed = 6
	// tripsGroup: begin with all that is known beforehand, read the digests, commit.
	tripsGroup = 3
	// tripsPage is what a full page costs beside a quiet sync: rows and records of its key, and then of what follows in it.
	tripsPage = 3
	// changesMany are those of a long batch.
	changesMany = 1_000
)

// abroad is a realm in a store on another machine, of which this server may be one of several; software is nil for this one's.
func abroad(t *testing.T, software *schema.Schema) (*world, *far) {
	st := &far{Store: memstore.New()}
	w := newWorldOn(t, st, software)
	w.must(w.service.Close())
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Shared: true, Schema: software,
	})
	w.must(err)
	return w, st
}

func TestTrips_AQuietSyncIsAHandful(t *testing.T) {
	w, st := abroad(t, nil)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.sync()
	p.sync()
	st.atMost(t, "a quiet sync", tripsQuiet, p.sync)
}

func TestTrips_AGroupOfAThousandChangesIsAHandful(t *testing.T) {
	w, st := abroad(t, nil)
	worker := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(worker), w.phone(worker)
	at := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.sync()
	other.sync()
	var visits []syncengine.ID
	for range changesMany {
		visits = append(visits, p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}}))
	}
	st.atMost(t, "a thousand visits", tripsPushed+tripsGroup, p.sync)
	for i, id := range visits {
		p.edit(kindVisit, id, &recordv1.Visit{Note: proto.String(fmt.Sprint("敲门", i))})
	}
	st.atMost(t, "a thousand edits", tripsPushed+tripsGroup, p.sync)
	// The answer was lost: the batch comes once more.
	p.mark -= changesMany
	st.atMost(t, "a thousand changes that were decided before", tripsPushed+tripsGroup+1, func() { p.take(p.call(p.request())) })
	w.verify()
}

func TestTrips_ChangesInARealmWithVoidDoorsErasuresAndWaitingChangesAreAHandful(t *testing.T) {
	w, st := abroad(t, nil)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	gone := p.create(kindPremises, door(w.gridA, "福慧路1号"))
	at := p.create(kindPremises, door(w.gridA, "福慧路2号"))
	p.sync()
	p.edit(kindPremises, gone, &recordv1.Premises{
		Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum(), VoidReason: recordv1.VoidReason_VOID_REASON_PULLED_DOWN.Enum(),
	})
	p.edit(kindVisit, w.id(), &recordv1.Visit{Note: proto.String("谁也不认识")})
	p.sync()
	visit := p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}, Note: proto.String("张三，139")})
	p.sync()
	_, err := w.service.Erase(w.ctx, syncengine.ID{}, "", []exchange.Erasing{{RecordID: visit, Cells: noteCells}})
	w.must(err)
	p.sync()
	var visits []syncengine.ID
	for range 100 {
		visits = append(visits, p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{at[:]}}))
	}
	p.sync()
	for i, id := range visits {
		p.edit(kindVisit, id, &recordv1.Visit{Note: proto.String(fmt.Sprint("敲门", i))})
	}
	st.atMost(t, "a hundred edits", tripsPushed+tripsGroup+2, p.sync)
}

func TestTrips_APageIsReadChunkByChunk(t *testing.T) {
	w, st := abroad(t, nil)
	worker := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(worker), w.phone(worker)
	other.sync()
	for i := range changesMany {
		p.create(kindPremises, door(w.gridA, fmt.Sprint("福慧路", i, "号")))
	}
	p.sync()
	st.atMost(t, "a page", tripsQuiet+tripsPage, func() { other.take(other.call(other.request())) })
	if n := len(other.have); n < changesMany/2 {
		t.Errorf("the page brought %d records", n)
	}
}

func TestTrips_AChangeThatTheEngineCannotStandIsSetAsideWhereOthersAreAnnounced(t *testing.T) {
	bad := syncengine.ID{0xba, 0xd0}
	w, _ := abroad(t, panicsAt(bad))
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.create(kindVisit, &recordv1.Visit{PremisesIds: [][]byte{bad[:]}})
	p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.take(p.call(p.request()))
	results := p.last.GetOutcomes().GetResults()
	if len(results) != 2 || results[0].GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_FAULT || results[1].GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED {
		t.Errorf("outcomes %v", results)
	}
}
