package whole_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/whole"
	"onedoor/syncengine"
)

func made(t *testing.T, name string) *sqlitestore.Store {
	t.Helper()
	st, err := sqlitestore.Create(t.Context(), filepath.Join(t.TempDir(), name), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// filled is a store with more rows than a chunk holds.
func filled(t *testing.T) *sqlitestore.Store {
	t.Helper()
	st := made(t, "from")
	err := st.Update(t.Context(), func(w store.Writer) error {
		for n := range syncengine.Seq(6001) {
			id := syncengine.ID{byte(n >> 8), byte(n)}
			err := errors.Join(
				w.Append(store.Entry{Seq: n + 1, Type: store.EntryApplied, RecordID: id, Body: []byte("body")}),
				w.PutRecord(store.Record{ID: id, Kind: 1, Seq: n + 1, Body: fmt.Append(nil, n)}),
				w.PutScope(store.ScopeRow{Key: "key", Seq: n + 1, RecordID: id, Type: store.RowPresent, Entered: n + 1}),
				w.PutDocument("bucket", id[:], []byte{byte(n)}),
			)
			if err != nil {
				return err
			}
		}
		return w.SetHead(store.Head{Epoch: 3, Seq: 6001, Tag: store.Tag{7}, Committed: 9})
	})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// copied copies one store into another.
func copied(t *testing.T, to store.Store, from store.Store) (parts whole.Parts, done, total int64, err error) {
	t.Helper()
	err = from.View(t.Context(), func(r store.Reader) error {
		parts, err = whole.Copy(t.Context(), to, r.(store.Whole), func(d, of int64) { done, total = d, of })
		return err
	})
	return parts, done, total, err
}

func TestCopy_HoldsEveryRowAndTheHead(t *testing.T) {
	to := made(t, "to")
	parts, done, total, err := copied(t, to, filled(t))
	if err != nil || done != total || done != 2*4*6001 {
		t.Fatalf("done %d of %d: %v", done, total, err)
	}
	for _, p := range parts {
		if p.Rows != 6001 {
			t.Errorf("a part has %d rows", p.Rows)
		}
	}
	err = to.View(t.Context(), func(r store.Reader) error {
		if h := r.Head(); h.Epoch != 3 || h.Seq != 6001 || h.Tag != (store.Tag{7}) || h.Committed != 9 {
			t.Errorf("the head is %+v", h)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// forgetful is a store that writes one document otherwise than it is given.
type forgetful struct{ store.Store }

type forgetfulWriter struct{ store.Writer }

func (f forgetful) Update(ctx context.Context, do func(store.Writer) error) error {
	return f.Store.Update(ctx, func(w store.Writer) error { return do(forgetfulWriter{w}) })
}

func (f forgetfulWriter) PutDocument(bucket string, key, value []byte) error {
	if len(key) > 1 && key[0] == 1 && key[1] == 1 {
		value = nil
	}
	return f.Writer.PutDocument(bucket, key, value)
}

func TestCopy_ThatIsNotWhatItWasMadeOfIsAnError(t *testing.T) {
	_, _, _, err := copied(t, forgetful{made(t, "to")}, filled(t))
	if !errors.Is(err, whole.ErrDiffers) {
		t.Errorf("a document was written otherwise: %v", err)
	}
}
