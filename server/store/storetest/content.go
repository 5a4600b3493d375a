package storetest

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"slices"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

var contentRules = []rule{
	{"ANewStoreIsAtEpochOneWithoutEntries", newStoreIsEmpty},
	{"EveryFieldComesBack", everyFieldComesBack},
	{"AbsentAndEmptyBytesComeBackAbsent", emptyComesBackAbsent},
	{"AWriteReplacesWhatStoodThere", writeReplaces},
	{"RemovingWhatIsNotThereIsNoError", removingNothing},
	{"ARewrittenEntryHasItsNewPayloadAndNothingElseOfIt", rewriting},
	{"AViewOfBeforeKeepsThePayloadItSaw", rewritingBesideAView},
	{"LargeBodiesComeBackWhole", largeBodies},
	{"RowsOfOneCallComeBackAsThoseOfMany", manyRowsAtOnce},
	{"AGapWithinOneCallIsRefused", gapWithinACall},
	{"SlicesBelongToTheCaller", slicesBelongToCaller},
	{"ALentRecordIsTheRecordUntilTheNextIsLent", lending},
	{"ScopeRowsComeInOrderAndUpToTheLimit", scopeOrderAndLimit},
	{"AScopeSeqBeyondSixtyThreeBitsIsRefused", scopeSeqBound},
	{"DocumentsOfARangeComeInKeyOrder", documentRanges},
	{"TheLastDocumentIsTheGreatestAtOrBelowAKey", lastDocument},
	{"ARecordIsFoundInEveryRangeThatHoldsItsID", anyRecord},
	{"AScopeRowIsFoundInEveryRangeThatHoldsItsKey", anyScope},
}

func newStoreIsEmpty(t *testing.T, s store.Store) {
	view(t, s, func(r store.Reader) {
		if got, want := r.Head(), (store.Head{Epoch: 1}); got != want {
			t.Errorf("head %+v, want %+v", got, want)
		}
		for _, seq := range []syncengine.Seq{0, 1, math.MaxUint64} {
			if _, ok, err := r.Entry(seq); ok || err != nil {
				t.Errorf("entry %d: found %v, error %v", seq, ok, err)
			}
		}
		if _, ok, err := r.Record(id(1)); ok || err != nil {
			t.Errorf("record: found %v, error %v", ok, err)
		}
		if _, ok, err := r.Document("changes", nil); ok || err != nil {
			t.Errorf("document: found %v, error %v", ok, err)
		}
	})
	if problems, err := s.Check(context.Background()); len(problems) > 0 || err != nil {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// extremes is one value of each type with every field at an end of its range.
var extremes = struct {
	entry  store.Entry
	record store.Record
	row    store.ScopeRow
	head   store.Head
}{
	store.Entry{
		Seq: 1, Type: math.MaxUint8, Incarnation: syncengine.ID(bytes.Repeat([]byte{0xff}, 16)),
		DeviceSeq: math.MaxUint64, RecordID: id(9), Kind: math.MaxUint32, Prev: math.MaxUint64, Ref: math.MaxInt64,
		Stamp: math.MinInt64, Suspect: true, Reason: math.MaxUint8, Rank: math.MaxUint8,
		Salt: []byte{0}, Body: []byte("b\x00b"), Extra: []byte{0xff, 0},
	},
	store.Record{ID: id(9), Kind: math.MaxUint32, Seq: math.MaxUint64, Body: []byte{0}},
	store.ScopeRow{Key: "\x00\xff", Seq: math.MaxInt64, RecordID: id(9), Type: math.MaxUint8, Entered: math.MaxUint64},
	store.Head{Epoch: math.MaxUint32, Seq: 1, Tag: store.Tag{0, 255, 0, 255}, Committed: math.MaxInt64},
}

func everyFieldComesBack(t *testing.T, s store.Store) {
	x := extremes
	update(t, s, func(w store.Writer) error {
		mustNot(w.Append(x.entry))
		mustNot(w.PutRecord(x.record))
		mustNot(w.PutScope(x.row))
		mustNot(w.PutDocument("bücket", []byte{0, 255}, []byte{255, 0}))
		return w.SetHead(x.head)
	})
	view(t, s, func(r store.Reader) {
		e, _, err := r.Entry(1)
		same(t, "entry", e, x.entry, err)
		rec, _, err := r.Record(x.record.ID)
		same(t, "record", rec, x.record, err)
		rows, err := r.Scope(nil, x.row.Key, 0, 1)
		same(t, "scope rows", rows, []store.ScopeRow{x.row}, err)
		value, _, err := r.Document("bücket", []byte{0, 255})
		same(t, "document", value, []byte{255, 0}, err)
		same(t, "head", r.Head(), x.head, nil)
	})
}

func same[T any](t *testing.T, what string, got, want T, err error) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, error %v; want %+v", what, got, err, want)
	}
}

func emptyComesBackAbsent(t *testing.T, s store.Store) {
	for i, empty := range [][]byte{nil, {}} {
		update(t, s, func(w store.Writer) error {
			mustNot(w.Append(store.Entry{Seq: syncengine.Seq(i + 1), Salt: empty, Body: empty, Extra: empty}))
			mustNot(w.PutRecord(store.Record{ID: id(byte(i)), Body: empty}))
			return w.PutDocument("changes", empty, empty)
		})
		view(t, s, func(r store.Reader) {
			e, _, err := r.Entry(syncengine.Seq(i + 1))
			same(t, "entry", e, store.Entry{Seq: syncengine.Seq(i + 1)}, err)
			rec, found, err := r.Record(id(byte(i)))
			same(t, "record", rec, store.Record{ID: id(byte(i))}, err)
			same(t, "record is there", found, true, nil)
			d, found, err := r.LastDocument("changes", nil)
			same(t, "document", d, store.Document{}, err)
			same(t, "document is there", found, true, nil)
		})
	}
}

func writeReplaces(t *testing.T, s store.Store) {
	for _, n := range []byte{1, 2} {
		update(t, s, func(w store.Writer) error {
			mustNot(w.PutRecord(store.Record{ID: id(1), Kind: syncengine.KindNumber(n), Seq: syncengine.Seq(n), Body: []byte{n}}))
			mustNot(w.PutScope(store.ScopeRow{Key: grid(1), Seq: 7, RecordID: id(1), Type: store.ScopeRowType(n), Entered: syncengine.Seq(n)}))
			return w.PutDocument("changes", []byte("k"), []byte{n})
		})
	}
	view(t, s, func(r store.Reader) {
		rec, _, err := r.Record(id(1))
		same(t, "record", rec, store.Record{ID: id(1), Kind: 2, Seq: 2, Body: []byte{2}}, err)
		rows, err := r.Scope(nil, grid(1), 0, everything)
		same(t, "scope rows", rows, []store.ScopeRow{{Key: grid(1), Seq: 7, RecordID: id(1), Type: store.RowLeft, Entered: 2}}, err)
		same(t, "documents", documents(r, "changes", nil, nil), []string{"k"}, nil)
		value, _, err := r.Document("changes", []byte("k"))
		same(t, "document", value, []byte{2}, err)
	})
}

func removingNothing(t *testing.T, s store.Store) {
	changes(t, s, 1, 3)
	before := dumped(t, s)
	update(t, s, func(w store.Writer) error {
		mustNot(w.DeleteScope(grid(1), 2, id(3)))
		mustNot(w.DeleteScope(grid(2), 2, id(2)))
		mustNot(w.DeleteScope(grid(1), math.MaxUint64, id(2)))
		mustNot(w.DeleteDocument("changes", nil))
		return w.DeleteDocument("change", []byte{1})
	})
	same(t, "store", dumped(t, s), before, nil)
	update(t, s, func(w store.Writer) error {
		mustNot(w.DeleteScope(grid(1), 2, id(2)))
		return w.DeleteDocument("changes", []byte{2})
	})
	view(t, s, func(r store.Reader) {
		rows := must(r.Scope(nil, grid(1), 0, everything))
		same(t, "seqs left", seqs(rows), []syncengine.Seq{1, 3}, nil)
		same(t, "documents left", documents(r, "changes", nil, nil), []string{"\x01", "\x03"}, nil)
	})
}

func rewriting(t *testing.T, s store.Store) {
	changes(t, s, 1, 3)
	want := entry(2)
	want.Salt, want.Body, want.Extra = nil, []byte("less"), []byte("why")
	update(t, s, func(w store.Writer) error {
		mustNot(w.RewriteEntry(want))
		e, _, err := w.Entry(2)
		same(t, "entry within the update", e, want, err)
		return nil
	})
	mustNot(s.Scrub(context.Background()))
	view(t, s, func(r store.Reader) {
		for seq, want := range map[syncengine.Seq]store.Entry{1: entry(1), 2: want, 3: entry(3)} {
			e, _, err := r.Entry(seq)
			same(t, "entry", showEntry(e), showEntry(want), err)
		}
	})
}

func rewritingBesideAView(t *testing.T, s store.Store) {
	changes(t, s, 1, 2)
	view(t, s, func(r store.Reader) {
		update(t, s, func(w store.Writer) error {
			e := entry(1)
			e.Body = []byte("less")
			return w.RewriteEntry(e)
		})
		e, _, err := r.Entry(1)
		same(t, "entry as of before", showEntry(e), showEntry(entry(1)), err)
	})
}

func largeBodies(t *testing.T, s store.Store) {
	for i, length := range []int{1, 4 << 10, 1 << 20, 8<<20 + 1} {
		seq, body := syncengine.Seq(i+1), pattern(length, i)
		update(t, s, func(w store.Writer) error {
			mustNot(w.Append(store.Entry{Seq: seq, Salt: body[:1], Body: body, Extra: body[length/2:]}))
			mustNot(w.PutRecord(store.Record{ID: id(1), Body: body}))
			return w.PutDocument("changes", []byte{1}, body)
		})
		view(t, s, func(r store.Reader) {
			e, _, err := r.Entry(seq)
			rec, _, err2 := r.Record(id(1))
			value, _, err3 := r.Document("changes", []byte{1})
			for _, err := range []error{err, err2, err3} {
				mustNot(err)
			}
			if !bytes.Equal(e.Salt, body[:1]) || !bytes.Equal(e.Body, body) || !bytes.Equal(e.Extra, body[length/2:]) ||
				!bytes.Equal(rec.Body, body) || !bytes.Equal(value, body) {
				t.Errorf("%d bytes did not come back whole", length)
			}
		})
	}
}

func slicesBelongToCaller(t *testing.T, s store.Store) {
	e := store.Entry{Seq: 1, Salt: []byte("salt"), Body: []byte("body"), Extra: []byte("extra")}
	rec, key, value := store.Record{ID: id(1), Body: []byte("body")}, []byte("key"), []byte("value")
	written := [][]byte{e.Salt, e.Body, e.Extra, rec.Body, key, value}
	update(t, s, func(w store.Writer) error {
		mustNot(w.Append(e))
		mustNot(w.PutRecord(rec))
		mustNot(w.PutDocument("changes", key, value))
		spoil(written)
		spoil(read(w))
		return nil
	})
	view(t, s, func(r store.Reader) {
		e, _, err := r.Entry(1)
		_, _ = append(e.Salt, "!!!!"...), append(e.Body, "!!!!"...)
		same(t, "slices beside one that was appended to", string(e.Body)+string(e.Extra), "bodyextra", err)
	})
	var kept [][]byte
	view(t, s, func(r store.Reader) {
		spoil(read(r))
		kept = read(r)
	})
	changes(t, s, 2, 20)
	for i, want := range []string{"salt", "body", "extra", "body", "value", "key", "value", "body"} {
		if i >= len(kept) || string(kept[i]) != want {
			t.Fatalf("slices after the view and other writes: %q, at %d want %q", kept, i, want)
		}
	}
}

// read gives every slice that the calls give for the first entry, record and document.
func read(r store.Reader) (all [][]byte) {
	e, _, err := r.Entry(1)
	mustNot(err)
	rec, _, err := r.Record(id(1))
	mustNot(err)
	value, _, err := r.Document("changes", []byte("key"))
	mustNot(err)
	all = append(all, e.Salt, e.Body, e.Extra, rec.Body, value)
	d, _, err := r.LastDocument("changes", []byte("key"))
	mustNot(err)
	all = append(all, d.Key, d.Value)
	mustNot(r.Entries(0, func(e store.Entry) bool { all = append(all, e.Body); return false }))
	mustNot(r.Records(func(rec store.Record) bool { all = append(all, rec.Body); return false }))
	mustNot(r.Documents("changes", []byte("key"), nil, func(d store.Document) bool {
		all = append(all, d.Key, d.Value)
		return false
	}))
	return all
}

// spoil overwrites slices and appends to them in place.
func spoil(all [][]byte) {
	for _, b := range all {
		for i := range b {
			b[i] = '!'
		}
		_ = append(b, "!!!!"...)
	}
}

// seqs gives the seqs of rows.
func seqs(rows []store.ScopeRow) (out []syncengine.Seq) {
	for _, row := range rows {
		out = append(out, row.Seq)
	}
	return out
}

func scopeOrderAndLimit(t *testing.T, s store.Store) {
	row := func(key syncengine.ScopeKey, seq syncengine.Seq, record byte) store.ScopeRow {
		return store.ScopeRow{Key: key, Seq: seq, RecordID: id(record), Type: store.RowPresent, Entered: seq}
	}
	want := []store.ScopeRow{row(grid(2), 1, 5), row(grid(2), 3, 1), row(grid(2), 3, 2), row(grid(2), 3, 9), row(grid(2), 200, 1), row(grid(2), 70_000, 1)}
	update(t, s, func(w store.Writer) error {
		// Neighbouring keys: one byte less, one more, a longer and a shorter one.
		for _, key := range []syncengine.ScopeKey{grid(1), grid(3), grid(2) + "\x00", grid(2)[:16], syncengine.RealmKey} {
			mustNot(w.PutScope(row(key, 3, 1)))
		}
		for _, i := range []int{4, 1, 5, 3, 0, 2} {
			mustNot(w.PutScope(want[i]))
		}
		return nil
	})
	for _, c := range []struct {
		after syncengine.Seq
		limit int
		want  []store.ScopeRow
	}{
		{0, everything, want}, {0, math.MaxInt, want}, {0, 6, want}, {0, 5, want[:5]}, {0, 2, want[:2]}, {0, 0, nil}, {0, -1, nil},
		{1, everything, want[1:]}, {2, 1, want[1:2]}, {3, everything, want[4:]}, {69_999, everything, want[5:]},
		{70_000, everything, nil}, {math.MaxInt64 - 1, 9, nil}, {math.MaxInt64, 9, nil}, {math.MaxUint64, 9, nil},
	} {
		view(t, s, func(r store.Reader) {
			got, err := r.Scope(nil, grid(2), c.after, c.limit)
			same(t, "scope rows", got, c.want, err)
			first := row("before", 1, 1)
			got, err = r.Scope([]store.ScopeRow{first}, grid(2), c.after, c.limit)
			same(t, "scope rows appended", got, append([]store.ScopeRow{first}, c.want...), err)
		})
	}
}

func scopeSeqBound(t *testing.T, s store.Store) {
	for _, seq := range []syncengine.Seq{math.MaxInt64 + 1, math.MaxUint64} {
		err := s.Update(context.Background(), func(w store.Writer) error {
			return w.PutScope(store.ScopeRow{Key: grid(1), Seq: seq, RecordID: id(1)})
		})
		if err == nil {
			t.Errorf("seq %d was accepted", seq)
		}
	}
}

// documents gives the keys of a range.
func documents(r store.Reader, bucket string, from, to []byte) (keys []string) {
	mustNot(r.Documents(bucket, from, to, func(d store.Document) bool {
		keys = append(keys, string(d.Key))
		return true
	}))
	return keys
}

// edgeKeys are document keys in order: empty, prefixes of each other, all ones.
var edgeKeys = []string{"", "\x00", "\x00\x00", "a", "a\x00", "ab", "b", "\xfe", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff"}

// edges writes edgeKeys into "b" in another order, and neighbouring buckets.
func edges(t *testing.T, s store.Store) {
	update(t, s, func(w store.Writer) error {
		for _, bucket := range []string{"", "a", "a\xff", "b\x00", "ba", "c"} {
			mustNot(w.PutDocument(bucket, []byte("a"), []byte("elsewhere")))
			mustNot(w.PutDocument(bucket, []byte("\xff\xff\xff\xff"), []byte("elsewhere")))
		}
		for i := range edgeKeys {
			key := edgeKeys[(i*7)%len(edgeKeys)]
			mustNot(w.PutDocument("b", []byte(key), []byte("value of "+key)))
		}
		return nil
	})
}

func documentRanges(t *testing.T, s store.Store) {
	edges(t, s)
	bounds := append([]string{"\x01", "aa", "\xff\xfe", "\xff\xff\xff\xff"}, edgeKeys...)
	for _, from := range bounds {
		check := func(to []byte) {
			var want []string
			for _, key := range edgeKeys {
				if key >= from && (to == nil || key < string(to)) {
					want = append(want, key)
				}
			}
			view(t, s, func(r store.Reader) {
				same(t, "documents", documents(r, "b", []byte(from), to), want, nil)
			})
		}
		check(nil)
		for _, to := range bounds {
			check([]byte(to))
		}
	}
	view(t, s, func(r store.Reader) {
		same(t, "documents of a bucket that is not there", documents(r, "bb", nil, nil), nil, nil)
		var first []string
		mustNot(r.Documents("b", nil, nil, func(d store.Document) bool {
			first = append(first, string(d.Value))
			return len(first) < 2
		}))
		same(t, "documents before f says stop", first, []string{"value of ", "value of \x00"}, nil)
	})
}

func lastDocument(t *testing.T, s store.Store) {
	edges(t, s)
	view(t, s, func(r store.Reader) {
		for _, atMost := range append([]string{"\x01", "aa", "\xfd", "\xff\xfe", "\xff\xff\xff\xff"}, edgeKeys...) {
			i, found := slices.BinarySearch(edgeKeys, atMost)
			if !found {
				i--
			}
			want := edgeKeys[i]
			got, ok, err := r.LastDocument("b", []byte(atMost))
			if err != nil || !ok || string(got.Key) != want || string(got.Value) != "value of "+want {
				t.Errorf("at most %q: %q, %v, %v; want %q", atMost, got.Key, ok, err, want)
			}
		}
		for _, c := range []struct{ bucket, atMost string }{{"a", ""}, {"a", "\xff"[:0]}, {"c", "Z"}, {"bb", "\xff"}} {
			if got, ok, err := r.LastDocument(c.bucket, []byte(c.atMost)); ok || err != nil {
				t.Errorf("bucket %q at most %q: %q, %v", c.bucket, c.atMost, got.Key, err)
			}
		}
	})
}

func anyRecord(t *testing.T, s store.Store) {
	expect := func(r store.Reader, from, to byte, want bool) {
		t.Helper()
		if found, err := r.AnyRecord(id(from), id(to)); found != want || err != nil {
			t.Errorf("from %d to %d: found %v, error %v", from, to, found, err)
		}
	}
	view(t, s, func(r store.Reader) { expect(r, 0, 255, false) })
	update(t, s, func(w store.Writer) error {
		mustNot(w.PutRecord(store.Record{ID: id(5)}))
		mustNot(w.PutRecord(store.Record{ID: id(9)}))
		expect(w, 6, 9, true)
		return nil
	})
	view(t, s, func(r store.Reader) {
		for _, c := range []struct{ from, to byte }{{5, 5}, {0, 255}, {4, 5}, {5, 6}, {6, 9}, {9, 255}} {
			expect(r, c.from, c.to, true)
		}
		for _, c := range []struct{ from, to byte }{{0, 4}, {6, 8}, {10, 255}, {9, 5}, {255, 0}} {
			expect(r, c.from, c.to, false)
		}
	})
}

func anyScope(t *testing.T, s store.Store) {
	expect := func(r store.Reader, from, to byte, want bool) {
		t.Helper()
		if found, err := r.AnyScope(grid(from), grid(to)); found != want || err != nil {
			t.Errorf("from %d to %d: found %v, error %v", from, to, found, err)
		}
	}
	view(t, s, func(r store.Reader) { expect(r, 0, 255, false) })
	update(t, s, func(w store.Writer) error {
		mustNot(w.PutScope(store.ScopeRow{Key: grid(5), Seq: 7, RecordID: id(1), Type: store.RowPresent}))
		mustNot(w.PutScope(store.ScopeRow{Key: grid(9), Seq: 3, RecordID: id(1), Type: store.RowPresent}))
		expect(w, 6, 9, true)
		return nil
	})
	view(t, s, func(r store.Reader) {
		for _, c := range []struct{ from, to byte }{{5, 5}, {0, 255}, {4, 5}, {5, 6}, {6, 9}, {9, 255}} {
			expect(r, c.from, c.to, true)
		}
		for _, c := range []struct{ from, to byte }{{0, 4}, {6, 8}, {10, 255}, {9, 5}, {255, 0}} {
			expect(r, c.from, c.to, false)
		}
	})
}

// manyRows is more rows than any store writes at once, and no whole number of times so many.
const manyRows = 75

// manyRowsAtOnce writes many rows in one call, then replaces them all but for the log's.
func manyRowsAtOnce(t *testing.T, s store.Store) {
	var entries []store.Entry
	records, rows := make([][]store.Record, 2), make([][]store.ScopeRow, 2)
	for n := range byte(manyRows) {
		entries = append(entries, entry(syncengine.Seq(n)+1))
		for again := range 2 {
			records[again] = append(records[again], store.Record{ID: id(n), Kind: 2, Seq: syncengine.Seq(n), Body: []byte{n, byte(again)}})
			rows[again] = append(rows[again], store.ScopeRow{
				Key: grid(n % 2), Seq: syncengine.Seq(n), RecordID: id(n), Type: store.RowPresent, Entered: syncengine.Seq(again),
			})
		}
	}
	update(t, s, func(w store.Writer) error {
		mustNot(w.Append())
		mustNot(w.Append(entries...))
		mustNot(w.PutRecord(records[0]...))
		mustNot(w.PutScope(rows[0]...))
		mustNot(w.PutRecord(records[1]...))
		mustNot(w.PutScope(rows[1]...))
		return nil
	})
	view(t, s, func(r store.Reader) {
		var even []store.ScopeRow
		for n := range manyRows {
			if got, ok, err := r.Entry(entries[n].Seq); !ok || err != nil || !reflect.DeepEqual(got, entries[n]) {
				t.Errorf("entry %d: %+v, %v, %v", n, got, ok, err)
			}
			if got, ok, err := r.Record(id(byte(n))); !ok || err != nil || !reflect.DeepEqual(got, records[1][n]) {
				t.Errorf("record %d: %+v, %v, %v", n, got, ok, err)
			}
			if n > 0 && n%2 == 0 {
				even = append(even, rows[1][n])
			}
		}
		if got, err := r.Scope(nil, grid(0), 0, manyRows); err != nil || !reflect.DeepEqual(got, even) {
			t.Errorf("rows of one key: %+v, %v, want %+v", got, err, even)
		}
	})
}

func gapWithinACall(t *testing.T, s store.Store) {
	err := s.Update(context.Background(), func(w store.Writer) error {
		return w.Append(entry(1), entry(2), entry(4))
	})
	if err == nil {
		t.Error("entries 1, 2 and 4 were taken")
	}
	view(t, s, func(r store.Reader) {
		if got := r.Head().Seq; got != 0 {
			t.Errorf("the log reaches %d", got)
		}
	})
}
