package report

import (
	"fmt"

	"onedoor/domain"
	"onedoor/domain/smallcells"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// layout is how a report is laid out: the asked territory, the territories below it down to a level, and in each that
// holds others a place for what stands in it and in none of them.
type layout struct {
	places []place
	// leaf finds the place where a territory's units are counted.
	leaf map[syncengine.ID]int
	// placeOf finds the place that a territory is, or lies in.
	placeOf map[syncengine.ID]int
	by      domain.Level
	// all says that everything stands in the one place, wherever it is.
	all bool
}

// place is one territory of a layout.
type place struct {
	id    syncengine.ID
	code  string
	name  string
	level domain.Level
	// parent is the place above; -1 for the asked territory.
	parent int
	// apart says that it holds what stands in its parent itself and in none of the territories below it.
	apart bool
	// row says that it is a row of the report: a place of the asked level, or one that stands apart.
	row bool
}

// apartName names a place that holds what its territory holds by itself.
const apartName = "（本级）"

// newLayout lays out a territory down to a level. Territories whose codes are withdrawn stay: what happened in them counts.
func newLayout(tree *identity.Tree, root identity.Territory, by domain.Level) (*layout, error) {
	l := &layout{leaf: map[syncengine.ID]int{}, placeOf: map[syncengine.ID]int{}, by: by}
	at := l.placeOf
	for _, id := range tree.Below(root.ID) {
		t, _ := tree.ByID(id)
		level, known := domain.ParseLevel(t.Level)
		if !known {
			return nil, fmt.Errorf("territory %s: level %q is not known", t.Code, t.Level)
		}
		parent, ok := at[t.Parent]
		if !ok {
			parent = -1
		}
		if id != root.ID && level > by {
			at[id] = at[t.Parent] // What lies below a row counts in it.
			continue
		}
		at[id] = len(l.places)
		l.places = append(l.places, place{id: id, code: t.Code, name: t.Name, level: level, parent: parent, row: level == by || id == root.ID && level > by})
		l.addApart(at[id], by)
	}
	for id, n := range at {
		l.leaf[id] = l.leafOfPlace(n)
	}
	return l, nil
}

// addApart adds the place for what stands in a territory itself, where the report is split more finely.
func (l *layout) addApart(n int, by domain.Level) {
	p := l.places[n]
	if p.row {
		return
	}
	l.places = append(l.places, place{id: p.id, code: p.code, name: p.name + apartName, level: p.level, parent: n, apart: true, row: true})
}

// leafOfPlace gives the place in which the units of a territory are counted: itself where it is a row, else the one apart,
// which follows it.
func (l *layout) leafOfPlace(n int) int {
	if l.places[n].row {
		return n
	}
	return n + 1
}

// leafOf gives the place where the units of a territory are counted; false for one outside of the layout.
func (l *layout) leafOf(territory syncengine.ID) (int, bool) {
	if l.all {
		return 0, true
	}
	n, ok := l.leaf[territory]
	return n, ok
}

// leavesOf is leafOf for many territories; -1 for one outside of the layout.
func (l *layout) leavesOf(territories []syncengine.ID) []int32 {
	out := make([]int32, len(territories))
	for i, id := range territories {
		out[i] = -1
		if n, ok := l.leafOf(id); ok {
			out[i] = int32(n)
		}
	}
	return out
}

// within reports that a place is, or lies in, another.
func (l *layout) within(n, outer int) bool {
	for ; n >= 0; n = l.places[n].parent {
		if n == outer {
			return true
		}
	}
	return false
}

// rank says how fine a place is. What stands apart in a community is no finer than its grids, so it counts as one.
func (p *place) rank() smallcells.Rank {
	switch {
	case p.level > domain.Community || p.level == domain.Community && p.apart:
		return smallcells.Below
	case p.level == domain.Community || p.apart:
		return smallcells.Community
	}
	return smallcells.Above
}

// total sums a part over all places within one.
func (l *layout) total(s *sums, outer int, class int) (n int64, d int64) {
	from, to := class, class+1
	if class == smallcells.All {
		from, to = 0, s.classes
	}
	for i := range l.places {
		if !l.within(i, outer) {
			continue
		}
		for c := from; c < to; c++ {
			n, d = n+s.cells[i*s.classes+c].Num, d+s.cells[i*s.classes+c].Den
		}
	}
	return n, d
}
