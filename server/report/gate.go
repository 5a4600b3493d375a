package report

import (
	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/domain/smallcells"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// gate says which cells of a report are shown. Every output of every figure goes through one: nothing else makes rows.
//
// Who reads the records of a place anyway is shown parts at any time, with small cells hidden in the one table that is
// pulled. The district, which reads none, is shown parts of frozen months only, and those are hidden once and alike in all
// figures that share counts: between two dates, two watermarks or two figures nothing of a part can be subtracted, since a
// part is published once.
type gate struct {
	// split says that rows are in parts.
	split bool
	// hidden says which cells are not shown, by the places of the report's layout.
	hidden func(place, class int) bool
}

// open is the answer of a gate that hides nothing.
func open(int, int) bool { return false }

// tableOf gives the shape of a layout for smallcells.
func tableOf(l *layout, classes int) *smallcells.Table {
	t := &smallcells.Table{Classes: classes}
	for i := range l.places {
		t.Parent = append(t.Parent, l.places[i].parent)
		t.Rank = append(t.Rank, l.places[i].rank())
	}
	return t
}

// countsOf adds a figure's numerators and denominators to a table; those of parts that do not add up, part by part.
func countsOf(t *smallcells.Table, s *sums, split metrics.Split) {
	if !split.Additive() {
		for c := range s.classes {
			num, den := make([]int64, len(t.Parent)), make([]int64, len(t.Parent))
			for i := range t.Parent {
				num[i], den[i] = s.cells[i*s.classes+c].Num, s.cells[i*s.classes+c].Den
			}
			t.Counts = append(t.Counts, num, den)
		}
		return
	}
	num, den := make([]int64, len(s.cells)), make([]int64, len(s.cells))
	for i, sum := range s.cells {
		num[i], den[i] = sum.Num, sum.Den
	}
	t.Counts = append(t.Counts, num, den)
}

// classesOf is in how many parts a table of a split is.
func classesOf(split metrics.Split) int {
	if !split.Additive() {
		return 0 // Each measure is a table of its own.
	}
	return split.Classes()
}

// pulled is the gate of one table that is shown to somebody who reads the records themselves.
func pulled(l *layout, s *sums, f *metrics.Figure) gate {
	t := tableOf(l, classesOf(f.Split))
	countsOf(t, s, f.Split)
	mask := smallcells.Hide(t)
	if !f.Split.Additive() {
		return gate{split: true, hidden: func(place, _ int) bool { return mask.Hidden(place, smallcells.All) }}
	}
	return gate{split: f.Split.Classes() > 0, hidden: mask.Hidden}
}

// published is what is hidden of a frozen month in one split, for the whole realm.
type published struct {
	revision uint64
	layout   *layout
	mask     *smallcells.Mask
	places   map[placeKey]int
}

type placeKey struct {
	id    syncengine.ID
	apart bool
}

// publish works out what is hidden of a frozen month, in all figures of a split at once.
func (z *frozen) publish(r store.Reader, tree *identity.Tree, root identity.Territory, split metrics.Split) (*published, error) {
	l, err := newLayout(tree, root, domain.Community)
	if err != nil {
		return nil, err
	}
	t := tableOf(l, split.Classes())
	for _, f := range metrics.Figures() {
		if f.Split != split {
			continue
		}
		s, err := z.sums(r, f, tree, l)
		if err != nil {
			return nil, err
		}
		countsOf(t, s, split)
	}
	out := &published{revision: tree.Revision(), layout: l, mask: smallcells.Hide(t), places: map[placeKey]int{}}
	for i := range l.places {
		out.places[placeKey{l.places[i].id, l.places[i].apart}] = i
	}
	return out, nil
}

// gateFor gives the gate of a layout that lies in the realm's.
func (p *published) gateFor(l *layout) gate {
	return gate{split: true, hidden: func(place, class int) bool {
		at := &l.places[place]
		n, ok := p.places[placeKey{at.id, at.apart}]
		if !ok { // What stands apart in a row of the realm's layout is that row.
			n, ok = p.places[placeKey{at.id, false}]
		}
		return !ok || p.mask.Hidden(n, class)
	}}
}
