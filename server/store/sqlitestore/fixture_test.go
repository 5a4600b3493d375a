package sqlitestore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// create makes a realm in a folder of the test's own. The test closes it.
func create(t testing.TB) (s *sqlitestore.Store, path string) {
	t.Helper()
	path = t.TempDir() + "/realm.db"
	s, err := sqlitestore.Create(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

// open opens a realm that must open. The test closes it.
func open(t testing.TB, path string) *sqlitestore.Store {
	t.Helper()
	s, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// written makes a closed realm with changes in it, on several pages of each tree.
func written(t testing.TB) (path string) {
	t.Helper()
	s, path := create(t)
	for first := syncengine.Seq(1); first < 200; first += 50 {
		if err := commit(s, first, first+49, 300); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	return path
}

// commit writes the changes first..last in one update, with bodies of a length.
func commit(s store.Store, first, last syncengine.Seq, length int) error {
	return s.Update(context.Background(), func(w store.Writer) error {
		for seq := first; seq <= last; seq++ {
			if err := change(w, seq, length); err != nil {
				return err
			}
		}
		return nil
	})
}

// change writes to every table.
func change(w store.Writer, seq syncengine.Seq, length int) error {
	body := bytes.Repeat([]byte{byte(seq)}, length)
	id := syncengine.ID{8: byte(seq >> 16), 9: byte(seq >> 8), 10: byte(seq)}
	if err := w.Append(store.Entry{Seq: seq, Type: store.EntryApplied, RecordID: id, Body: body}); err != nil {
		return err
	}
	if err := w.PutRecord(store.Record{ID: id, Kind: 2, Seq: seq, Body: body}); err != nil {
		return err
	}
	row := store.ScopeRow{Key: syncengine.TerritoryKey(syncengine.ID{1}), Seq: seq, RecordID: id, Type: store.RowPresent, Entered: seq}
	if err := w.PutScope(row); err != nil {
		return err
	}
	if err := w.PutDocument("last", nil, fmt.Append(nil, seq)); err != nil {
		return err
	}
	return w.SetHead(store.Head{Epoch: 1, Seq: seq, Tag: store.Tag{byte(seq)}})
}

// newest checks that the store holds the changes 1..n whole and nothing else, and gives n.
func newest(s store.Store) (n syncengine.Seq, err error) {
	err = s.View(context.Background(), func(r store.Reader) error {
		n = r.Head().Seq
		if want := (store.Head{Epoch: 1, Seq: n, Tag: store.Tag{byte(n)}}); r.Head() != want {
			return fmt.Errorf("head %+v, want %+v", r.Head(), want)
		}
		var entries, records syncengine.Seq
		if err := r.Entries(0, func(e store.Entry) bool { entries++; return e.Seq == entries }); err != nil {
			return err
		}
		if err := r.Records(func(rec store.Record) bool { records++; return rec.Seq == records }); err != nil {
			return err
		}
		rows, err := r.Scope(nil, syncengine.TerritoryKey(syncengine.ID{1}), 0, 1<<20)
		if err != nil {
			return err
		}
		last, _, err := r.Document("last", nil)
		if err != nil {
			return err
		}
		want := strings.TrimPrefix(fmt.Sprint(n), "0")
		if entries != n || records != n || len(rows) != int(n) || string(last) != want {
			return fmt.Errorf("head %d: %d entries, %d records, %d scope rows, document %q", n, entries, records, len(rows), last)
		}
		return nil
	})
	return n, err
}

// wantNewest fails the test unless the store holds exactly the changes 1..n.
func wantNewest(t testing.TB, s store.Store, n syncengine.Seq) {
	t.Helper()
	if got, err := newest(s); got != n || err != nil {
		t.Errorf("the store is at %d with error %v, want %d", got, err, n)
	}
	if problems, err := s.Check(context.Background()); len(problems) > 0 || err != nil {
		t.Errorf("check: %q, %v", problems, err)
	}
}

// fingerprint tells whether a file changed.
func fingerprint(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d bytes %x", len(b), sha256.Sum256(b))
}
