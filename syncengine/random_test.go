package syncengine_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// policies are all that a field may have.
var policies = []syncengine.PolicyKind{
	syncengine.Latest, syncengine.Greatest, syncengine.Least, syncengine.Ranked,
	syncengine.First, syncengine.States, syncengine.Review,
}

// randomWorld drives a realm with drawn steps.
type randomWorld struct {
	*realm
	t *rapid.T
}

// newRandomWorld has four phones: of a helper who may not read contacts, two
// workers and an officer. One of them has made the record and half know it.
func newRandomWorld(t *rapid.T) *randomWorld {
	w := &randomWorld{realm: newRealm(rapid.SampledFrom(policies).Draw(t, "policy")), t: t}
	for i := range 4 {
		w.addPhone(fmt.Sprint("phone", i)).rank = syncengine.Rank([]int{1, 2, 2, 4}[i])
	}
	w.phones[0].blind = []syncengine.FieldNumber{fieldContact}
	w.dress(w.phones[1].create(w.drawCells()...))
	w.phones[1].pushAll()
	for _, p := range w.phones[:3] {
		p.pull()
	}
	return w
}

func (w *randomWorld) phone() *phone { return rapid.SampledFrom(w.phones).Draw(w.t, "phone") }

// drawCells draws what an edit writes: values from so few letters that equal ones are common.
func (w *randomWorld) drawCells() []syncengine.CellWrite {
	addresses := []syncengine.CellKey{testedKey, contactKey, {Field: fieldSet, Key: "x"}, {Field: fieldMap, Key: "x"}}
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom(addresses), 1, 2, rapid.ID).Draw(w.t, "cells")
	slices.SortFunc(keys, syncengine.CellKey.Compare)
	var out []syncengine.CellWrite
	for _, key := range keys {
		out = append(out, w.drawWrite(key))
	}
	return out
}

func (w *randomWorld) drawWrite(key syncengine.CellKey) syncengine.CellWrite {
	value := rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(w.t, "value")
	if key.Field == fieldSet && value != "" {
		value = key.Key
	}
	return syncengine.CellWrite{Key: key, Data: []byte(value), Cleared: value == ""}
}

// dress gives a change its stamp; the device's clock runs as it likes.
func (w *randomWorld) dress(changes ...*change) {
	for _, c := range changes {
		c.stamp = syncengine.UnixMilli(rapid.IntRange(1, 6).Draw(w.t, "stamp"))
		c.suspect = rapid.IntRange(0, 4).Draw(w.t, "suspect") == 0
	}
}

// steps are what may happen to phones and server while nobody restores a backup.
func (w *randomWorld) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"edit": func(t *rapid.T) {
			if p := w.phone(); p.base.record != nil || len(p.own) > 0 {
				w.dress(p.change(w.drawCells()...)...)
			}
		},
		"resolve": func(t *rapid.T) {
			p := w.phone()
			if p.base.record == nil {
				return
			}
			for _, c := range p.change(w.drawCells()...) {
				w.dress(c)
				c.resolves = []syncengine.CellKey{c.cells[0].Key}
			}
		},
		"create": func(t *rapid.T) {
			if p := w.phone(); p.base.record == nil && len(p.own) == 0 {
				w.dress(p.create(w.drawCells()...))
			}
		},
		"delete or restore": func(t *rapid.T) {
			if p := w.phone(); p.base.record != nil {
				w.dress(p.change(syncengine.LifeWrite(rapid.Bool().Draw(t, "dead")))...)
			}
		},
		"push": func(t *rapid.T) {
			if p := w.phone(); len(p.outbox()) > 0 {
				p.push()
			}
		},
		"pull": func(t *rapid.T) { w.phone().pull() },
	}
}

// withQuarantine adds the steps by which changes are held back and released,
// and those by which a database is copied.
func (w *randomWorld) withQuarantine(steps map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	steps["push held back"] = func(t *rapid.T) {
		if p := w.phone(); len(p.outbox()) > 0 && !p.outbox()[0].create {
			p.outbox()[0].holdBack = true
			p.push()
		}
	}
	steps["release"] = func(t *rapid.T) {
		p := w.phone()
		if i := slices.IndexFunc(p.own, func(c *change) bool { return c.state == quarantined }); i >= 0 {
			w.release(p.own[i])
		}
	}
	steps["copy"] = func(t *rapid.T) {
		if p := w.phone(); len(p.outbox()) == 0 && len(w.phones) < 6 {
			w.copyPhone(p, p.name+"'")
		}
	}
	return steps
}

// assertCells compares every cell of the record with what the model works out.
func (w *randomWorld) assertCells(t *rapid.T) {
	changes := w.accepted()
	for _, key := range keys(changes) {
		cell, ok := w.record().Find(key)
		if !ok {
			t.Fatalf("cell %v is missing", key)
		}
		var want, got []syncengine.Dot
		for _, c := range maximal(w.kind, changes, key) {
			want = append(want, c.dot())
		}
		for _, v := range cell.Values {
			got = append(got, v.Write.Dot)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("cell %v holds %v, want %v", key, names(w.realm, got), names(w.realm, want))
		}
	}
}

// assertNothingLost is I3: every accepted value is shown, in its cell's set,
// kept, or covered by a write whose author was shown it.
func (w *randomWorld) assertNothingLost(t *rapid.T) {
	changes := w.accepted()
	for _, v := range changes {
		for _, cw := range v.cells {
			cell, ok := w.record().Find(cw.Key)
			if !ok || !listed(cell, v) && !answered(changes, v, cw.Key) {
				t.Fatalf("I3: %s's change %d of cell %v is silently lost", v.phone.name, v.seq, cw.Key)
			}
		}
	}
}

// answered reports whether somebody who was shown v has written over it or
// closed the conflict in which it was listed.
func answered(changes []*change, v *change, key syncengine.CellKey) bool {
	return slices.ContainsFunc(changes, func(o *change) bool {
		if o.writes(key) && o.past(key)[v] && o.wasShown(v, key) {
			return true
		}
		return o.resolvesCell(key) && o.reads(key) && o.base.record != nil && keptIn(o.base.record, key, v)
	})
}

func keptIn(rec *syncengine.Record, key syncengine.CellKey, v *change) bool {
	cell, ok := rec.Find(key)
	return ok && isKept(cell, v)
}

// assertConflicts compares what is open with the model.
func (w *randomWorld) assertConflicts(t *rapid.T) {
	want := w.trueConflicts()
	for key, got := range w.conflicts() {
		if got == syncengine.KeptOpen {
			cell, _ := w.record().Find(key)
			if want[key] == syncengine.NoConflict && len(cell.Kept) > 0 {
				continue
			}
		}
		if got != want[key] {
			t.Fatalf("cell %v: conflict %d, want %d", key, got, want[key])
		}
		delete(want, key)
	}
	for key, kind := range want {
		t.Fatalf("cell %v: conflict %d is not listed", key, kind)
	}
}

func names(r *realm, dots []syncengine.Dot) (out []string) {
	for _, d := range dots {
		for _, p := range r.phones {
			if p.id == d.Incarnation {
				out = append(out, fmt.Sprintf("%s/%d", p.name, d.Seq))
			}
		}
	}
	return out
}

func TestMerge_EveryRandomHistoryAgreesWithTrueCausality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newRandomWorld(t)
		steps := w.steps()
		steps[""] = func(t *rapid.T) {
			w.assertCells(t)
			w.assertNothingLost(t)
			w.assertConflicts(t)
		}
		t.Repeat(steps)
	})
}

func TestMerge_RandomHistoriesWithReleasesAndCopiesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newRandomWorld(t)
		steps := w.withQuarantine(w.steps())
		steps[""] = func(t *rapid.T) {
			w.assertCells(t)
			w.assertNothingLost(t)
			w.assertConflicts(t)
		}
		t.Repeat(steps)
	})
}
