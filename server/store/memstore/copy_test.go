package memstore_test

import (
	"fmt"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// write appends an entry and writes a document of its name.
func write(t *testing.T, s *memstore.Store, name string) {
	t.Helper()
	err := s.Update(t.Context(), func(w store.Writer) error {
		next := w.Head().Seq + 1
		if err := w.Append(store.Entry{Seq: next, Type: store.EntryApplied, Body: []byte(name)}); err != nil {
			return err
		}
		return w.PutDocument("names", fmt.Appendf(nil, "%04d", next), []byte(name))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// content lists the bodies of the log and the documents.
func content(t *testing.T, s *memstore.Store) (out string) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		for seq := syncengine.Seq(1); seq <= r.Head().Seq; seq++ {
			e, _, err := r.Entry(seq)
			if err != nil {
				return err
			}
			out += string(e.Body) + " "
		}
		return r.Documents("names", nil, nil, func(d store.Document) bool {
			out += "/" + string(d.Value)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCopy_GoesItsOwnWay(t *testing.T) {
	s := memstore.New()
	for _, name := range []string{"a", "b", "c"} {
		write(t, s, name)
	}
	copied := s.Copy()
	write(t, s, "d")
	write(t, copied, "x")
	write(t, copied, "y")
	write(t, s, "e")
	if got, want := content(t, s), "a b c d e /a/b/c/d/e"; got != want {
		t.Errorf("the store holds %s, want %s", got, want)
	}
	if got, want := content(t, copied), "a b c x y /a/b/c/x/y"; got != want {
		t.Errorf("the copy holds %s, want %s", got, want)
	}
}
