package storetest

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// id makes an id that sorts by its number.
func id(n byte) syncengine.ID { return syncengine.ID{14: n, 15: n} }

// grid is a scope key by number.
func grid(n byte) syncengine.ScopeKey { return syncengine.TerritoryKey(id(n)) }

// entry makes a log entry of a change by its seq.
func entry(seq syncengine.Seq) store.Entry {
	return store.Entry{
		Seq: seq, Type: store.EntryApplied, Incarnation: id(200), DeviceSeq: syncengine.DeviceSeq(seq),
		RecordID: id(byte(seq)), Kind: 2, Stamp: 1_700_000_000_000 + syncengine.UnixMilli(seq), Rank: 3,
		Salt: []byte{byte(seq)}, Body: fmt.Appendf(nil, "body of %d", seq),
	}
}

// change writes an entry with its record, its scope row, its document and the
// head, so that a trace of it in any table is noticed.
func change(w store.Writer, seq syncengine.Seq) error {
	if err := w.Append(entry(seq)); err != nil {
		return err
	}
	if err := w.PutRecord(store.Record{ID: id(byte(seq)), Kind: 2, Seq: seq, Body: []byte{byte(seq)}}); err != nil {
		return err
	}
	row := store.ScopeRow{Key: grid(1), Seq: seq, RecordID: id(byte(seq)), Type: store.RowPresent, Entered: seq}
	if err := w.PutScope(row); err != nil {
		return err
	}
	if err := w.PutDocument("changes", []byte{byte(seq)}, []byte("written")); err != nil {
		return err
	}
	return w.SetHead(store.Head{Epoch: 1, Seq: seq, Tag: store.Tag{byte(seq)}, Committed: syncengine.UnixMilli(seq)})
}

// update runs a transaction that must succeed.
func update(t testing.TB, s store.Store, f func(w store.Writer) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// view runs a view that must succeed.
func view(t testing.TB, s store.Store, f func(r store.Reader)) {
	t.Helper()
	err := s.View(context.Background(), func(r store.Reader) error {
		f(r)
		return nil
	})
	if err != nil {
		t.Fatalf("view: %v", err)
	}
}

// changes writes the changes from..to in one transaction.
func changes(t testing.TB, s store.Store, from, to syncengine.Seq) {
	t.Helper()
	update(t, s, func(w store.Writer) error {
		for seq := from; seq <= to; seq++ {
			if err := change(w, seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// must gives the value of a call that cannot fail here; its error fails the test by panic.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// dump shows everything that changes and their like can have left behind.
func dump(r store.Reader) string {
	var b strings.Builder
	fmt.Fprintf(&b, "head %v\n", r.Head())
	err := r.Entries(0, func(e store.Entry) bool {
		fmt.Fprintf(&b, "entry %s\n", showEntry(e))
		return true
	})
	mustNot(err)
	mustNot(r.Records(func(rec store.Record) bool {
		fmt.Fprintf(&b, "record %s\n", showRecord(rec))
		return true
	}))
	for n := range byte(4) {
		for _, row := range must(r.Scope(nil, grid(n), 0, everything)) {
			fmt.Fprintf(&b, "scope %s\n", showRow(row))
		}
	}
	mustNot(r.Documents("changes", nil, nil, func(d store.Document) bool {
		fmt.Fprintf(&b, "document %s\n", showDocument(d))
		return true
	}))
	return b.String()
}

// everything is a limit above what any test writes.
const everything = 1 << 20

func mustNot(err error) {
	if err != nil {
		panic(err)
	}
}

// dumped is what a new view shows.
func dumped(t testing.TB, s store.Store) (text string) {
	t.Helper()
	view(t, s, func(r store.Reader) { text = dump(r) })
	return text
}

// The show functions print a value in full, long bytes by length and checksum.

func showEntry(e store.Entry) string {
	salt, body, extra := showBytes(e.Salt), showBytes(e.Body), showBytes(e.Extra)
	e.Salt, e.Body, e.Extra = nil, nil, nil
	return fmt.Sprintf("%+v salt %s body %s extra %s", e, salt, body, extra)
}

func showRecord(r store.Record) string {
	return fmt.Sprintf("%v kind %d seq %d body %s", r.ID, r.Kind, r.Seq, showBytes(r.Body))
}

func showRow(r store.ScopeRow) string {
	return fmt.Sprintf("%x seq %d record %v type %d entered %d", string(r.Key), r.Seq, r.RecordID, r.Type, r.Entered)
}

func showDocument(d store.Document) string {
	return fmt.Sprintf("%x = %s", d.Key, showBytes(d.Value))
}

func showBytes(b []byte) string {
	const shortBytes = 32
	switch {
	case b == nil:
		return "none"
	case len(b) == 0:
		return "empty" // The contract gives none for it.
	case len(b) <= shortBytes:
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%d bytes %08x", len(b), crc32.ChecksumIEEE(b))
}

// pattern makes bytes that differ at every length and seed.
func pattern(length, seed int) []byte {
	if length == 0 {
		return nil
	}
	return bytes.Repeat([]byte(fmt.Sprintf("%d.%d;", seed, length)), length)[:length]
}
