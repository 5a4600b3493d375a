package sim

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// Requests that no phone of ours makes: beyond the protocol's limits, or of somebody else. The server must refuse each of
// them whole.

// forgery is a kind of such a request with the error that it must meet.
type forgery struct {
	name   string
	fault  Fault
	refuse error
	make   func(d dice, p *phone, body *syncv1.ExchangeBody)
	// unsigned leaves the signature wrong.
	unsigned bool
}

var forgeries = []forgery{
	{name: "too many changes", fault: Oversized, refuse: exchange.ErrBadRequest, make: func(_ dice, p *phone, body *syncv1.ExchangeBody) {
		body.Batch = p.batch(wire.BatchChangesMax+1, 10)
	}},
	{name: "a change that is too large", fault: Oversized, refuse: exchange.ErrBadRequest, make: func(_ dice, p *phone, body *syncv1.ExchangeBody) {
		body.Batch = p.batch(1, wire.ChangeBytesMax+1)
	}},
	{name: "a salt that is too long", fault: Oversized, refuse: exchange.ErrBadRequest, make: func(_ dice, p *phone, body *syncv1.ExchangeBody) {
		body.Batch = p.batch(1, 10)
		body.Batch.Changes[0].Salt = make([]byte, wire.SaltBytes+1)
	}},
	{name: "a wrong signature", fault: Forged, refuse: exchange.ErrBadSignature, unsigned: true, make: func(dice, *phone, *syncv1.ExchangeBody) {}},
	{name: "another district", fault: Forged, refuse: exchange.ErrWrongRealm, make: func(_ dice, _ *phone, body *syncv1.ExchangeBody) {
		body.Realm++
	}},
	{name: "an unknown device", fault: Forged, refuse: exchange.ErrUnknownDevice, make: func(d dice, _ *phone, body *syncv1.ExchangeBody) {
		body.Incarnation = make([]byte, 16)
		for i := range body.Incarnation {
			body.Incarnation[i] = byte(d.Uint32())
		}
	}},
}

// batch makes a batch of changes that cannot be read, of a size each.
func (p *phone) batch(changes, size int) *syncv1.Batch {
	b := &syncv1.Batch{ChainBefore: make([]byte, 32), FirstDeviceSeq: uint64(p.mark + 1), Changes: make([]*syncv1.BatchChange, changes)}
	for i := range b.Changes {
		b.Changes[i] = &syncv1.BatchChange{Body: make([]byte, size)}
	}
	return b
}

func (w *world) oversize(d dice) { w.forge(d, Oversized) }

func (w *world) impersonate(d dice) { w.forge(d, Forged) }

// forge sends a request of a kind in the name of a phone.
func (w *world) forge(d dice, fault Fault) {
	var kinds []forgery
	for _, f := range forgeries {
		if f.fault == fault {
			kinds = append(kinds, f)
		}
	}
	f, p := pick(d, kinds), w.somePhone(d)
	if p.seed == nil {
		return
	}
	w.strike(fault)
	incarnation := p.incarnation()
	body := &syncv1.ExchangeBody{Realm: realmCode, Incarnation: incarnation[:], ClockMs: int64(w.now)}
	f.make(d, p, body)
	b, err := proto.Marshal(body)
	w.must(err, "encode a forged request")
	req := &syncv1.ExchangeRequest{Body: b, Signature: ed25519.Sign(ed25519.NewKeyFromSeed(p.seed), wire.ExchangeMessage(b))}
	if f.unsigned {
		req.Signature[0] ^= 1
	}
	w.server.arrive(&arrival{
		w: w, flight: &flight{phone: p}, request: req, stranger: true, cut: func() {},
		answered: func(_ model.CallID, _ *syncv1.ExchangeResponse, err error) { w.refusal(&f, p, err) },
	})
}

// refusal wants a forged request to have met its error. A store that fails may have come first, and so may a server that
// was set back and does not know the phone any more, or one that others have left behind.
func (w *world) refusal(f *forgery, p *phone, err error) {
	w.trace.tell(w.now, "server", "answers %s in the name of %s: %v", f.name, p.name, err)
	if errors.Is(err, f.refuse) || errors.Is(err, errStoreIO) || errors.Is(err, store.ErrNewer) || errors.Is(err, exchange.ErrUnknownDevice) && !w.server.knows(p) {
		return
	}
	w.broken(model.I18, p, "%s was answered with %v", f.name, fmt.Sprint(err))
}

// knows reports that the server has a phone's device.
func (s *server) knows(p *phone) (known bool) {
	s.view(func(r store.Reader) error {
		_, err := identity.GetDevice(r, p.incarnation())
		known = err == nil
		return nil
	})
	return known
}
