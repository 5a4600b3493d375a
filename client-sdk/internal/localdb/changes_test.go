package localdb_test

import (
	"errors"
	"reflect"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

func appendChanges(changes ...localdb.Change) func(*localdb.Tx) error {
	return func(tx *localdb.Tx) error {
		for _, c := range changes {
			if err := tx.AppendChange(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func seqsOf(changes []localdb.Change) (seqs []int) {
	for _, c := range changes {
		seqs = append(seqs, int(c.DeviceSeq))
	}
	return seqs
}

func TestChanges_AreReadAsTheyWereWritten(t *testing.T) {
	db := open(t)
	a, b := id(1), id(2)
	plain := change(3, a)
	plain.Salt, plain.GroupFirst = nil, 0
	written := []localdb.Change{change(1, a), change(2, b), plain, change(4, b), change(5, a)}
	update(t, db, appendChanges(written...))
	view(t, db, func(tx *localdb.Tx) error {
		if got := collect(t, tx.Changes(1)); !reflect.DeepEqual(got, written) {
			t.Errorf("got %+v", got)
		}
		if got := seqsOf(collect(t, tx.Changes(4))); !reflect.DeepEqual(got, []int{4, 5}) {
			t.Errorf("from 4: %v", got)
		}
		if got := seqsOf(collect(t, tx.ChangesOf(a, 1))); !reflect.DeepEqual(got, []int{3, 5}) {
			t.Errorf("of a above 1: %v", got)
		}
		if got := collect(t, tx.ChangedRecords(4)); !reflect.DeepEqual(got, []syncengine.ID{a}) {
			t.Errorf("changed above 4: %v", got)
		}
		if got := collect(t, tx.ChangedRecords(0)); len(got) != 2 {
			t.Errorf("changed: %v", got)
		}
		if n, err := tx.CountChanges(2); n != 3 || err != nil {
			t.Errorf("%d above 2, %v", n, err)
		}
		if c, ok, err := tx.LastChange(); !ok || err != nil || !reflect.DeepEqual(c, written[4]) {
			t.Errorf("last: %+v, %v, %v", c, ok, err)
		}
		if c, ok, err := tx.Change(2); !ok || err != nil || !reflect.DeepEqual(c, written[1]) {
			t.Errorf("2: %+v, %v, %v", c, ok, err)
		}
		_, ok, err := tx.Change(6)
		if ok {
			t.Error("there is a change 6")
		}
		return err
	})
}

func TestChanges_SequenceEndsWhereTheCallerBreaks(t *testing.T) {
	db := open(t)
	update(t, db, appendChanges(change(1, id(1)), change(2, id(1)), change(3, id(1))))
	for range 3 {
		view(t, db, func(tx *localdb.Tx) error {
			for c := range tx.Changes(1) {
				if c.DeviceSeq == 2 {
					break
				}
			}
			return nil
		})
	}
	update(t, db, appendChanges(change(4, id(1))))
}

func TestAppendChange_TakesOnlyWhatFollows(t *testing.T) {
	for _, c := range []struct {
		name  string
		there []int
		next  int
		ok    bool
	}{
		{"first", nil, 1, true},
		{"first after all were cleared", nil, 121, true},
		{"zero", nil, 0, false},
		{"next", []int{1, 2}, 3, true},
		{"again", []int{1, 2}, 2, false},
		{"before", []int{5, 6}, 4, false},
		{"gap", []int{1, 2}, 4, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			for _, seq := range c.there {
				update(t, db, appendChanges(change(seq, id(1))))
			}
			err := db.Update(appendChanges(change(c.next, id(1))))
			if c.ok && err != nil || !c.ok && !errors.Is(err, localdb.ErrOrder) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestClearChanges_DeletesUpToTheMark(t *testing.T) {
	db := open(t)
	update(t, db, appendChanges(change(1, id(1)), change(2, id(1)), change(3, id(1))),
		func(tx *localdb.Tx) error { return tx.ClearChanges(2) })
	view(t, db, func(tx *localdb.Tx) error {
		if got := seqsOf(collect(t, tx.Changes(0))); !reflect.DeepEqual(got, []int{3}) {
			t.Errorf("left: %v", got)
		}
		return nil
	})
}

func TestOutcomes_TheOneJournalledLastCounts(t *testing.T) {
	db := open(t)
	segment := func(first, last syncengine.DeviceSeq, body string) localdb.OutcomeSegment {
		return localdb.OutcomeSegment{First: first, Last: last, Body: []byte(body)}
	}
	update(t, db, func(tx *localdb.Tx) error {
		return errors.Join(tx.AppendOutcomes(segment(1, 500, "a")), tx.AppendOutcomes(segment(501, 700, "b")),
			tx.AppendOutcomes(segment(400, 600, "again")))
	})
	check := func(want map[syncengine.DeviceSeq]string) {
		t.Helper()
		view(t, db, func(tx *localdb.Tx) error {
			for seq, body := range want {
				got, ok, err := tx.OutcomesAt(seq)
				if err != nil || ok != (body != "") || string(got.Body) != body {
					t.Errorf("%d: %s, %v, %v; want %s", seq, got.Body, ok, err, body)
				}
			}
			return nil
		})
	}
	check(map[syncengine.DeviceSeq]string{1: "a", 399: "a", 400: "again", 600: "again", 601: "b", 700: "b", 701: ""})
	view(t, db, func(tx *localdb.Tx) error {
		got := collect(t, tx.Outcomes(550))
		if !reflect.DeepEqual(got, []localdb.OutcomeSegment{segment(501, 700, "b"), segment(400, 600, "again")}) {
			t.Errorf("from 550: %+v", got)
		}
		return nil
	})
	update(t, db, func(tx *localdb.Tx) error { return tx.ClearOutcomes(650) })
	check(map[syncengine.DeviceSeq]string{1: "", 400: "", 501: "b", 601: "b"})
}
