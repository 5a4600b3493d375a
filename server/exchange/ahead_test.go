package exchange_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// ahead takes the changes out of a phone's next request and gives both, signed.
func (p *phone) ahead() (*syncv1.SendAheadRequest, *syncv1.ExchangeRequest) {
	p.w.t.Helper()
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	changes, err := proto.Marshal(&syncv1.Batch{Changes: body.GetBatch().GetChanges()})
	p.w.must(err)
	sent := &syncv1.SendAheadRequest{
		Realm: 530702, Incarnation: p.incarnation[:], FirstDeviceSeq: body.GetBatch().GetFirstDeviceSeq(), Changes: changes,
	}
	hash := wire.AheadHash(changes)
	sent.Signature = ed25519.Sign(p.key, wire.AheadMessage(sent, hash))
	body.Batch.Changes, body.Batch.SentAhead = nil, hash[:]
	return sent, p.sign(body)
}

// aheadWorld is a world with a phone that has two doors to send.
func aheadWorld(t *testing.T) (*world, *phone) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "福慧路1号"))
	p.create(kindPremises, door(w.gridA, "福慧路2号"))
	return w, p
}

func TestSendAhead_WhatCameAheadIsDecidedAsIfItCameWithItsExchange(t *testing.T) {
	w, p := aheadWorld(t)
	before := w.head().Seq
	sent, named := p.ahead()
	_, err := w.service.SendAhead(w.ctx, sent)
	w.must(err)
	if w.head().Seq != before {
		t.Fatal("what came ahead was decided before its exchange")
	}
	whole := p.request()
	resp := p.call(named)
	codes := []syncv1.OutcomeCode{resp.GetOutcomes().GetResults()[0].GetCode(), resp.GetOutcomes().GetResults()[1].GetCode()}
	if applied := syncv1.OutcomeCode_OUTCOME_CODE_APPLIED; !slices.Equal(codes, []syncv1.OutcomeCode{applied, applied}) || !resp.GetTakesAhead() {
		t.Errorf("outcomes %v, takes ahead: %v", codes, resp.GetTakesAhead())
	}
	if again := p.call(whole); !proto.Equal(again.GetOutcomes(), resp.GetOutcomes()) {
		t.Errorf("the same changes with their exchange are answered %v, were %v", again.GetOutcomes(), resp.GetOutcomes())
	}
	w.verify()
}

func TestSendAhead_AnExchangeThatNamesWhatIsNotThereChangesNothing(t *testing.T) {
	for name, spoil := range map[string]func(w *world, sent *syncv1.SendAheadRequest, send func()){
		"nothing came":           func(*world, *syncv1.SendAheadRequest, func()) {},
		"other changes came":     func(_ *world, sent *syncv1.SendAheadRequest, send func()) { sent.Changes = nil; send() },
		"they stand elsewhere":   func(_ *world, sent *syncv1.SendAheadRequest, send func()) { sent.FirstDeviceSeq++; send() },
		"the server began again": func(w *world, _ *syncv1.SendAheadRequest, send func()) { send(); w.reopen(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w, p := aheadWorld(t)
			sent, named := p.ahead()
			spoil(w, sent, func() {
				sent.Signature = ed25519.Sign(p.key, wire.AheadMessage(sent, wire.AheadHash(sent.GetChanges())))
				_, _ = w.service.SendAhead(w.ctx, sent) // Changes at another place are refused already.
			})
			before := w.head().Seq
			if _, err := w.service.Exchange(w.ctx, named); !errors.Is(err, exchange.ErrAheadUnknown) || w.head().Seq != before {
				t.Fatalf("answered %v, the head moved from %d to %d", err, before, w.head().Seq)
			}
			// The nonce is as good as before: the whole batch is answered with a page.
			if resp := p.call(p.request()); resp.GetNonceState() != syncv1.NonceState_NONCE_STATE_UNSPECIFIED || len(resp.GetOutcomes().GetResults()) != 2 {
				t.Errorf("the whole batch: nonce %v, outcomes %v", resp.GetNonceState(), resp.GetOutcomes())
			}
		})
	}
}

func TestSendAhead_IsRefusedToWhoeverDoesNotSignAsTheDevice(t *testing.T) {
	w, p := aheadWorld(t)
	sent, _ := p.ahead()
	for name, c := range map[string]struct {
		spoil func(*syncv1.SendAheadRequest)
		want  error
	}{
		"other changes":      {func(r *syncv1.SendAheadRequest) { r.Changes = append(r.Changes, 1) }, exchange.ErrBadSignature},
		"another place":      {func(r *syncv1.SendAheadRequest) { r.FirstDeviceSeq++ }, exchange.ErrBadSignature},
		"no place":           {func(r *syncv1.SendAheadRequest) { r.FirstDeviceSeq = 0 }, exchange.ErrBadRequest},
		"another realm":      {func(r *syncv1.SendAheadRequest) { r.Realm++ }, exchange.ErrWrongRealm},
		"nobody":             {func(r *syncv1.SendAheadRequest) { r.Incarnation = make([]byte, 16) }, exchange.ErrUnknownDevice},
		"no name":            {func(r *syncv1.SendAheadRequest) { r.Incarnation = nil }, exchange.ErrBadRequest},
		"more than is taken": {func(r *syncv1.SendAheadRequest) { r.Changes = make([]byte, 2*wire.BatchBytesMax+1) }, exchange.ErrBadRequest},
	} {
		r := proto.CloneOf(sent)
		c.spoil(r)
		if _, err := w.service.SendAhead(w.ctx, r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.service.Update(w.ctx, func(tx store.Writer) error { return identity.RevokeDevice(tx, p.incarnation) }))
	if _, err := w.service.SendAhead(w.ctx, sent); !errors.Is(err, exchange.ErrBadSignature) {
		t.Errorf("a revoked device: %v", err)
	}
}

// Only so many batches wait, and none for long: who is pushed out sends the changes with their exchange.
func TestSendAhead_TheOldestOfTooManyAndWhatIsOldIsForgotten(t *testing.T) {
	w := newWorld(t)
	var named []*syncv1.ExchangeRequest
	const most = 16
	for range most + 1 {
		p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
		p.sync()
		p.create(kindPremises, door(w.gridA, "福慧路1号"))
		sent, exchange := p.ahead()
		w.now = w.now.Add(time.Second)
		_, err := w.service.SendAhead(w.ctx, sent)
		w.must(err)
		named = append(named, exchange)
	}
	if _, err := w.service.Exchange(w.ctx, named[0]); !errors.Is(err, exchange.ErrAheadUnknown) {
		t.Errorf("the oldest of %d: %v", len(named), err)
	}
	if _, err := w.service.Exchange(w.ctx, named[1]); err != nil {
		t.Errorf("the second of %d: %v", len(named), err)
	}
	w.now = w.now.Add(time.Hour)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "福慧路1号"))
	sent, _ := p.ahead()
	_, err := w.service.SendAhead(w.ctx, sent)
	w.must(err)
	if _, err := w.service.Exchange(w.ctx, named[most]); !errors.Is(err, exchange.ErrAheadUnknown) {
		t.Errorf("after an hour: %v", err)
	}
}
