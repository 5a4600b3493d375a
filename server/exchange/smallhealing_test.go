package exchange_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// phoneOrders are the orders in which three phones may come back.
var phoneOrders = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

// healing is a day of a small world, told to its end, with what is needed to put
// the server back to any moment of it.
type healing struct {
	day *smallWorld
	// backups are the store after each turn.
	backups []*memstore.Store
	// receipts holds each phone's newest.
	receipts [smallPhones]*syncv1.Receipt
}

// lived plays an order of turns to its end and keeps a backup after each.
func (s *smallWalk) lived(order string) *healing {
	h := &healing{day: s.first.copy()}
	var turn [smallPhones]int
	for _, who := range order {
		n := int(who - '0')
		h.day.turn(h.day.phones[n], s.word[n*len(order)/smallPhones+turn[n]], smallFaults[0])
		turn[n]++
		h.noteReceipts()
		h.backups = append(h.backups, h.day.memory.Copy())
	}
	h.day.finish()
	return h
}

func (h *healing) noteReceipts() {
	for i, p := range h.day.phones {
		if r := p.last.GetReceipt(); r != nil {
			h.receipts[i] = r
		}
	}
}

// restored is the world with its server put back to a backup, and its phones as they were.
func (h *healing) restored(backup *memstore.Store) *smallWorld {
	memory, inner := backup.Copy(), *h.day.world
	inner.store, inner.random = memory, rand.NewChaCha8([32]byte{3})
	w := &smallWorld{world: &inner, memory: memory, door: h.day.door, outcomes: map[string]*syncv1.Outcome{}}
	_, err := exchange.BeginEpoch(w.ctx, memory, exchange.Renewal{Now: syncengine.UnixMilli(w.now.UnixMilli())})
	w.must(err)
	w.serve()
	for _, p := range h.day.phones {
		twin := *p
		twin.w, twin.have, twin.gone = w.world, maps.Clone(p.have), maps.Clone(p.gone)
		w.phones = append(w.phones, &twin)
	}
	return w
}

// bringBack has a phone call until the server has all of its changes again.
func (h *healing) bringBack(w *smallWorld, i int) {
	p := w.phones[i]
	const callsMost = 4
	for range callsMost {
		p.take(w.call(h.again(p, h.receipts[i])))
		if p.mark == len(p.changes) && p.last.GetCaughtUp() {
			return
		}
	}
	w.t.Fatalf("I13: after %d calls %d of %d changes are decided", callsMost, p.mark, len(p.changes))
}

// again is the phone's request with what the server acknowledged before said of each change.
func (h *healing) again(p *phone, receipt *syncv1.Receipt) *syncv1.ExchangeRequest {
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	for i, c := range body.GetBatch().GetChanges() {
		seq := body.GetBatch().GetFirstDeviceSeq() + uint64(i)
		outcome := h.day.outcomes[fmt.Sprintf("%x/%d", p.incarnation[:], seq)]
		if code := outcome.GetCode(); code != applied && code != merged {
			continue
		}
		made, err := wire.DecodeChange(c.GetBody())
		p.w.must(err)
		c.First = &syncv1.First{
			Coordinates: []*syncv1.Coordinate{{Epoch: 1, Seq: outcome.GetSeq()}},
			StampMs:     int64(made.DeviceTime) + outcome.GetStampDiffMs(), Suspect: outcome.GetSuspect(),
		}
		body.Receipt = receipt
	}
	return p.sign(body)
}

// meaning is what a realm says of its records, whatever its seqs: the values of
// every cell in their order, what is open, and the digests. What is only kept may
// grow by a restore, since the server no longer knows what was shown when.
func (w *smallWorld) meaning() string {
	var b bytes.Buffer
	w.must(w.store.View(w.ctx, func(r store.Reader) error {
		world, err := w.service.World(r)
		if err != nil {
			return err
		}
		var ids []syncengine.ID
		if err := r.Records(func(rec store.Record) bool { ids = append(ids, rec.ID); return true }); err != nil {
			return err
		}
		for _, id := range ids {
			rec, err := w.service.Record(r, id)
			if err != nil {
				return err
			}
			meaningOf(&b, world, rec)
		}
		return r.Documents("digest", nil, nil, func(d store.Document) bool { fmt.Fprintf(&b, "digest %x %x\n", d.Key, d.Value); return true })
	}))
	return b.String()
}

func meaningOf(b *bytes.Buffer, world syncengine.World, rec *syncengine.Record) {
	fmt.Fprintf(b, "record %s under %q\n", rec.ID, rec.CurrentKeys())
	for i := range rec.Cells {
		c := &rec.Cells[i]
		conflict := world.ConflictAt(schema.Load().Engine.Kinds[rec.Kind], rec, c)
		if conflict == syncengine.KeptOpen {
			conflict = syncengine.NoConflict
		}
		fmt.Fprintf(b, "  %v conflict %d:", c.Key, conflict)
		for _, v := range c.Values {
			fmt.Fprintf(b, " %s/%d %x %v stamp %d %v", v.Write.Dot.Incarnation, v.Write.Dot.Seq, v.Data, v.Cleared, v.Write.Stamp, v.Write.Suspect)
		}
		b.WriteByte('\n')
	}
}

// healEverywhere puts the server back to every moment of an order and has the phones come back in every order.
func (s *smallWalk) healEverywhere(order string) {
	h := s.lived(order)
	want, made := h.day.meaning(), len(h.day.accepted())
	for i, backup := range h.backups {
		for _, phones := range phoneOrders {
			w := h.restored(backup)
			for _, n := range phones {
				h.bringBack(w, n)
			}
			name := fmt.Sprintf("word %s, order %s, backup after turn %d, phones %v", s.word, order, i, phones)
			if got := len(w.accepted()); got != made {
				s.t.Fatalf("I13: %s: %d changes are in the log, %d were made", name, got, made)
			}
			if got := w.meaning(); got != want {
				s.t.Fatalf("I13: %s: the realm says\n%s\nbefore the loss\n%s", name, got, want)
			}
			w.must(w.service.Close())
			w.verify()
			s.plays, s.calls = s.plays+1, s.calls+w.calls
		}
	}
}

func TestSmallWorlds_PhonesHealARestoredServerInEveryOrder(t *testing.T) {
	s := smallWalk{t: t, first: newSmallWorld(t)}
	words, every := []string{"abdaub"}, 9
	if allSmallWorlds() {
		words, every = []string{"abdaub", "aabbxd", "nduuan", "dxbaab"}, 1
	}
	for _, word := range words {
		s.word = word
		n := 0
		smallOrders([smallPhones]int{2, 2, 2}, "", func(order string) {
			if n++; n%every == 0 {
				s.healEverywhere(order)
			}
		})
	}
	t.Logf("%d restores, healed in %d calls", s.plays, s.calls)
}
