package syncengine_test

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/syncengine"
)

// fataler is what the assertions need of a test.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// assertSets compares the set of every cell with what the model works out.
func (r *realm) assertSets(t fataler) {
	t.Helper()
	changes := r.accepted()
	for _, key := range keys(changes) {
		var want, got []string
		for _, c := range maximal(r.kind, changes, key) {
			want = append(want, c.name())
		}
		if cell, ok := r.record().Find(key); ok {
			got = r.valueNames(cell)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("cell %v holds %v, want %v", key, got, want)
		}
	}
}

// assertNothingLost is I3: every accepted value is shown, in its cell's set,
// kept, or covered by a write whose author was shown it.
func (r *realm) assertNothingLost(t fataler) {
	t.Helper()
	changes := r.accepted()
	for _, v := range changes {
		for _, cw := range v.cells {
			cell, ok := r.record().Find(cw.Key)
			if !ok || !listed(cell, v) && !answered(changes, v, cw.Key) {
				t.Fatalf("I3: %s of cell %v is silently lost", v.name(), cw.Key)
			}
		}
	}
}

// answered reports whether somebody who was shown v has written over it or
// closed the conflict in which it was listed.
func answered(changes []*change, v *change, key syncengine.CellKey) bool {
	return slices.ContainsFunc(changes, func(o *change) bool {
		return o.writes(key) && o.past(key)[v] && o.wasShown(v, key) || o.closes(v, key)
	})
}

// closes reports whether c names the conflict in which v was listed as kept.
func (c *change) closes(v *change, key syncengine.CellKey) bool {
	if !c.resolvesCell(key) || !c.reads(key) || c.base.record == nil {
		return false
	}
	cell, ok := c.base.record.Find(key)
	return ok && isKept(cell, v)
}

// assertKept compares what every cell keeps with the model: what is covered,
// but by nobody who was shown it.
func (r *realm) assertKept(t fataler) {
	t.Helper()
	changes := r.accepted()
	for _, key := range keys(changes) {
		var want []string
		for _, v := range changes {
			if v.writes(key) && covered(changes, v, key) && !answered(changes, v, key) {
				want = append(want, v.name())
			}
		}
		slices.Sort(want)
		if cell, ok := r.record().Find(key); ok && !slices.Equal(r.keptNames(cell), want) {
			t.Fatalf("cell %v keeps %v, want %v", key, r.keptNames(cell), want)
		}
	}
}

func covered(changes []*change, v *change, key syncengine.CellKey) bool {
	return slices.ContainsFunc(changes, func(o *change) bool { return o.writes(key) && o.past(key)[v] })
}

// assertConflicts compares what is open with the model.
func (r *realm) assertConflicts(t fataler) {
	t.Helper()
	want := r.trueConflicts()
	for i := range r.record().Cells {
		c := &r.record().Cells[i]
		if want[c.Key] == syncengine.NoConflict && len(c.Kept) > 0 {
			want[c.Key] = syncengine.KeptOpen
		}
	}
	if got := r.conflicts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("open are %v, want %v", got, want)
	}
}

func (c *change) name() string { return fmt.Sprintf("%s/%d", c.phone.name, c.seq) }

func (r *realm) dotName(d syncengine.Dot) string {
	i := slices.IndexFunc(r.phones, func(p *phone) bool { return p.id == d.Incarnation })
	return fmt.Sprintf("%s/%d", r.phones[i].name, d.Seq)
}

func (r *realm) valueNames(c *syncengine.Cell) (out []string) {
	for _, v := range c.Values {
		out = append(out, r.dotName(v.Write.Dot))
	}
	return out
}

// keptNames are sorted: the order of arrival is no part of a cell's meaning.
func (r *realm) keptNames(c *syncengine.Cell) (out []string) {
	for _, k := range c.Kept {
		out = append(out, r.dotName(k.Value.Write.Dot))
	}
	slices.Sort(out)
	return out
}

// reading is what a realm holds, coordinates aside.
type reading struct {
	sets, kept, conflicts string
	digest                syncengine.Sums
}

func (r *realm) reading() reading { return r.readingOf(r.record()) }

func (r *realm) readingOf(rec *syncengine.Record) reading {
	var sets, kept strings.Builder
	for i := range rec.Cells {
		c := &rec.Cells[i]
		fmt.Fprintln(&sets, c.Key, r.valueNames(c))
		fmt.Fprintln(&kept, c.Key, r.keptNames(c))
	}
	return reading{sets: sets.String(), kept: kept.String(), conflicts: fmt.Sprint(r.conflictsOf(rec)), digest: r.kind.Digest(rec)}
}

// wasHiddenAndShownAgain reports a value that was shown, then not, then again.
// Only the last interval is remembered, so what was shown in the first counts
// as unknown: such a realm may keep more than it must, never less.
func (r *realm) wasHiddenAndShownAgain() bool {
	hidden := map[string]bool{}
	for _, rec := range r.states {
		if rec == nil {
			continue
		}
		for i := range rec.Cells {
			for _, v := range rec.Cells[i].Values {
				name := fmt.Sprint(rec.Cells[i].Key, r.dotName(v.Write.Dot))
				if v.ShownFrom != 0 && v.ShownUntil == 0 && hidden[name] {
					return true
				}
				hidden[name] = hidden[name] || v.ShownUntil != 0
			}
		}
	}
	return false
}
