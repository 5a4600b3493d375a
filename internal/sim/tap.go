package sim

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// tap is the server's store with somebody who listens and somebody who breaks things: every commit that adds to the log
// is told to the auditor, and transactions fail as the weather has it.
type tap struct {
	store.Store
	w *world
	// transactions counts those that were begun, reads those that only read: each has dice of its own.
	transactions, reads int
	// told is the newest entry that the auditor knows.
	told syncengine.Seq
	// epoch is the epoch in force, as far as the auditor knows.
	epoch syncengine.Epoch
	// full is set while the store's disk is full.
	full bool
	// meanwhile is done once somebody has read and before they write; nil for nothing.
	meanwhile func()
	// calm is set while nothing may fail: when the district is made, and when the world has healed.
	calm bool
}

// Errors of a store that fails. The service sees none of them by name.
var (
	errStoreConflict = errors.New("the transaction met another one and was rolled back")
	errStoreIO       = errors.New("the store's disk failed")
)

// View passes a reading on, unless it fails.
func (t *tap) View(ctx context.Context, f func(store.Reader) error) error {
	t.reads++
	d := diceFor(t.w.c.Seed, "read", t.reads)
	if !t.calm && t.w.weather.strikes(d, StoreReads) {
		t.w.strike(StoreReads)
		return errStoreIO
	}
	err := t.Store.View(ctx, f)
	if meanwhile := t.meanwhile; meanwhile != nil {
		meanwhile()
	}
	return err
}

// Update passes a transaction on, unless it fails, and tells what it committed.
func (t *tap) Update(ctx context.Context, f func(store.Writer) error) error {
	t.transactions++
	fate := t.fate(diceFor(t.w.c.Seed, "transaction", t.transactions))
	listening, err := t.attempt(ctx, f, fate)
	if errors.Is(err, errStoreConflict) && diceFor(t.w.c.Seed, "again", t.transactions).oneIn(2) {
		// A store on another machine runs the function once more by itself.
		listening, err = t.attempt(ctx, f, storeFate{})
	}
	if err == nil && listening.head.Epoch != t.epoch {
		t.epoch = listening.head.Epoch
		t.w.trace.tell(t.w.now, "server", "notices that its file was put back: epoch %d begins", t.epoch)
		t.w.model.EpochBegan(listening.began)
	}
	if err == nil && listening.grants && t.w.staff != nil && !t.w.writing {
		for _, u := range t.w.staff.users {
			t.w.tellGrants(u)
		}
	}
	if err == nil && len(listening.entries) > 0 {
		t.committed(listening.head, listening.entries)
	}
	return err
}

// attempt passes a transaction on and gives what it added.
func (t *tap) attempt(ctx context.Context, f func(store.Writer) error, fate storeFate) (listening *tapWriter, err error) {
	err = t.Store.Update(ctx, func(w store.Writer) error {
		listening = &tapWriter{Writer: w, failAfter: fate.failAfter, with: fate.with}
		if err := f(listening); err != nil {
			return err
		}
		listening.head = w.Head()
		if listening.head.Epoch != t.epoch {
			if listening.began, err = exchange.History(w); err != nil {
				return err
			}
		}
		return fate.atCommit
	})
	return listening, err
}

func (t *tap) committed(head store.Head, entries []store.Entry) {
	t.told = head.Seq
	t.w.model.Committed(head, entries)
}

// tellDurable tells what a commit had added that was cut off: it is durable although nobody was told.
func (t *tap) tellDurable() {
	t.w.server.view(func(r store.Reader) error {
		var entries []store.Entry
		err := r.Entries(t.told, func(e store.Entry) bool {
			entries = append(entries, e)
			return true
		})
		if len(entries) > 0 {
			t.committed(r.Head(), entries)
		}
		return err
	})
}

// storeFate is how a transaction fails: at a write, or when everything is written and only the commit is left.
type storeFate struct {
	// failAfter writes succeed before one fails with an error; 0 for none that fails.
	failAfter int
	with      error
	atCommit  error
}

// fate draws how a transaction fails; the zero value is success.
func (t *tap) fate(d dice) storeFate {
	at := t.w.weather.strikes
	switch {
	case t.calm:
	case t.full:
		return storeFate{failAfter: 1 + d.IntN(20), with: store.ErrFull}
	case at(d, StoreConflict):
		t.w.strike(StoreConflict)
		return storeFate{atCommit: errStoreConflict}
	case at(d, StoreFails) && d.oneIn(2):
		t.w.strike(StoreFails)
		return storeFate{atCommit: errStoreIO}
	case at(d, StoreFails):
		t.w.strike(StoreFails)
		return storeFate{failAfter: 1 + d.IntN(30), with: errStoreIO}
	}
	return storeFate{}
}

// fill leaves the store's disk full for a while.
func (w *world) fillStore(d dice) {
	w.strike(StoreFull)
	w.server.store.full = true
	w.trace.tell(w.now, "server", "has a full disk")
	w.after(d.between(w.weather.paceMs, 10*w.weather.paceMs), func() {
		w.server.store.full = false
		w.trace.tell(w.now, "server", "has room again")
	})
}

// grantsBucket holds grants, in identity's own naming.
const grantsBucket = "identity.grants"

// tapWriter gathers what a transaction adds to the log, and fails where it is to fail.
type tapWriter struct {
	store.Writer
	// grants is set when it changes somebody's grants.
	grants  bool
	entries []store.Entry
	head    store.Head
	// began is the history where the transaction begins an epoch.
	began     syncengine.History
	failAfter int
	with      error
	writes    int
}

// fails counts rows that are written and gives the error that is due.
func (w *tapWriter) fails(doing string, rows int) error {
	w.writes += rows
	if w.failAfter > 0 && w.writes >= w.failAfter {
		return fmt.Errorf("%s: %w", doing, w.with)
	}
	return nil
}

// Gathering says whether the store gathers.
func (w *tapWriter) Gathering() store.Gatherer { return store.Gathering(w.Writer) }

// Append adds the next log entries.
func (w *tapWriter) Append(entries ...store.Entry) error {
	if err := w.fails("append a log entry", len(entries)); err != nil {
		return err
	}
	err := w.Writer.Append(entries...)
	if err == nil {
		w.entries = append(w.entries, entries...)
	}
	return err
}

// PutRecord writes the states of records.
func (w *tapWriter) PutRecord(recs ...store.Record) error {
	if err := w.fails("write a record", len(recs)); err != nil {
		return err
	}
	return w.Writer.PutRecord(recs...)
}

// RewriteEntry replaces the payload of an entry.
func (w *tapWriter) RewriteEntry(e store.Entry) error {
	if err := w.fails("rewrite a log entry", 1); err != nil {
		return err
	}
	return w.Writer.RewriteEntry(e)
}

// PutScope writes rows of the scope index.
func (w *tapWriter) PutScope(rows ...store.ScopeRow) error {
	if err := w.fails("write a scope row", len(rows)); err != nil {
		return err
	}
	return w.Writer.PutScope(rows...)
}

// PutDocument writes a document.
func (w *tapWriter) PutDocument(bucket string, key, value []byte) error {
	if err := w.fails("write a document", 1); err != nil {
		return err
	}
	w.grants = w.grants || bucket == grantsBucket
	return w.Writer.PutDocument(bucket, key, value)
}
