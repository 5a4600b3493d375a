package sealed_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"onedoor/server/sealed"
	"onedoor/server/store"
)

// keys changes the data keys of a store beneath who has it open.
func (w *world) keys(change func(tx store.Writer) error) {
	w.t.Helper()
	w.must(w.inner.Update(w.t.Context(), change))
}

// readable wants every entry of the log to open for a server that is started now.
func (w *world) readable(entries int) {
	w.t.Helper()
	w.open()
	n := 0
	w.must(w.sealed.View(w.t.Context(), func(r store.Reader) error {
		return r.Entries(0, func(store.Entry) bool { n++; return true })
	}))
	if n != entries {
		w.t.Errorf("%d of %d entries open", n, entries)
	}
}

func TestUpdate_SealsUnderNoKeyThatTheStoreHasLost(t *testing.T) {
	w := newWorld(t)
	w.keys(func(tx store.Writer) error { _, err := sealed.AddKey(tx, key, random(), 1); return err })
	w.open() // It seals under the second key.
	w.keys(func(tx store.Writer) error { return tx.DeleteDocument("sealing.keys", []byte{0, 0, 0, 2}) })
	write(t, w.sealed, entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone)))
	w.readable(1)
}

func TestUpdate_SealsUnderTheKeyOfTheStoreAlsoWhereALostOneHadItsNumber(t *testing.T) {
	w := newWorld(t)
	w.keys(func(tx store.Writer) error { _, err := sealed.AddKey(tx, key, random(), 1); return err })
	w.open()
	w.keys(func(tx store.Writer) error { return tx.DeleteDocument("sealing.keys", []byte{0, 0, 0, 2}) })
	w.keys(func(tx store.Writer) error {
		number, err := sealed.AddKey(tx, key, rand.NewChaCha8([32]byte{5}), 2)
		if number != 2 {
			t.Errorf("the new key has number %d", number)
		}
		return err
	})
	write(t, w.sealed, entry(t, 1, store.EntryApplied, 1, patch(t, plantedName, plantedPhone)))
	w.readable(1)
}

func TestUpdate_WritesNothingWhereTheKeysAreGoneOrAnothersFromNowOn(t *testing.T) {
	for name, change := range map[string]func(tx store.Writer) error{
		"put back to before there were any": func(tx store.Writer) error {
			return tx.DeleteDocument("sealing.keys", []byte{0, 0, 0, 1})
		},
		"wrapped with another contact key": func(tx store.Writer) error {
			_, err := sealed.Rewrap(tx, key, sealed.NewKey([32]byte{7}), random())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keys(change)
			err := w.sealed.Update(t.Context(), func(store.Writer) error { t.Error("it went on"); return nil })
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a transaction: %v", err)
			}
		})
	}
}
