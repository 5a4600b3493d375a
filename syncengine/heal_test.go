package syncengine_test

import (
	"fmt"
	"slices"
	"testing"

	"onedoor/syncengine"
)

// healing is a log that was restored twice from the same backup, with what three
// phones bring back: each wrote over what the one before had written, every time in
// an epoch in which the third was not there.
type healing struct {
	world syncengine.World
	kind  *syncengine.Kind
	// supplied are the changes by their letters.
	supplied map[byte]syncengine.Incoming
}

const healedField syncengine.FieldNumber = 5

// newHealing has a write in the first epoch; b, who saw a there, has its place from the
// second; and c, who saw b in the second, where a was not back yet.
func newHealing() *healing {
	at := func(epoch syncengine.Epoch, seq syncengine.Seq) syncengine.Coordinate {
		return syncengine.Coordinate{Epoch: epoch, Seq: seq}
	}
	change := func(letter byte, base, first syncengine.Coordinate) syncengine.Incoming {
		return syncengine.Incoming{
			Dot: syncengine.Dot{Incarnation: syncengine.ID{letter}, Seq: 1}, Base: base, First: first, Stamp: syncengine.UnixMilli(200 - syncengine.UnixMilli(letter)),
			Cells: []syncengine.CellWrite{{Key: syncengine.CellKey{Field: healedField}, Data: []byte{letter}}},
		}
	}
	return &healing{
		world: syncengine.World{History: syncengine.History{Epoch: 3, Forks: []syncengine.Fork{{Epoch: 2, At: 15, Parent: 1}, {Epoch: 3, At: 15, Parent: 1}}}},
		kind:  &syncengine.Kind{Number: 1, Fields: map[syncengine.FieldNumber]*syncengine.Field{healedField: {Number: healedField, Class: 1}}},
		supplied: map[byte]syncengine.Incoming{
			'a': change('a', at(1, 10), at(1, 35)), 'b': change('b', at(1, 40), at(2, 18)), 'c': change('c', at(2, 19), syncengine.Coordinate{}),
		},
	}
}

// record gives the record of the backup with what phones bring back in an order.
func (h *healing) record(order string) *syncengine.Record {
	made := syncengine.Incoming{Dot: syncengine.Dot{Incarnation: syncengine.ID{'z'}, Seq: 1}, Create: true, At: syncengine.Coordinate{Epoch: 1, Seq: 10}, Cells: []syncengine.CellWrite{syncengine.LifeWrite(false)}}
	rec := h.world.Merge(h.kind, nil, syncengine.ID{1}, &made).Record
	for i := range order {
		in := h.supplied[order[i]]
		in.At = syncengine.Coordinate{Epoch: 3, Seq: syncengine.Seq(16 + i)}
		rec = h.world.Merge(h.kind, rec, rec.ID, &in).Record
	}
	return rec
}

func TestMerge_WhatALateChangeHadSeenIsCoveredInEveryOrderOfComingBack(t *testing.T) {
	for _, order := range []string{"abc", "acb", "bac", "bca", "cab", "cba"} {
		cell, _ := newHealing().record(order).Find(syncengine.CellKey{Field: healedField})
		var set, kept []string
		for _, v := range cell.Values {
			set = append(set, string(v.Data))
		}
		for _, k := range cell.Kept {
			kept = append(kept, string(k.Value.Data))
		}
		slices.Sort(kept)
		if fmt.Sprint(set, kept) != "[c] [a b]" {
			t.Errorf("in the order %s the cell holds %v and keeps %v, want c with a and b beside it", order, set, kept)
		}
	}
}

// A deletion takes over what the life that it ends was written in sight of, and no
// more: an edit that comes back later is open unless somebody had it before them.
func TestMerge_ADeletionTakesOverWhatTheLifeBeforeItHadReadAndNoMore(t *testing.T) {
	at := func(epoch syncengine.Epoch, seq syncengine.Seq) syncengine.Coordinate {
		return syncengine.Coordinate{Epoch: epoch, Seq: seq}
	}
	dot := func(letter byte) syncengine.Dot { return syncengine.Dot{Incarnation: syncengine.ID{letter}, Seq: 1} }
	life := func(dead bool) []syncengine.CellWrite { return []syncengine.CellWrite{syncengine.LifeWrite(dead)} }
	blind := func(n syncengine.FieldNumber) bool { return n == healedField }
	key := syncengine.CellKey{Field: healedField}
	for _, before := range []struct {
		name       string
		dead       bool
		unreadable func(syncengine.FieldNumber) bool
		want       syncengine.ConflictKind
	}{
		{"a deletion by who read the edit", true, nil, syncengine.NoConflict},
		{"a deletion by who could not read it", true, blind, syncengine.DeleteEdit},
		{"a restoring by who read the edit", false, nil, syncengine.NoConflict},
		{"a restoring by who could not read it", false, blind, syncengine.DeleteEdit},
	} {
		t.Run(before.name, func(t *testing.T) {
			h := newHealing()
			h.world.History = syncengine.History{Epoch: 2, Forks: []syncengine.Fork{{Epoch: 2, At: 10, Parent: 1}}}
			rec := h.record("")
			for _, in := range []syncengine.Incoming{
				{Dot: dot('b'), Base: at(1, 17), First: at(1, 18), At: at(2, 11), Cells: life(before.dead), Unreadable: before.unreadable},
				{Dot: dot('c'), Base: at(2, 11), At: at(2, 12), Cells: life(true)},
				{Dot: dot('d'), Base: at(2, 12), At: at(2, 13), Cells: life(true)},
				{Dot: dot('a'), Base: at(1, 10), First: at(1, 15), At: at(2, 14), Cells: []syncengine.CellWrite{{Key: key, Data: []byte("a")}}},
			} {
				rec = h.world.Merge(h.kind, rec, rec.ID, &in).Record
			}
			cell, _ := rec.Find(key)
			if got := h.world.ConflictAt(h.kind, rec, cell); got != before.want {
				t.Errorf("open is %v, want %v", got, before.want)
			}
		})
	}
}

// A deletion by who had b's deletion before them, and not the restoring after it, knows what b knew in either order of
// coming back, however the restoring let b's deletion go. Of the second epoch, in which b and c wrote, the log that was put
// back knows nothing.
func TestMerge_ADeletionTakesOverWhatALifeThatHasLeftHadReadInEitherOrder(t *testing.T) {
	at := func(epoch syncengine.Epoch, seq syncengine.Seq) syncengine.Coordinate {
		return syncengine.Coordinate{Epoch: epoch, Seq: seq}
	}
	life := func(by byte, n syncengine.DeviceSeq, base, first syncengine.Coordinate, dead bool) syncengine.Incoming {
		return syncengine.Incoming{
			Dot: syncengine.Dot{Incarnation: syncengine.ID{by}, Seq: n}, Base: base, First: first, Cells: []syncengine.CellWrite{syncengine.LifeWrite(dead)},
		}
	}
	deletion, after := life('b', 1, at(1, 11), at(2, 12), true), life('c', 1, at(2, 20), syncengine.Coordinate{}, true)
	key := syncengine.CellKey{Field: healedField}
	resolving := life('b', 2, at(2, 13), at(2, 30), false)
	resolving.Resolves = []syncengine.ConflictID{syncengine.ConflictIDOf(newHealing().record("").ID, syncengine.CellKey{Field: syncengine.LifeField})}
	for how, restoring := range map[string]syncengine.Incoming{
		"unseen":                     life('b', 2, at(2, 13), at(2, 30), false),
		"naming it":                  resolving,
		"who has it on the screen":   life('b', 2, at(1, 11), at(2, 30), false),
		"of who saw it in the third": life('d', 1, at(3, 12), syncengine.Coordinate{}, false),
	} {
		for name, order := range map[string][]syncengine.Incoming{
			"the restoring first": {deletion, restoring, after}, "the restoring last": {deletion, after, restoring},
		} {
			t.Run(how+", "+name, func(t *testing.T) {
				h := newHealing()
				h.world.History = syncengine.History{Epoch: 3, Forks: []syncengine.Fork{{Epoch: 3, At: 11, Parent: 1}}}
				edit := syncengine.Incoming{
					Dot: syncengine.Dot{Incarnation: syncengine.ID{'z'}, Seq: 2}, Base: at(1, 10), At: at(1, 11), Cells: []syncengine.CellWrite{{Key: key, Data: []byte("a")}},
				}
				rec := h.record("")
				for i, in := range append([]syncengine.Incoming{edit}, order...) {
					if i > 0 {
						in.At = at(3, syncengine.Seq(11+i))
					}
					rec = h.world.Merge(h.kind, rec, rec.ID, &in).Record
				}
				cell, _ := rec.Find(key)
				if got := h.world.ConflictAt(h.kind, rec, cell); got != syncengine.NoConflict {
					t.Errorf("open is %v: who deleted last knew of the first deletion, whose author had read the edit", got)
				}
			})
		}
	}
}

// Without a restore a cell remembers nothing: who saw a write saw what was under it.
func TestMerge_ALifeThatLeavesIsRememberedOnlyWhereItsPlaceDoesNotSayWhatItsAuthorHadSeen(t *testing.T) {
	h := newHealing()
	rec := h.record("")
	for i, dead := range []bool{true, false, true} {
		seq := rec.Seq
		in := syncengine.Incoming{
			Dot: syncengine.Dot{Incarnation: syncengine.ID{'b'}, Seq: syncengine.DeviceSeq(i + 1)}, Base: syncengine.Coordinate{Epoch: 1, Seq: seq},
			At: syncengine.Coordinate{Epoch: 1, Seq: seq + 1}, Cells: []syncengine.CellWrite{syncengine.LifeWrite(dead)},
		}
		rec = h.world.Merge(h.kind, rec, rec.ID, &in).Record
	}
	if n := len(rec.Cells[0].Past); n != 0 {
		t.Errorf("the life remembers %d writes", n)
	}
}

// A log that was put back knows nothing of the second epoch, in which c saw the edit and deleted the record: a conflict, which
// phones are told of. A restore then tells the log of that epoch. What phones hold stays as they were told it until the record
// is written again.
func TestConflictAt_WhatALogIsToldOfAnEpochLaterDecidesWithTheNextEntryOfTheRecord(t *testing.T) {
	at := func(epoch syncengine.Epoch, seq syncengine.Seq) syncengine.Coordinate {
		return syncengine.Coordinate{Epoch: epoch, Seq: seq}
	}
	key := syncengine.CellKey{Field: healedField}
	h := newHealing()
	third := syncengine.Fork{Epoch: 3, At: 11, Parent: 1}
	h.world.History = syncengine.History{Epoch: 3, Forks: []syncengine.Fork{third}}
	rec := h.record("")
	merge := func(in syncengine.Incoming) { rec = h.world.Merge(h.kind, rec, rec.ID, &in).Record }
	open := func(want syncengine.ConflictKind, when string) {
		t.Helper()
		cell, _ := rec.Find(key)
		if got := h.world.ConflictAt(h.kind, rec, cell); got != want {
			t.Errorf("%s open is %v, want %v", when, got, want)
		}
	}
	edit, c := []syncengine.CellWrite{{Key: key, Data: []byte("a")}}, syncengine.ID{'c'}
	merge(syncengine.Incoming{Dot: syncengine.Dot{Incarnation: syncengine.ID{'z'}, Seq: 2}, Base: at(1, 10), At: at(1, 11), Cells: edit})
	merge(syncengine.Incoming{Dot: syncengine.Dot{Incarnation: c, Seq: 1}, Base: at(2, 14), At: at(3, 12), Cells: []syncengine.CellWrite{syncengine.LifeWrite(true)}})
	open(syncengine.DeleteEdit, "in a log that does not know the epoch")
	h.world.History = syncengine.History{Epoch: 4, Forks: []syncengine.Fork{{Epoch: 2, At: 11, Parent: 1, Learned: 4}, third, {Epoch: 4, At: 12, Parent: 3}}}
	open(syncengine.DeleteEdit, "once it is told of the epoch")
	other := []syncengine.CellWrite{{Key: syncengine.CellKey{Field: healedField + 1}, Data: []byte("b")}}
	h.kind.Fields[healedField+1] = &syncengine.Field{Number: healedField + 1, Class: 1}
	merge(syncengine.Incoming{Dot: syncengine.Dot{Incarnation: c, Seq: 2}, Base: at(4, 12), At: at(4, 13), Cells: other})
	open(syncengine.NoConflict, "after the next entry")
}
