package exchange_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// inline serves the realm without a goroutine of its own.
func (w *world) inline() {
	w.t.Helper()
	w.must(w.service.Close())
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Inline: true,
	})
	w.must(err)
}

func (w *world) head() (h store.Head) {
	w.t.Helper()
	w.must(w.service.View(w.ctx, func(r store.Reader) error {
		h = r.Head()
		return nil
	}))
	return h
}

func TestExchangeTogether_CopiesOfOneBatchAndAnotherPhonesShareACommit(t *testing.T) {
	for _, name := range []string{"on a loop", "inline"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if name == "inline" {
				w.inline()
			}
			user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
			a, b := w.phone(user), w.phone(user)
			a.sync()
			b.sync()
			a.create(kindPremises, door(w.gridA, "福慧路1号"))
			b.create(kindPremises, door(w.gridA, "福慧路2号"))
			before := w.head().Seq
			first := a.request()
			answers := w.service.ExchangeTogether(w.ctx, []*syncv1.ExchangeRequest{first, b.request(), first})
			for i, answer := range answers {
				if answer.Err != nil || len(answer.Reply.GetOutcomes().GetResults()) != 1 {
					t.Fatalf("call %d: %v, %v", i, answer.Reply, answer.Err)
				}
			}
			if !proto.Equal(answers[0].Reply.GetOutcomes(), answers[2].Reply.GetOutcomes()) {
				t.Errorf("the copy was answered %v, the batch %v", answers[2].Reply.GetOutcomes(), answers[0].Reply.GetOutcomes())
			}
			if state := answers[2].Reply.GetNonceState(); state != syncv1.NonceState_NONCE_STATE_USED || answers[2].Reply.GetPage() != nil {
				t.Errorf("the copy's nonce is %v, its page %v", state, answers[2].Reply.GetPage())
			}
			if got := w.head().Seq - before; got != 2 {
				t.Errorf("%d log entries, want 2", got)
			}
			w.verify()
		})
	}
}

func TestExchangeTogether_ACallThatIsRefusedDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t)
	w.inline()
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	p.sync()
	p.create(kindPremises, door(w.gridA, "福慧路1号"))
	forged := p.request()
	forged.Signature = make([]byte, 64)
	answers := w.service.ExchangeTogether(w.ctx, []*syncv1.ExchangeRequest{forged, p.request()})
	if !errors.Is(answers[0].Err, exchange.ErrBadSignature) || answers[1].Err != nil {
		t.Fatalf("got %v and %v", answers[0].Err, answers[1].Err)
	}
}

func TestService_InlineIsClosedForGood(t *testing.T) {
	w := newWorld(t)
	w.inline()
	w.must(w.service.Close())
	err := w.service.Update(w.ctx, func(store.Writer) error { return nil })
	if !errors.Is(err, exchange.ErrClosed) {
		t.Fatalf("got %v", err)
	}
	if _, err := w.service.Write(w.ctx, syncengine.ID{}, nil); !errors.Is(err, exchange.ErrClosed) {
		t.Fatalf("got %v", err)
	}
}
