package localdb_test

import (
	"errors"
	"reflect"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

func TestMeta_AbsentIsNilAndZero(t *testing.T) {
	db := open(t)
	check := func() {
		t.Helper()
		view(t, db, func(tx *localdb.Tx) error {
			b, err := tx.Meta("a")
			n, errInt := tx.MetaInt("a")
			if b != nil || n != 0 {
				t.Fatalf("got %v, %d", b, n)
			}
			return errors.Join(err, errInt)
		})
	}
	check()
	update(t, db, setInt("a", -5))
	wantInt(t, db, "a", -5)
	update(t, db, func(tx *localdb.Tx) error { return tx.DeleteMeta("a") })
	check()
	update(t, db, func(tx *localdb.Tx) error { return tx.SetMeta("a", []byte("no number")) })
	if err := db.View(func(tx *localdb.Tx) error { _, err := tx.MetaInt("a"); return err }); err == nil {
		t.Fatal("text was read as a number")
	}
}

func TestDictionaries_GiveOneNumberToOneValue(t *testing.T) {
	db := open(t)
	keys := []syncengine.ScopeKey{syncengine.RealmKey, syncengine.TerritoryKey(id(1)), syncengine.UserKey(id(1))}
	authors := []localdb.Author{{Incarnation: id(1), User: id(2)}, {Incarnation: id(2), User: id(2)}}
	intern := func() (numbers []int) {
		update(t, db, func(tx *localdb.Tx) error {
			for _, k := range keys {
				n, err := tx.InternKey(k)
				if err != nil {
					return err
				}
				numbers = append(numbers, int(n))
			}
			for _, a := range authors {
				n, err := tx.InternAuthor(a)
				if err != nil {
					return err
				}
				numbers = append(numbers, int(n))
			}
			return nil
		})
		return numbers
	}
	first, second := intern(), intern()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db.Path())
	view(t, db, func(tx *localdb.Tx) error {
		for i, k := range keys {
			if got, err := tx.ScopeKey(localdb.KeyID(first[i])); got != k || err != nil {
				t.Errorf("key %d: %q, %v", first[i], got, err)
			}
			if n, ok, err := tx.KeyID(k); int(n) != first[i] || !ok || err != nil {
				t.Errorf("key %q: %d, %v, %v", k, n, ok, err)
			}
		}
		for i, a := range authors {
			if got, err := tx.Author(localdb.AuthorID(first[len(keys)+i])); got != a || err != nil {
				t.Errorf("author: %v, %v", got, err)
			}
		}
		if _, err := tx.ScopeKey(99); !errors.Is(err, localdb.ErrUnknown) {
			t.Errorf("unknown key: %v", err)
		}
		if _, err := tx.Author(99); !errors.Is(err, localdb.ErrUnknown) {
			t.Errorf("unknown author: %v", err)
		}
		return nil
	})
	if third := intern(); !reflect.DeepEqual(first, second) || !reflect.DeepEqual(first, third) {
		t.Fatalf("%v, then %v, then %v", first, second, third)
	}
}

func TestDrafts_TheOneSavedLastComesFirst(t *testing.T) {
	db := open(t)
	a := localdb.Draft{ID: id(1), Kind: 2, Schema: 3, Saved: 10, Body: []byte("a")}
	b := localdb.Draft{ID: id(2), RecordID: id(9), Kind: 2, Schema: 3, Saved: 20, Body: []byte("b")}
	put := func(d localdb.Draft) func(*localdb.Tx) error {
		return func(tx *localdb.Tx) error { return tx.PutDraft(d) }
	}
	list := func() (got []localdb.Draft) {
		view(t, db, func(tx *localdb.Tx) error { got = collect(t, tx.Drafts()); return nil })
		return got
	}
	update(t, db, put(a), put(b))
	if got := list(); !reflect.DeepEqual(got, []localdb.Draft{b, a}) {
		t.Fatalf("got %+v", got)
	}
	a.Saved, a.Body = 30, []byte("a again")
	update(t, db, put(a))
	if got := list(); !reflect.DeepEqual(got, []localdb.Draft{a, b}) {
		t.Fatalf("got %+v", got)
	}
	update(t, db, func(tx *localdb.Tx) error { return tx.DeleteDraft(a.ID) })
	view(t, db, func(tx *localdb.Tx) error {
		if _, ok, err := tx.Draft(a.ID); ok || err != nil {
			t.Errorf("discarded draft: %v, %v", ok, err)
		}
		if got, ok, err := tx.Draft(b.ID); !ok || err != nil || !reflect.DeepEqual(got, b) {
			t.Errorf("got %+v, %v, %v", got, ok, err)
		}
		return nil
	})
}

func TestQuarantine_DecisionReplacesWaiting(t *testing.T) {
	db := open(t)
	put := func(q localdb.Quarantined) func(*localdb.Tx) error {
		return func(tx *localdb.Tx) error { return tx.PutQuarantined(q) }
	}
	waiting := localdb.Quarantined{DeviceSeq: 7, RecordID: id(1), Reason: 1, State: localdb.QuarantineWaiting, Seq: 90}
	other := localdb.Quarantined{DeviceSeq: 3, RecordID: id(2), Reason: 3, State: localdb.QuarantineWaiting, Seq: 91}
	update(t, db, put(waiting), put(other))
	decided := waiting
	decided.State, decided.Seq, decided.Note = localdb.QuarantineRejected, 95, "门牌号不对"
	update(t, db, put(decided))
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.QuarantinedChanges()); !reflect.DeepEqual(got, []localdb.Quarantined{other, decided}) {
			t.Errorf("got %+v", got)
		}
		if got := collect(t, tx.QuarantinedOf(id(1))); !reflect.DeepEqual(got, []localdb.Quarantined{decided}) {
			t.Errorf("of the record: %+v", got)
		}
		got, ok, err := tx.QuarantinedChange(7)
		if !ok || got != decided {
			t.Errorf("got %+v, %v", got, ok)
		}
		return err
	})
	update(t, db, func(tx *localdb.Tx) error { return tx.DeleteQuarantined(7) })
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.QuarantinedChanges()); len(got) != 1 {
			t.Errorf("got %+v", got)
		}
		return nil
	})
}

func TestReceipts_TheOneThatCoversMostComesFirst(t *testing.T) {
	db := open(t)
	view(t, db, func(tx *localdb.Tx) error {
		if _, ok, err := tx.LatestReceipt(); ok || err != nil {
			t.Errorf("a fresh phone has a receipt: %v", err)
		}
		return nil
	})
	receipts := []localdb.Receipt{
		{DeviceSeq: 900, Time: 3, Body: []byte("c")},
		{DeviceSeq: 500, Time: 2, Body: []byte("b")},
		{DeviceSeq: 20, Time: 1, Body: []byte("a")},
	}
	update(t, db, func(tx *localdb.Tx) error {
		return errors.Join(tx.PutReceipt(receipts[1]), tx.PutReceipt(receipts[0]), tx.PutReceipt(receipts[2]))
	})
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.Receipts()); !reflect.DeepEqual(got, receipts) {
			t.Errorf("got %+v", got)
		}
		got, ok, err := tx.LatestReceipt()
		if !ok || !reflect.DeepEqual(got, receipts[0]) {
			t.Errorf("latest: %+v", got)
		}
		return err
	})
	update(t, db, func(tx *localdb.Tx) error { return tx.ClearReceipts(500) })
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.Receipts()); !reflect.DeepEqual(got, receipts[:1]) {
			t.Errorf("left: %+v", got)
		}
		return nil
	})
}

func TestCheckpoints_AreBounded(t *testing.T) {
	db := open(t)
	const extra = 5
	at := func(i int) localdb.Checkpoint {
		at := syncengine.Coordinate{Epoch: 1, Seq: syncengine.Seq(i * 10)}
		return localdb.Checkpoint{At: at, Tag: [8]byte{byte(i), byte(i >> 8)}}
	}
	update(t, db, func(tx *localdb.Tx) error {
		for i := 1; i <= localdb.CheckpointsMax+extra; i++ {
			if err := tx.AddCheckpoint(at(i)); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx *localdb.Tx) error {
		got := collect(t, tx.Checkpoints())
		if len(got) != localdb.CheckpointsMax || got[0] != at(localdb.CheckpointsMax+extra) || got[len(got)-1] != at(extra+1) {
			t.Errorf("%d from %+v to %+v", len(got), got[0], got[len(got)-1])
		}
		return nil
	})
	update(t, db, func(tx *localdb.Tx) error { return tx.ClearCheckpoints() })
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.Checkpoints()); len(got) != 0 {
			t.Errorf("%d are left", len(got))
		}
		return nil
	})
}
