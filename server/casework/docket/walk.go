package docket

import (
	"container/heap"

	"github.com/tidwall/btree"
)

// Look is what somebody looks for.
type Look struct {
	// Shelves are where to look; a case that lies on several of them is met once.
	Shelves []Shelf
	// Takes says which rows of a shelf fit; nil for all.
	Takes func(Shelf, Facet) bool
	// After is the place after which to begin; the zero place for the beginning.
	After Place
}

// Walk calls f for the cases that are looked for, in order, until f returns false. It tells how many places it has touched: the
// cases that f was given, those met twice, and one a row.
func (d *Docket) Walk(look Look, f func(Place, Facet) bool) (touched int) {
	m := d.merge(look)
	touched = len(m)
	last := look.After
	for len(m) > 0 {
		at, facet := m[0].at, m[0].facet
		if m[0].next() {
			heap.Fix(&m, 0)
		} else {
			heap.Pop(&m)
		}
		touched++
		if at == last {
			continue
		}
		last = at
		if !f(at, facet) {
			break
		}
	}
	return touched
}

// merge stands at the first place of every row that fits.
func (d *Docket) merge(look Look) (m merge) {
	for _, name := range look.Shelves {
		for facet, row := range d.shelves[name] {
			if look.Takes != nil && !look.Takes(name, facet) {
				continue
			}
			c := &cursor{facet: facet, row: row.Iter()}
			if c.seek(look.After) {
				m = append(m, c)
			}
		}
	}
	heap.Init(&m)
	return m
}

// cursor stands at a place of a row.
type cursor struct {
	at    Place
	facet Facet
	row   btree.IterG[Place]
}

// seek goes to the first place after one; false where there is none.
func (c *cursor) seek(after Place) bool {
	if !c.row.Seek(after) {
		return false
	}
	c.at = c.row.Item()
	return c.at != after || c.next()
}

func (c *cursor) next() bool {
	if !c.row.Next() {
		return false
	}
	c.at = c.row.Item()
	return true
}

// merge is a heap of cursors, the one that stands first on top.
type merge []*cursor

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return m[i].at.Compare(m[j].at) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push adds a cursor, as [heap.Interface] asks.
func (m *merge) Push(c any) { *m = append(*m, c.(*cursor)) }

// Pop takes the last one.
func (m *merge) Pop() any {
	last := len(*m) - 1
	c := (*m)[last]
	*m = (*m)[:last]
	return c
}
