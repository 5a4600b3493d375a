package exchange_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// restore puts the realm back to a copy of its store.
func (w *world) restore(copied store.Store, known ...syncengine.Fork) syncengine.History {
	w.t.Helper()
	w.must(w.service.Close())
	h, err := exchange.BeginEpoch(w.ctx, copied, exchange.Renewal{Known: known, Now: 7})
	w.must(err)
	w.store = copied
	w.open(nil)
	w.verify()
	return h
}

func (w *world) copied() *memstore.Store { return w.store.(*memstore.Store).Copy() }

func TestBeginEpoch_OnEveryStoreTheHeadIsTheForkPoint(t *testing.T) {
	inFile, err := sqlitestore.Create(t.Context(), t.TempDir()+"/realm.db", sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inFile.Close()
	for name, st := range map[string]store.Store{"in memory": memstore.New(), "in a file": inFile} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOn(t, st, nil)
			p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
			p.sync()
			p.create(kindPremises, door(w.gridA, "1"))
			p.sync()
			if h := w.restore(st); h.Epoch != 2 || len(h.Forks) != 1 || h.Forks[0] != (syncengine.Fork{Epoch: 2, At: 1, Parent: 1}) {
				t.Errorf("epochs %+v", h)
			}
			p.edit(kindPremises, syncengine.ID(p.changeRecord(0)), &recordv1.Premises{Rooms: proto.Uint32(3)})
			p.sync()
			if p.last.GetEpoch() != 2 || p.position.GetEpoch() != 2 || p.position.GetSeq() != 2 {
				t.Errorf("after the restore the phone stands at %v of epoch %d", p.position, p.last.GetEpoch())
			}
			w.verify()
		})
	}
}

// changeRecord gives the record of a change that the phone made.
func (p *phone) changeRecord(i int) []byte {
	c := &syncv1.Change{}
	p.w.must(proto.Unmarshal(p.changes[i].GetBody(), c))
	return c.GetRecordId()
}

func TestBeginEpoch_NumbersAreAboveEveryEpochThatIsKnown(t *testing.T) {
	w := newWorld(t)
	known := []syncengine.Fork{{Epoch: 2, At: 80, Parent: 1}, {Epoch: 5, At: 90, Parent: 2}}
	h := w.restore(w.copied(), known...)
	if h.Epoch != 6 || len(h.Forks) != 3 || h.Forks[2] != (syncengine.Fork{Epoch: 6, Parent: 1}) {
		t.Errorf("epochs %+v", h)
	}
	if h = w.restore(w.copied()); h.Epoch != 7 || h.Forks[3].Parent != 6 {
		t.Errorf("epochs after one more %+v", h)
	}
}

func TestExchange_APhoneOfAnEarlierEpochIsToldWhatIsExpected(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	b := w.copied()
	p.create(kindPremises, door(w.gridA, "2"))
	p.create(kindPremises, door(w.gridA, "3"))
	p.sync()
	w.restore(b)
	resp := p.call(p.request())
	if resp.GetExpected() != 2 || resp.GetEpoch() != 2 || resp.GetPage() != nil {
		t.Errorf("the first reply of the new epoch: %v", resp)
	}
	p.take(resp)
	// Sent again, the second and third stand in the new epoch, the first where it stood.
	p.mark = 0
	p.take(p.call(p.request()))
	r := p.last.GetOutcomes().GetResults()
	if len(r) != 3 || r[0].GetEpoch() != 1 || r[0].GetSeq() != 1 || r[1].GetEpoch() != 0 || r[1].GetSeq() != 2 {
		t.Errorf("outcomes %v", r)
	}
	if got := p.last.GetReceipt().GetCoordinate(); got.GetEpoch() != 2 || got.GetSeq() != 3 {
		t.Errorf("the receipt is of %v", got)
	}
	w.verify()
}

func TestExchange_APhoneWhoseTagFailsIsFilledFromTheStart(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	author, ahead, level := w.phone(user), w.phone(user), w.phone(user)
	author.sync()
	for i := range 3 {
		author.create(kindPremises, door(w.gridA, string(rune('1'+i))))
	}
	author.sync()
	ahead.sync()
	level.sync()
	b := w.copied()
	author.create(kindPremises, door(w.gridA, "lost"))
	author.sync()
	ahead.sync()
	w.restore(b)
	level.sync()
	if level.last.GetView() != nil || len(level.last.GetPage().GetRecords()) != 0 {
		t.Errorf("a phone that has seen no more than the backup is sent %v", level.last)
	}
	ahead.take(ahead.call(ahead.request()))
	ahead.take(ahead.call(ahead.request()))
	if v := ahead.last.GetView(); len(v.GetFilled()) == 0 || len(v.GetFilled()) != len(v.GetKeys()) || len(ahead.last.GetPage().GetRecords()) != 3 {
		t.Errorf("a phone that has seen more is sent %v", ahead.last)
	}
}

func TestExchange_BackedUpToIsToldWhileRunning(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	if p.last.GetBackedUpTo() != nil {
		t.Errorf("without a backup phones are told of %v", p.last.GetBackedUpTo())
	}
	for _, seq := range []syncengine.Seq{4, 9} {
		w.service.SetBackedUp(syncengine.Coordinate{Epoch: 1, Seq: seq})
		p.sync()
		if at := p.last.GetBackedUpTo(); at.GetEpoch() != 1 || at.GetSeq() != uint64(seq) {
			t.Errorf("backed up to %v, want 1/%d", at, seq)
		}
	}
}

func TestExchange_ARepeatedBatchBringsTheReceiptAgain(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "1"))
	p.create(kindPremises, door(w.gridA, "2"))
	first := p.call(p.request()).GetReceipt()
	again := p.call(p.request()).GetReceipt()
	if first.GetDeviceSeq() != 2 || again.GetDeviceSeq() != 2 || string(again.GetChain()) != string(first.GetChain()) {
		t.Errorf("receipts %v and, repeated, %v", first, again)
	}
}

func TestRelease_KeepsThatTheStampWasBounded(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	w.now = w.now.Add(10 * 365 * 24 * time.Hour)
	p.create(kindPremises, door(w.gridB, "over the fence"))
	w.now = w.now.Add(-10 * 365 * 24 * time.Hour)
	p.take(p.call(p.request()))
	w.must(w.service.Release(w.ctx, syncengine.Seq(p.last.GetOutcomes().GetResults()[0].GetSeq()), syncengine.ID{}, ""))
	w.verify()
}

func TestOpen_NoncesOfAStoppedServerAreTakenUpOnce(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	captured := p.request()
	w.reopen(nil)
	if state := p.call(captured).GetNonceState(); state != syncv1.NonceState_NONCE_STATE_UNSPECIFIED {
		t.Errorf("a nonce from before the stop is %v", state)
	}
	if resp := p.call(captured); resp.GetNonceState() != syncv1.NonceState_NONCE_STATE_USED || resp.GetPage() != nil {
		t.Errorf("played again it brings %v", resp)
	}
	w.reopen(nil)
	if resp := p.call(captured); resp.GetNonceState() == syncv1.NonceState_NONCE_STATE_UNSPECIFIED || resp.GetPage() != nil {
		t.Errorf("played again after one more stop it brings %v", resp)
	}
}
