package sim

import (
	"context"

	"onedoor/server/store"
)

// tap is the server's store with somebody who listens: every commit that adds to the log is told to the auditor.
type tap struct {
	store.Store
	w *world
}

// Update passes a transaction on and tells what it committed.
func (t *tap) Update(ctx context.Context, f func(store.Writer) error) error {
	var listening tapWriter
	err := t.Store.Update(ctx, func(w store.Writer) error {
		listening = tapWriter{Writer: w}
		if err := f(&listening); err != nil {
			return err
		}
		listening.head = w.Head()
		return nil
	})
	if err == nil && len(listening.entries) > 0 {
		t.w.model.Committed(listening.head, listening.entries)
	}
	return err
}

// tapWriter gathers what a transaction adds to the log.
type tapWriter struct {
	store.Writer
	entries []store.Entry
	head    store.Head
}

// Append adds the next log entry.
func (w *tapWriter) Append(e store.Entry) error {
	err := w.Writer.Append(e)
	if err == nil {
		w.entries = append(w.entries, e)
	}
	return err
}
