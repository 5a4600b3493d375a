package client_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
)

// packing is a line that packs parts of requests ahead, and looks for each part in the requests that follow.
type packing struct {
	*line
	mu sync.Mutex // guards the fields below
	// waiting are the parts that are not dropped, packed counts all, used those that a request held while they waited.
	waiting      map[int][]byte
	packed, used int
}

func (p *packing) Ahead(part []byte) (drop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[int][]byte{}
	}
	name := p.packed
	p.waiting[name] = part
	p.packed++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, name)
	}
}

func (p *packing) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	p.mu.Lock()
	for _, part := range p.waiting {
		if bytes.Contains(req.GetBody(), part) {
			p.used++
		}
	}
	p.mu.Unlock()
	return p.line.Exchange(ctx, req)
}

// packingPhone is a phone with visits in its outbox that sends two a batch.
func packingPhone(t *testing.T, visits int) (*world, *phone, *packing) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	w.must(ann.Close())
	p := &packing{line: ann.line}
	r, err := client.Open(ann.dir, ann.key, client.Options{
		Transport: p, Random: ann.random, Tries: 1, BatchChangesMax: 2, Now: func() time.Time { return w.now },
	})
	w.must(err)
	ann.Replica = r
	ann.sync()
	for i := range visits {
		ann.add("visit", fmt.Sprintf(`{"territory":"%s","purpose":"ROUTINE","note":"第%d户"}`, gridA, i))
	}
	return w, ann, p
}

func TestAhead_EveryBatchButTheFirstIsPackedBeforeItsRequestAndSentAsItWasPacked(t *testing.T) {
	_, ann, p := packingPhone(t, 7)
	if report := ann.sync(); report.Applied != 7 {
		t.Fatalf("report %+v", report)
	}
	if p.packed != 3 || p.used != 3 || len(p.waiting) != 0 {
		t.Errorf("of 4 batches %d were packed ahead, %d sent so, %d are waiting still", p.packed, p.used, len(p.waiting))
	}
}

func TestAhead_WhatWasPackedForACallThatIsNotMadeIsDropped(t *testing.T) {
	_, ann, p := packingPhone(t, 7)
	p.failAfter = p.calls + 1
	if _, err := ann.Sync(t.Context()); err == nil {
		t.Fatal("the line was cut and nobody noticed")
	}
	if p.packed == 0 || len(p.waiting) != 0 {
		t.Errorf("%d batches were packed, %d are waiting still", p.packed, len(p.waiting))
	}
	p.failAfter = 0
	if report := ann.sync(); ann.status().Pending != 0 {
		t.Errorf("after the cut: %+v", report)
	}
}

// noting is a line that notes its calls.
type noting struct {
	*line
	events *[]string
}

func (n noting) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	*n.events = append(*n.events, "call")
	return n.line.Exchange(ctx, req)
}

func TestAhead_EachPageOfAFillIsAskedForBeforeTheOneBeforeItIsWritten(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA), w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	for i := range 40 {
		ann.add("premises", fmt.Sprintf(`{"address":"福慧路%d号","territory":"%s"}`, i, gridA))
	}
	ann.sync()
	w.must(bob.Close())
	var events []string
	r, err := client.Open(bob.dir, bob.key, client.Options{
		Transport: noting{bob.line, &events}, Random: bob.random, Tries: 1, PageBytesMax: 1500, Now: func() time.Time { return w.now },
		Go:    func(work func()) { work() }, // so that a call is over where it begins
		Taken: func(*syncv1.ExchangeResponse) { events = append(events, "taken") },
	})
	w.must(err)
	bob.Replica = r
	bob.sync()
	want := []string{"call", "call", "taken", "call", "taken"}
	if len(events) < len(want) || !slices.Equal(events[:len(want)], want) {
		t.Errorf("the fill went %v, want %v", events, want)
	}
}
