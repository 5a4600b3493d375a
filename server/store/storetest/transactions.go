package storetest

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var transactionRules = []rule{
	{"AWriterSeesItsOwnWrites", writerSeesItself},
	{"AWrongSeqIsRefusedAndChangesNothing", wrongSeq},
	{"AHeadThatIsNotTheLastEntrysIsRefused", wrongHead},
	{"AnErrorLeavesNoTrace", errorLeavesNoTrace},
	{"APanicLeavesNoTraceAndGoesOn", panicLeavesNoTrace},
	{"AnEndedGoroutineLeavesNoTrace", goexitLeavesNoTrace},
	{"AWriteThatFailedSpoilsTheUpdateEvenWhenItsErrorIsDropped", droppedErrorSpoils},
	{"AViewKeepsTheStateItBeganWith", viewKeepsItsState},
	{"AViewSeesNothingOfARunningUpdate", viewBesideUpdate},
	{"AnUpdateIsSeenByEveryViewThatBeginsAfterIt", viewAfterUpdate},
}

var errStop = errors.New("the test says stop")

func writerSeesItself(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	var inside string
	update(t, s, func(w store.Writer) error {
		mustNot(change(w, 3))
		mustNot(w.PutRecord(store.Record{ID: id(1), Kind: 2, Seq: 3, Body: []byte("again")}))
		mustNot(w.DeleteScope(grid(1), 1, id(1)))
		mustNot(w.DeleteDocument("changes", []byte{2}))
		inside = dump(w)
		if rec, _, _ := w.Record(id(1)); string(rec.Body) != "again" {
			t.Errorf("record inside the update: %q", rec.Body)
		}
		if _, ok, _ := w.Document("changes", []byte{2}); ok {
			t.Error("a removed document is still there inside the update")
		}
		if e, ok, _ := w.Entry(3); !ok || e.Seq != 3 {
			t.Error("an appended entry is not there inside the update")
		}
		return nil
	})
	same(t, "store after the update", dumped(t, s), inside, nil)
}

// untouched runs an update that must fail, and checks that the store stayed as it was and goes on.
func untouched(t *testing.T, s store.Store, f func(w store.Writer) error) {
	t.Helper()
	before := dumped(t, s)
	if err := s.Update(context.Background(), f); err == nil {
		t.Fatal("the update did not fail")
	}
	same(t, "store after a failed update", dumped(t, s), before, nil)
	next := syncengine.Seq(1)
	view(t, s, func(r store.Reader) { next += r.Head().Seq })
	changes(t, s, next, next)
}

func wrongSeq(t *testing.T, s store.Store) {
	for _, offset := range []syncengine.Seq{0, 2, 3, math.MaxInt64, math.MaxUint64} {
		untouched(t, s, func(w store.Writer) error {
			last := w.Head().Seq
			err := w.Append(store.Entry{Seq: last + offset, Body: []byte("wrong")})
			if err == nil {
				t.Errorf("seq %d after %d was accepted", last+offset, last)
			}
			same(t, "head after a refused entry", w.Head().Seq, last, nil)
			return nil
		})
	}
}

func wrongHead(t *testing.T, s store.Store) {
	changes(t, s, 1, 3)
	for _, offset := range []syncengine.Seq{1, math.MaxInt64, math.MaxUint64} { // The last is one below.
		untouched(t, s, func(w store.Writer) error {
			h := w.Head()
			if err := w.SetHead(store.Head{Epoch: 9, Seq: h.Seq + offset}); err == nil {
				t.Errorf("head %d after %d was accepted", h.Seq+offset, h.Seq)
			}
			same(t, "head after a refused one", w.Head(), h, nil)
			return nil
		})
	}
}

func errorLeavesNoTrace(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	untouched(t, s, func(w store.Writer) error {
		rewrite(w)
		return errStop
	})
	err := s.Update(context.Background(), func(store.Writer) error { return errStop })
	if err != errStop {
		t.Errorf("the function's error came back as %v", err)
	}
}

// rewrite changes every table and removes from those that can lose rows.
func rewrite(w store.Writer) {
	mustNot(change(w, w.Head().Seq+1))
	mustNot(change(w, w.Head().Seq+1))
	mustNot(w.PutRecord(store.Record{ID: id(1), Body: []byte("overwritten")}))
	mustNot(w.DeleteScope(grid(1), 1, id(1)))
	mustNot(w.PutDocument("changes", []byte{1}, []byte("overwritten")))
	mustNot(w.DeleteDocument("changes", []byte{2}))
	mustNot(w.SetHead(store.Head{Epoch: 2, Seq: w.Head().Seq}))
}

func panicLeavesNoTrace(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	before := dumped(t, s)
	func() {
		defer func() {
			if got := recover(); got != errStop {
				t.Errorf("the panic went on as %v", got)
			}
		}()
		_ = s.Update(context.Background(), func(w store.Writer) error {
			rewrite(w)
			_ = w.Records(func(store.Record) bool { panic(errStop) }) // Within a walk, which must end too.
			return nil
		})
		t.Error("the panic did not go on")
	}()
	same(t, "store after a panic", dumped(t, s), before, nil)
	changes(t, s, 3, 4)
	func() {
		defer func() { _ = recover() }()
		_ = s.View(context.Background(), func(r store.Reader) error {
			return r.Entries(0, func(store.Entry) bool { panic(errStop) })
		})
	}()
	changes(t, s, 5, 5)
	view(t, s, func(r store.Reader) { same(t, "head", r.Head().Seq, 5, nil) })
}

func goexitLeavesNoTrace(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	before := dumped(t, s)
	var ended sync.WaitGroup
	ended.Go(func() {
		_ = s.Update(context.Background(), func(w store.Writer) error {
			rewrite(w)
			runtime.Goexit()
			return nil
		})
	})
	ended.Wait()
	same(t, "store after a goroutine ended", dumped(t, s), before, nil)
	changes(t, s, 3, 3)
}

func droppedErrorSpoils(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	for name, wrong := range map[string]func(w store.Writer) error{
		"append":                             func(w store.Writer) error { return w.Append(store.Entry{Seq: 1}) },
		"set head":                           func(w store.Writer) error { return w.SetHead(store.Head{Seq: 99}) },
		"rewrite an entry that is not there": func(w store.Writer) error { return w.RewriteEntry(entry(99)) },
		"rewrite more than a payload": func(w store.Writer) error {
			e := entry(1)
			e.Stamp++
			return w.RewriteEntry(e)
		},
		"in a walk": func(w store.Writer) (err error) {
			mustNot(w.Records(func(store.Record) bool { err = w.PutDocument("changes", nil, nil); return false }))
			return err
		},
	} {
		untouched(t, s, func(w store.Writer) error {
			mustNot(change(w, w.Head().Seq+1))
			if err := wrong(w); err == nil {
				t.Errorf("%s: no error", name)
			}
			if err := w.PutDocument("changes", []byte("later"), nil); err == nil {
				t.Errorf("%s: a later write was accepted", name)
			}
			return nil
		})
	}
}

func viewKeepsItsState(t *testing.T, s store.Store) {
	changes(t, s, 1, 3)
	before := dumped(t, s)
	view(t, s, func(r store.Reader) {
		changes(t, s, 4, 40)
		update(t, s, func(w store.Writer) error {
			rewrite(w)
			return nil
		})
		same(t, "state of a view that began before", dump(r), before, nil)
		if _, ok, err := r.Entry(4); ok || err != nil {
			t.Errorf("a later entry: found %v, error %v", ok, err)
		}
		if rec, _, err := r.Record(id(1)); len(rec.Body) != 1 || err != nil {
			t.Errorf("a record written later: %q, error %v", rec.Body, err)
		}
		if _, ok, err := r.Document("changes", []byte{2}); !ok || err != nil {
			t.Errorf("a document removed later: found %v, error %v", ok, err)
		}
	})
}

func viewBesideUpdate(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	before := dumped(t, s)
	update(t, s, func(w store.Writer) error {
		rewrite(w)
		same(t, "state of a view during an update", dumped(t, s), before, nil)
		return nil
	})
}

func viewAfterUpdate(t *testing.T, s store.Store) {
	for seq := syncengine.Seq(1); seq <= 50; seq++ {
		changes(t, s, seq, seq)
		for range 3 {
			view(t, s, func(r store.Reader) { same(t, "head", r.Head().Seq, seq, nil) })
		}
	}
}
