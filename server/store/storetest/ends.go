package storetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var endRules = []rule{
	{"AnEndedContextStartsNothing", endedContext},
	{"AnUpdateGivesUpItsTurnWhenItsContextEnds", contextEndsWhileWaiting},
	{"AClosedStoreRefusesEveryCall", closedStore},
	{"CloseWaitsForRunningTransactions", closeWaits},
	{"CloseEndsTheWaitForATurn", closeEndsTheWait},
}

// calls is every call that runs something, told to fail if it does.
func calls(ctx context.Context, s store.Store, ran *bool) map[string]error {
	_, err := s.Check(ctx)
	return map[string]error{
		"check":  err,
		"view":   s.View(ctx, func(store.Reader) error { *ran = true; return nil }),
		"update": s.Update(ctx, func(store.Writer) error { *ran = true; return nil }),
		"scrub":  s.Scrub(ctx),
	}
}

func endedContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var ran bool
	for name, err := range calls(ctx, s, &ran) {
		if !errors.Is(err, context.Canceled) || ran {
			t.Errorf("%s with an ended context: error %v, ran %v", name, err, ran)
		}
	}
	changes(t, s, 1, 1)
}

func contextEndsWhileWaiting(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	update(t, s, func(w store.Writer) error {
		waiting := make(chan error)
		go func() {
			waiting <- s.Update(ctx, func(store.Writer) error {
				t.Error("two updates run at once")
				return nil
			})
		}()
		synctest.Wait()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("the waiting update ended with %v", err)
		}
		return change(w, 1)
	})
	changes(t, s, 2, 2)
}

func closedStore(t *testing.T, s store.Store) {
	changes(t, s, 1, 1)
	closed(t, s)
	var ran bool
	for name, err := range calls(context.Background(), s, &ran) {
		if !errors.Is(err, store.ErrClosed) || ran {
			t.Errorf("%s on a closed store: error %v, ran %v", name, err, ran)
		}
	}
	closed(t, s)
}

func closeWaits(t *testing.T, s store.Store) {
	goOn := make(chan struct{})
	results := make(chan error, 4)
	started := func(call func() error) {
		go func() { results <- call() }()
		synctest.Wait()
	}
	started(func() error {
		return s.Update(context.Background(), func(w store.Writer) error {
			<-goOn
			return change(w, 1)
		})
	})
	started(func() error {
		return s.View(context.Background(), func(r store.Reader) error {
			<-goOn
			return r.Records(func(store.Record) bool { return true })
		})
	})
	started(s.Close)
	if len(results) > 0 {
		t.Fatalf("something ended while an update and a view ran: %v", <-results)
	}
	go func() { results <- s.Close() }() // A second one waits as well.
	close(goOn)
	for range cap(results) {
		if err := <-results; err != nil {
			t.Errorf("a transaction that ran while the store was closed, or the close: %v", err)
		}
	}
}

func closeEndsTheWait(t *testing.T, s store.Store) {
	goOn := make(chan struct{})
	first, second, end := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		first <- s.Update(context.Background(), func(w store.Writer) error { <-goOn; return change(w, 1) })
	}()
	synctest.Wait()
	go func() {
		second <- s.Update(context.Background(), func(store.Writer) error {
			t.Error("an update that waited for its turn ran on a closed store")
			return nil
		})
	}()
	synctest.Wait()
	go func() { end <- s.Close() }()
	if err := <-second; !errors.Is(err, store.ErrClosed) {
		t.Errorf("an update that waited for its turn: %v", err)
	}
	close(goOn)
	if err := errors.Join(<-first, <-end); err != nil {
		t.Error(err)
	}
}

// durabilityRules are what a store that outlives itself must do besides.
var durabilityRules = []struct {
	name  string
	check func(t *testing.T, s Reopener)
}{
	{"EverythingCommittedOutlivesAClose", committedOutlivesClose},
	{"NothingRolledBackComesBackAfterAClose", rolledBackStaysAway},
}

func committedOutlivesClose(t *testing.T, s Reopener) {
	for round := syncengine.Seq(0); round < 3; round++ {
		changes(t, s, round*10+1, round*10+10)
		before := dumped(t, s)
		reopened(t, s)
		same(t, "store after a reopen", dumped(t, s), before, nil)
	}
}

func rolledBackStaysAway(t *testing.T, s Reopener) {
	changes(t, s, 1, 2)
	before := dumped(t, s)
	_ = s.Update(context.Background(), func(w store.Writer) error {
		rewrite(w)
		return errStop
	})
	reopened(t, s)
	same(t, "store after a reopen", dumped(t, s), before, nil)
	changes(t, s, 3, 3)
}

func reopened(t *testing.T, s Reopener) {
	t.Helper()
	if err := s.Reopen(); err != nil {
		t.Fatalf("reopen: %v", err)
	}
}
