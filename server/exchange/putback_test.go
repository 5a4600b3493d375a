package exchange_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// putBack serves a copy of the store without a word, and gives what is logged from then on.
func (w *world) putBack(copied store.Store) *bytes.Buffer {
	w.t.Helper()
	w.must(w.service.Close())
	w.store = copied
	var log bytes.Buffer
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	w.must(err)
	return &log
}

func (w *world) epochs() (out []exchange.Begun) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) (err error) {
		out, err = exchange.Epochs(r)
		return err
	}))
	return out
}

func TestExchange_ACursorPastTheHeadBeginsAnEpochAndAlarms(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	b := w.copied()
	p.create(kindPremises, door(w.gridA, "2"))
	p.sync()
	log := w.putBack(b)
	resp := p.call(p.request())
	if resp.GetEpoch() != 2 || resp.GetExpected() != 2 || resp.GetPage() != nil || resp.GetNonceState() != syncv1.NonceState_NONCE_STATE_UNKNOWN {
		t.Errorf("the reply: %v", resp)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "without `onedoor restore`") {
		t.Errorf("the log says %q", log)
	}
	if e := w.epochs(); len(e) != 1 || e[0].RevealedBy != p.incarnation || e[0].Epoch != 2 || e[0].At != 1 || e[0].Time == 0 {
		t.Errorf("epochs %+v", e)
	}
	p.take(resp)
	p.sync()
	if e := w.epochs(); len(e) != 1 || p.last.GetEpoch() != 2 || len(p.have) != 2 {
		t.Errorf("afterwards epochs %+v, the phone holds %d records in epoch %d", e, len(p.have), p.last.GetEpoch())
	}
	w.verify()
}

func TestExchange_ATagThatDiffersAtItsSeqBeginsAnEpoch(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(user), w.phone(user)
	p.sync()
	other.sync()
	b := w.copied()
	p.create(kindPremises, door(w.gridA, "lost"))
	p.sync()
	w.putBack(b)
	other.create(kindPremises, door(w.gridA, "another"))
	other.sync()
	if e := w.epochs(); len(e) != 0 {
		t.Fatalf("epochs %+v before the phone that knows better came", e)
	}
	resp := p.call(p.request())
	if resp.GetEpoch() != 2 || resp.GetExpected() != 1 {
		t.Errorf("the reply: %v", resp)
	}
	w.verify()
}

func TestExchange_AProofThatFitsBeginsNoEpoch(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(user), w.phone(user)
	p.sync()
	p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	receipt := p.call(p.repeat(0)).GetReceipt()
	other.sync()
	other.create(kindPremises, door(w.gridA, "2"))
	other.sync()
	for name, spoil := range map[string]func(*syncv1.ExchangeBody){
		"an old cursor and its receipt": func(b *syncv1.ExchangeBody) { b.Receipt = receipt },
		"a cursor with a flipped bit":   func(b *syncv1.ExchangeBody) { b.Cursor[len(b.Cursor)-1] ^= 1 },
		"a cursor further on":           func(b *syncv1.ExchangeBody) { b.Cursor = further(b.GetCursor()) },
		"another phone's cursor":        func(b *syncv1.ExchangeBody) { b.Cursor = bytes.Clone(other.cursor) },
		"a receipt further on": func(b *syncv1.ExchangeBody) {
			b.Receipt = proto.CloneOf(receipt)
			b.Receipt.Coordinate.Seq += 9
		},
		"another phone's receipt": func(b *syncv1.ExchangeBody) {
			b.Receipt = proto.CloneOf(receipt)
			b.Receipt.Incarnation = other.incarnation[:]
		},
		"a claim to be of another epoch": func(b *syncv1.ExchangeBody) { b.Epoch = 9 },
		"a cursor that was let go": func(b *syncv1.ExchangeBody) {
			b.Stood, b.Cursor = &syncv1.Stood{Cursor: b.GetCursor(), Incarnation: p.incarnation[:]}, nil
		},
		"another phone's cursor that was let go, under this one's name": func(b *syncv1.ExchangeBody) {
			b.Stood, b.Cursor = &syncv1.Stood{Cursor: other.cursor, Incarnation: p.incarnation[:]}, nil
		},
		"a cursor that was let go, further on": func(b *syncv1.ExchangeBody) {
			b.Stood, b.Cursor = &syncv1.Stood{Cursor: further(b.GetCursor()), Incarnation: p.incarnation[:]}, nil
		},
	} {
		body := &syncv1.ExchangeBody{}
		w.must(proto.Unmarshal(p.request().GetBody(), body))
		spoil(body)
		p.call(p.sign(body))
		if e := w.epochs(); len(e) != 0 {
			t.Fatalf("%s began an epoch: %+v", name, e)
		}
	}
	w.verify()
}

// further gives a cursor of a greater seq, which the realm has not signed.
func further(cursor []byte) []byte {
	out := bytes.Clone(cursor)
	out[2] += 9
	return out
}

// A phone has been given a new name: its cursor was another's, and it has no receipt.
func TestExchange_ACursorThatWasLetGoBeginsAnEpochUnderWhicheverNameItWasGiven(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, named := w.phone(user), w.phone(user)
	p.sync()
	named.sync()
	b := w.copied()
	p.create(kindPremises, door(w.gridA, "lost"))
	p.sync()
	w.putBack(b)
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(named.request().GetBody(), body))
	body.Cursor, body.Stood = nil, &syncv1.Stood{Cursor: p.cursor, Incarnation: p.incarnation[:]}
	if resp := named.call(named.sign(body)); resp.GetEpoch() != 2 || resp.GetPage() != nil {
		t.Errorf("the reply: %v", resp)
	}
	if e := w.epochs(); len(e) != 1 || e[0].RevealedBy != named.incarnation {
		t.Errorf("epochs %+v", e)
	}
	w.verify()
}

// repeat makes the request that sends again what stands above a mark.
func (p *phone) repeat(mark int) *syncv1.ExchangeRequest {
	was := p.mark
	p.mark = mark
	defer func() { p.mark = was }()
	return p.request()
}

// resend makes the request of a phone that supplies one change again and says where it stood.
func (p *phone) resend(receipt *syncv1.Receipt, first *syncv1.First) *syncv1.ExchangeRequest {
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	body.Receipt = receipt
	body.Batch.Changes = body.Batch.Changes[:1]
	body.Batch.Changes[0].First = first
	return p.sign(body)
}

func TestExchange_FirstPlacesAreBelievedAsFarAsTheReceiptProvesThem(t *testing.T) {
	coordinates := func(pairs ...uint64) (out []*syncv1.Coordinate) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, &syncv1.Coordinate{Epoch: uint32(pairs[i]), Seq: pairs[i+1]})
		}
		return out
	}
	const stamp = 1_780_000_000_000
	for name, c := range map[string]struct {
		first    *syncv1.First
		spoil    func(*syncv1.Receipt)
		believed int
	}{
		"as it was":                        {&syncv1.First{Coordinates: coordinates(1, 2), StampMs: stamp}, nil, 1},
		"up to the receipt":                {&syncv1.First{Coordinates: coordinates(1, 3), StampMs: stamp}, nil, 1},
		"above the receipt":                {&syncv1.First{Coordinates: coordinates(1, 4), StampMs: stamp}, nil, 0},
		"of the epoch in force too":        {&syncv1.First{Coordinates: coordinates(1, 2, 2, 1), StampMs: stamp}, nil, 1},
		"twice in one epoch":               {&syncv1.First{Coordinates: coordinates(1, 2, 1, 3), StampMs: stamp}, nil, 1},
		"a stamp of after the receipt":     {&syncv1.First{Coordinates: coordinates(1, 2), StampMs: stamp + 3_600_000}, nil, 0},
		"a receipt that is not genuine":    {&syncv1.First{Coordinates: coordinates(1, 2), StampMs: stamp}, func(r *syncv1.Receipt) { r.TimeMs++ }, 0},
		"a receipt that does not cover it": {&syncv1.First{Coordinates: coordinates(1, 2), StampMs: stamp}, func(r *syncv1.Receipt) { r.DeviceSeq = 0 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
			p.sync()
			p.create(kindPremises, door(w.gridA, "1"))
			p.sync()
			b := w.copied()
			id := p.create(kindPremises, door(w.gridA, "2"))
			p.create(kindPremises, door(w.gridA, "3"))
			p.take(p.call(p.request()))
			receipt := p.last.GetReceipt()
			if c.spoil != nil {
				c.spoil(receipt)
			}
			w.now = w.now.Add(time.Hour)
			w.restore(b)
			p.take(p.call(p.request()))
			p.take(p.call(p.resend(receipt, c.first)))
			life, _ := w.record(id).Find(syncengine.CellKey{})
			write := life.Shown().Write
			if len(write.Coordinates) != 1+c.believed {
				t.Errorf("coordinates %v, %d earlier ones are to be believed", write.Coordinates, c.believed)
			}
			if c.believed == 0 && c.first.GetStampMs() > stamp && write.Stamp >= syncengine.UnixMilli(c.first.GetStampMs()) {
				t.Errorf("a stamp was believed that the receipt does not allow: %d", write.Stamp)
			}
			w.verify()
		})
	}
}

// The phone has no cursor any more, as after its area was destroyed, to show that the log was put
// back. Where it last stood says that its numbers are another history's: what it wrote there is no
// work from beyond the log.
func TestExchange_WorkOfAnotherHistoryIsNotTakenForWorkAheadOfTheLog(t *testing.T) {
	w := newWorld(t)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	p, other := w.phone(user), w.phone(user)
	id := p.create(kindPremises, door(w.gridA, "1"))
	p.sync()
	b := w.copied()
	other.create(kindPremises, door(w.gridA, "lost"))
	other.sync()
	p.sync()
	stood := &syncv1.Checkpoint{At: p.position, Tag: p.last.GetTag()}
	w.putBack(b)
	other = w.phone(user)
	other.create(kindPremises, door(w.gridA, "another"))
	other.sync()
	p.edit(kindPremises, id, &recordv1.Premises{Rooms: proto.Uint32(3)})
	body := &syncv1.ExchangeBody{}
	w.must(proto.Unmarshal(p.request().GetBody(), body))
	body.Cursor, body.Past = nil, []*syncv1.Checkpoint{stood}
	results := p.call(p.sign(body)).GetOutcomes().GetResults()
	if len(results) != 1 || results[0].GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
		t.Errorf("outcomes %v, want the edit accepted", results)
	}
	w.verify()
}
