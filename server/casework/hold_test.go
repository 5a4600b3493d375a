package casework_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"onedoor/server/casework"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// heldUp is a store that counts who reads it, and whose walk over all records waits to be let go.
type heldUp struct {
	store.Store
	reading, walking atomic.Int32
	// let is closed when walks may go on; nil where none waits.
	let chan struct{}
}

func (c *heldUp) View(ctx context.Context, f func(store.Reader) error) error {
	c.reading.Add(1)
	defer c.reading.Add(-1)
	return c.Store.View(ctx, func(r store.Reader) error { return f(&heldReader{r, c}) })
}

type heldReader struct {
	store.Reader
	c *heldUp
}

func (r *heldReader) Records(f func(store.Record) bool) error {
	if r.c.let != nil {
		r.c.walking.Add(1)
		<-r.c.let
	}
	return r.Reader.Records(f)
}

// The first look after a start reads every record. Whoever wants a list meanwhile waits; connections are few, and phones need them.
func TestList_WhoWaitsForTheIndexHoldsNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &heldUp{Store: memstore.New()}
		w := newWorldOn(t, st)
		const many = 5
		w.filed(many)
		w.restart()
		st.let = make(chan struct{})
		var wg sync.WaitGroup
		for range many {
			wg.Go(func() {
				page, err := w.cases.List(t.Context(), w.people[dispatcher], casework.Wanted{Inbox: casework.InboxAll, Limit: many})
				if err != nil || len(page.Cases) != many {
					t.Errorf("a list of %d cases, %v", len(page.Cases), err)
				}
			})
			wg.Go(func() {
				if _, err := w.cases.Look(t.Context()); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				err := w.cases.WithIndex(t.Context(), func(x *casework.Indexed) error {
					_, err := x.Overview(nil, nil)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if walking, reading := st.walking.Load(), st.reading.Load(); walking != 1 || reading != 1 {
			t.Errorf("while %d reads every record, %d hold a connection", walking, reading)
		}
		close(st.let)
		wg.Wait()
	})
}
