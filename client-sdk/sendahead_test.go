package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/exchange"
)

// aheadLine is a line that brings batches ahead of their exchange.
type aheadLine struct {
	*line
	// lose has what is sent ahead not arrive, forget has the server forget it.
	lose, forget bool
	// sent counts the batches that were sent ahead, named the exchanges that name one, whole those that bring changes.
	sent, named, whole int
}

func (l *aheadLine) SendsAhead(int) bool { return true }

func (l *aheadLine) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) error {
	l.sent++
	if l.lose {
		return errLine
	}
	if l.forget {
		return nil
	}
	_, err := l.w.service.SendAhead(ctx, clone(l.w.t, req))
	return err
}

func (l *aheadLine) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	l.line.sent = func(b *syncv1.ExchangeBody) {
		switch {
		case len(b.GetBatch().GetSentAhead()) > 0:
			l.named++
		case len(b.GetBatch().GetChanges()) > 0:
			l.whole++
		}
	}
	resp, err := l.line.Exchange(ctx, req)
	if errors.Is(err, exchange.ErrAheadUnknown) {
		return nil, &client.Fault{Passing: true, Reason: "AHEAD_UNKNOWN", Cause: err}
	}
	return resp, err
}

// aheadPhone is a phone that has sent changes before and has visits to send, two a batch.
func aheadPhone(t *testing.T, visits int) (*world, *phone, *aheadLine) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.must(ann.Close())
	l := &aheadLine{line: ann.line}
	r, err := client.Open(ann.dir, ann.key, client.Options{
		Transport: l, Random: ann.random, Tries: 1, BatchChangesMax: 2, Now: func() time.Time { return w.now },
		Go: func(work func()) { work() }, // so that a call is over where it begins
	})
	w.must(err)
	ann.Replica = r
	ann.sync()
	ann.add("premises", fmt.Sprintf(`{"address":"福慧路1号","territory":"%s"}`, gridA))
	ann.sync()
	l.sent, l.named, l.whole = 0, 0, 0
	for i := range visits {
		ann.add("visit", fmt.Sprintf(`{"territory":"%s","purpose":"ROUTINE","note":"第%d户"}`, gridA, i))
	}
	return w, ann, l
}

func TestSendAhead_EveryBatchButTheFirstComesBeforeItsExchange(t *testing.T) {
	w, ann, l := aheadPhone(t, 7)
	if report := ann.sync(); report.Applied != 7 || report.RoundTrips != 4 {
		t.Fatalf("report %+v", report)
	}
	if l.sent != 3 || l.named != 3 || l.whole != 1 {
		t.Errorf("of 4 batches %d were sent ahead, %d named, %d came whole", l.sent, l.named, l.whole)
	}
	w.settle()
}

func TestSendAhead_WhatDoesNotArriveComesWithItsExchange(t *testing.T) {
	w, ann, l := aheadPhone(t, 7)
	l.lose = true
	if report := ann.sync(); report.Applied != 7 || report.RoundTrips != 4 || l.named != 0 || l.whole != 4 {
		t.Errorf("report %+v, %d named, %d came whole", report, l.named, l.whole)
	}
	w.settle()
}

func TestSendAhead_AServerThatHasForgottenIsSentTheBatchAndIsNotTrustedWithMore(t *testing.T) {
	w, ann, l := aheadPhone(t, 7)
	l.forget = true
	if report := ann.sync(); report.Applied != 7 || report.RoundTrips != 4 || l.named != 1 || l.whole != 4 {
		t.Errorf("report %+v, %d named, %d came whole", report, l.named, l.whole)
	}
	w.settle()
}

func TestSendAhead_NothingIsSentAheadToAServerThatDoesNotSayThatItTakesIt(t *testing.T) {
	w, ann, l := aheadPhone(t, 1)
	l.seen = func(m *syncv1.ExchangeResponse) { m.TakesAhead = false }
	ann.sync()
	l.sent = 0
	for i := range 5 {
		ann.add("visit", fmt.Sprintf(`{"territory":"%s","purpose":"ROUTINE","note":"第%d户"}`, gridA, i))
	}
	if report := ann.sync(); report.Applied != 5 || l.sent != 0 {
		t.Errorf("report %+v, %d batches were sent ahead", report, l.sent)
	}
	w.settle()
}

func TestSendAhead_AnErasureThatComesMeanwhileTakesBackWhatWasMadeReady(t *testing.T) {
	w, ann, l := aheadPhone(t, 0)
	visit := ann.add("visit", `{"territory":"`+gridA+`","purpose":"ROUTINE","note":"门口"}`)
	ann.sync()
	for i := range 5 {
		ann.edit(visit, fmt.Sprintf(`{"note":"第%d版"}`, i))
	}
	w.erase(visit)
	report := ann.sync()
	if report.Pushed != 5 || ann.status().Pending != 0 || l.sent == 0 {
		t.Errorf("report %+v, %d batches were sent ahead", report, l.sent)
	}
	w.settle()
}
