package exchange_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// narrow is a store with few connections that read and one that writes, at the end of a line on which each question takes some
// time by chance: as a database beside much other work.
type narrow struct {
	store.Store
	readers, writer chan struct{}
	// slow tells that questions take their time.
	slow bool
	// slowest is how long one takes at most.
	slowest time.Duration
}

func newNarrow(readers int, slowest time.Duration) *narrow {
	return &narrow{Store: memstore.New(), readers: make(chan struct{}, readers), writer: make(chan struct{}, 1), slowest: slowest}
}

// held runs f with a connection, or not at all once ctx has ended.
func held(ctx context.Context, connections chan struct{}, f func() error) error {
	select {
	case connections <- struct{}{}:
		defer func() { <-connections }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *narrow) View(ctx context.Context, f func(store.Reader) error) error {
	return held(ctx, n.readers, func() error {
		return n.Store.View(ctx, func(r store.Reader) error { return f(&narrowReader{r, n}) })
	})
}

func (n *narrow) Update(ctx context.Context, f func(store.Writer) error) error {
	return held(ctx, n.writer, func() error {
		return n.Store.Update(ctx, func(w store.Writer) error { return f(&narrowWriter{w, narrowReader{w, n}}) })
	})
}

// asks takes the time of a question.
func (n *narrow) asks() {
	if n.slow {
		time.Sleep(rand.N(n.slowest))
	}
}

// narrowReader takes its time for what pages, calls and groups ask most.
type narrowReader struct {
	store.Reader
	n *narrow
}

func (r *narrowReader) Record(id syncengine.ID) (store.Record, bool, error) {
	r.n.asks()
	return r.Reader.Record(id)
}

func (r *narrowReader) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	r.n.asks()
	return r.Reader.Scope(dst, key, after, limit)
}

func (r *narrowReader) Document(bucket string, key []byte) ([]byte, bool, error) {
	r.n.asks()
	return r.Reader.Document(bucket, key)
}

type narrowWriter struct {
	store.Writer
	r narrowReader
}

func (w *narrowWriter) Record(id syncengine.ID) (store.Record, bool, error) { return w.r.Record(id) }

func (w *narrowWriter) Document(bucket string, key []byte) ([]byte, bool, error) {
	return w.r.Document(bucket, key)
}

// crowded is a realm on a narrow store in which phones of three sorts are about to call: fresh ones, which are filled, ones with
// a batch, and ones that are up to date.
func crowded(t *testing.T, n *narrow, each int) (w *world, fresh, writing, quiet []*phone) {
	w = newWorldOn(t, n, nil)
	w.turns = turns.New(2, 1, time.Now).Join()
	w.reopen(nil)
	user := w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA)
	first := w.phone(user)
	first.sync()
	for i := range 60 {
		first.create(kindPremises, door(w.gridA, fmt.Sprintf("福慧路%d号", i)))
	}
	first.sync()
	for i := range each {
		fresh, writing, quiet = append(fresh, w.phone(user)), append(writing, w.phone(user)), append(quiet, w.phone(user))
		writing[i].sync()
		quiet[i].sync()
		writing[i].create(kindPremises, door(w.gridA, fmt.Sprintf("团结路%d号", i)))
	}
	return w, fresh, writing, quiet
}

// TestExchange_CallsOfEverySortAllEnd holds who waits for whom, docs/storage.md: whoever holds something waits for nothing but an
// answer of the store, or for somebody of whom that is true.
func TestExchange_CallsOfEverySortAllEnd(t *testing.T) {
	for _, readers := range []int{1, 2, 8} {
		t.Run(fmt.Sprintf("%d connections", readers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const each = 20
				n := newNarrow(readers, 20*time.Millisecond)
				w, fresh, writing, quiet := crowded(t, n, each)
				n.slow = true
				began := time.Now()
				var wg sync.WaitGroup
				for i := range each {
					for _, p := range []*phone{fresh[i], writing[i], quiet[i]} {
						wg.Go(func() {
							for range 4 {
								time.Sleep(rand.N(100 * time.Millisecond))
								p.take(p.call(p.request()))
							}
						})
					}
				}
				wg.Wait()
				n.slow = false
				// One after the other they would take some 60 questions each.
				if took := time.Since(began); took > 3*each*4*100*n.slowest {
					t.Errorf("the last one ended after %v", took)
				}
				for _, p := range fresh {
					p.sync()
					if len(p.have) < 60 {
						t.Errorf("a fresh phone has %d records", len(p.have))
					}
				}
				w.verify()
			})
		})
	}
}
