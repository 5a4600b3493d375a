package exchange_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// FuzzExchange has a genuine phone send any bytes: they are refused and nothing
// changes, or they are decided once and for all. Either way the log reduces to
// the records afterwards, and the phone's honest work goes on.
func FuzzExchange(f *testing.F) {
	first := newSmallWorld(f)
	for _, seed := range exchangeSeeds(first) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := first.copyFor(t)
		p := w.phones[0]
		req := p.signed(p.inMyName(body))
		before := w.state()
		resp, err := w.service.Exchange(w.ctx, req)
		if err != nil {
			if !errors.Is(err, exchange.ErrBadRequest) && !errors.Is(err, exchange.ErrUnknownDevice) && !errors.Is(err, exchange.ErrWrongRealm) {
				t.Fatalf("refused for no reason of the protocol: %v", err)
			}
			if w.state() != before {
				t.Fatalf("a refused call changed the realm: %v", err)
			}
		} else {
			w.decidedForGood(req, resp)
		}
		other := w.phones[1]
		w.edit(other, 'a')
		other.take(w.call(other.request()))
		if other.mark != len(other.changes) {
			t.Fatal("another phone's change is not decided")
		}
		w.must(w.service.Close())
		w.verify()
	})
}

// FuzzBatch has a genuine phone send a sound batch of two changes of which the
// bodies are any bytes: each is decided, merged or set aside with its reason.
func FuzzBatch(f *testing.F) {
	first := newSmallWorld(f)
	for _, letters := range []string{"ab", "xd", "nu", "da"} {
		c := first.copy()
		p := c.phones[0]
		made := len(p.changes)
		c.edit(p, letters[0])
		c.edit(p, letters[1])
		f.Add(p.changes[made].GetBody(), p.changes[made+1].GetBody(), true, uint64(0))
		f.Add(p.changes[made].GetBody(), []byte{}, false, uint64(3))
	}
	f.Fuzz(func(t *testing.T, one, two []byte, salted bool, supplied uint64) {
		w := first.copyFor(t)
		p := w.phones[0]
		for _, body := range [][]byte{one, two} {
			change := &syncv1.BatchChange{Body: body}
			if salted {
				change.Salt = make([]byte, wire.SaltBytes)
			}
			if supplied > 0 {
				change.First = &syncv1.First{Coordinates: []*syncv1.Coordinate{{Epoch: uint32(supplied >> 32), Seq: supplied}}, StampMs: int64(supplied)}
			}
			p.changes = append(p.changes, change)
		}
		req := p.request()
		before := w.state()
		resp, err := w.service.Exchange(w.ctx, req)
		if err != nil {
			if !errors.Is(err, exchange.ErrBadRequest) || w.state() != before {
				t.Fatalf("refused with %v, changed: %v", err, w.state() != before)
			}
			return
		}
		if got := resp.GetOutcomes().GetResults(); len(got) != 2 {
			t.Fatalf("%d outcomes for two changes", len(got))
		}
		w.decidedForGood(req, resp)
		w.must(w.service.Close())
		w.verify()
	})
}

// decidedForGood repeats an accepted call and wants the same outcomes and nothing else.
func (w *smallWorld) decidedForGood(req *syncv1.ExchangeRequest, resp *syncv1.ExchangeResponse) {
	w.t.Helper()
	if resp.GetFork() != nil {
		return
	}
	after := w.state()
	again, err := w.service.Exchange(w.ctx, req)
	if err != nil || !proto.Equal(again.GetOutcomes(), resp.GetOutcomes()) {
		w.t.Fatalf("the call was answered %v, then %v, %v", resp.GetOutcomes(), again.GetOutcomes(), err)
	}
	if w.state() != after {
		w.t.Fatal("a repeated call changed the realm")
	}
}

// exchangeSeeds are the bodies of honest requests of several kinds.
func exchangeSeeds(w *smallWorld) (out [][]byte) {
	for _, letters := range []string{"", "a", "x", "d", "n", "u", "abd"} {
		c := w.copy()
		for i := range len(letters) {
			c.edit(c.phones[0], letters[i])
		}
		out = append(out, c.phones[0].request().GetBody())
	}
	p := w.copy().phones[0]
	return append(out, nil, encoded(w.t, &syncv1.ExchangeBody{Absent: &syncv1.Absent{From: 2, To: 9}}),
		encoded(w.t, &syncv1.ExchangeBody{Cursor: p.cursor, Nonce: p.nonce, PageBytesMax: 1, Status: &syncv1.Status{
			Checkpoint: p.position, Digests: []*syncv1.KeyDigest{{Key: []byte(syncengine.TerritoryKey(w.gridA)), Class: 257, Sum: 1}},
		}}))
}

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// copyFor is copy for another test.
func (w *smallWorld) copyFor(t testing.TB) *smallWorld {
	twin, inner := *w, *w.world
	inner.t, inner.ctx = t, t.Context()
	twin.world = &inner
	return twin.copy()
}

// inMyName puts realm, name and a fresh nonce into a body, if it is one, so that
// more than its first lines are looked at.
func (p *phone) inMyName(body []byte) []byte {
	m := &syncv1.ExchangeBody{}
	if proto.Unmarshal(body, m) != nil {
		return body
	}
	m.Realm, m.Incarnation, m.Nonce = 530702, p.incarnation[:], p.nonce
	return encoded(p.w.t, m)
}

func (p *phone) signed(body []byte) *syncv1.ExchangeRequest {
	return &syncv1.ExchangeRequest{Body: body, Signature: ed25519.Sign(p.key, wire.ExchangeMessage(body))}
}

// FuzzEnrol has anybody send any enrolment, signed or not: nobody becomes a
// device but by the code, and a refused call changes nothing.
func FuzzEnrol(f *testing.F) {
	first := newSmallWorld(f)
	user := first.user(recordv1.Role_ROLE_GRID_WORKER, first.gridA)
	var code identity.Code
	first.must(first.service.Update(first.ctx, func(tx store.Writer) (err error) {
		code, _, err = identity.NewCode(tx, user, syncengine.UnixMilli(first.now.UnixMilli()), first.random)
		return err
	}))
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	incarnation := first.id()
	for _, m := range []*syncv1.EnrolRequest{
		{}, {Code: string(code), Incarnation: incarnation[:]}, {Code: "0000-0000-0000", Incarnation: incarnation[:]},
		{Code: string(code), Incarnation: first.phones[0].incarnation[:]}, {Code: string(code), Incarnation: []byte{1}},
	} {
		f.Add(encoded(f, m), true)
		f.Add(encoded(f, m), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, sign bool) {
		req := &syncv1.EnrolRequest{}
		if proto.Unmarshal(body, req) != nil {
			return
		}
		if sign {
			req.PublicKey = key.Public().(ed25519.PublicKey)
			req.Signature = ed25519.Sign(key, wire.EnrolMessage(req))
		}
		w := first.copyFor(t)
		devices := w.devices()
		resp, err := w.service.Enrol(w.ctx, req)
		symbols, _ := identity.ParseCode(req.GetCode())
		genuine, _ := identity.ParseCode(string(code))
		switch {
		case err == nil && (symbols != genuine || len(req.GetIncarnation()) != len(incarnation) || len(resp.GetNonce()) == 0):
			t.Fatalf("%v is enrolled", req)
		case err != nil && w.devices() != devices:
			t.Fatalf("%v is refused (%v) and there is another device", req, err)
		}
		w.must(w.service.Close())
	})
}

// devices counts the enrolled devices.
func (w *smallWorld) devices() (n int) {
	w.must(w.store.View(w.ctx, func(r store.Reader) error {
		return r.Documents("identity.devices", nil, nil, func(store.Document) bool { n++; return true })
	}))
	return n
}

// FuzzCursor holds that bytes without the MAC are no cursor, and that bytes with
// it are refused, or read as the cursor that is sealed to the same bytes.
func FuzzCursor(f *testing.F) {
	w := newSmallWorld(f)
	p := w.phones[0]
	key := w.secrets.CursorKey(1)
	const macBytes = 16
	for _, seed := range [][]byte{p.cursor[:len(p.cursor)-macBytes], append(p.cursor[:len(p.cursor)-macBytes:len(p.cursor)-macBytes], "oldview1\x05"...), {1}, {1, 1, 1}, nil,
		{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, ok := exchange.ReopenCursor(body, key, p.incarnation); ok {
			t.Fatal("bytes without a MAC are taken for a cursor")
		}
		sealed := append(body[:len(body):len(body)], exchange.CursorMAC(key, p.incarnation, body)...)
		if _, ok := exchange.ReopenCursor(sealed, key, syncengine.ID{1}); ok {
			t.Fatal("one phone's cursor is taken from another")
		}
		again, ok := exchange.ReopenCursor(sealed, key, p.incarnation)
		if ok && !bytes.Equal(again, sealed) {
			t.Fatalf("the cursor %x reads as %x", sealed, again)
		}
	})
}
