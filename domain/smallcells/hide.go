// Package smallcells decides which numbers of a table by territory and part may not be shown, so that no small count finer
// than a community can be read, or worked out from the totals that are shown beside it.
//
// A table has places in a tree and, in each of them, parts. Every place and part is a cell, and so are a place's sum over
// its parts and a place's sums over the places in it: a published table is all of them at once. A cell finer than a
// community, or a part of a community, that holds 1 to 4 is hidden, and with it other cells, so that there is always
// another table with the same published numbers in which the hidden cell holds something else. Hide names such a table
// for every small cell: one unit moved, or two units that change places. Hiding more never takes such a table away, so
// the cells hidden for different counts are hidden together.
//
// It knows no figure, no period and nobody who asks. What is shown at several times or for overlapping periods is more
// than one table: the caller publishes a table with parts once.
//
// Read this file, then alternative.go.
package smallcells

// Least is the least count that a fine cell may show, but for 0, which tells of nobody.
const Least = 5

// Rank says how fine a place is.
type Rank int8

// The ranks.
const (
	// Above a community: a street or the district.
	Above Rank = iota
	// Community: its parts are fine, its sum is not.
	Community
	// Below a community: all of it is fine.
	Below
)

// All stands for the sum of the parts of a place.
const All = -1

// Table is what is to be published.
type Table struct {
	// Parent gives the place above each place; -1 for the root. It stands before the places in it.
	Parent []int
	// Rank says how fine each place is.
	Rank []Rank
	// Classes is in how many parts each place is split; 0 for none.
	Classes int
	// Counts are the numbers that the table holds, such as a numerator and a denominator: each gives for every place that has
	// none in it, and every part, a count, at place*max(Classes, 1)+part.
	Counts [][]int64
}

// Mask says which cells are hidden.
type Mask struct {
	classes int
	hidden  []bool
}

// Hidden reports that a part of a place, or [All] of it, is not shown.
func (m *Mask) Hidden(place, class int) bool { return m.hidden[m.cell(place, class)] }

// Any reports that anything is hidden.
func (m *Mask) Any() bool {
	for _, h := range m.hidden {
		if h {
			return true
		}
	}
	return false
}

func (m *Mask) cell(place, class int) int {
	if class == All {
		class = m.classes
	}
	return place*(m.classes+1) + class
}

// Join hides what the other mask of a table of the same shape hides.
func (m *Mask) Join(o *Mask) {
	for i, h := range o.hidden {
		m.hidden[i] = m.hidden[i] || h
	}
}

// fine reports that a cell is one of those that may not show a small count.
func (t *Table) fine(place, class int) bool {
	return t.Rank[place] == Below || t.Rank[place] == Community && class != All
}

// small reports a count that a fine cell may not show.
func small(n int64) bool { return n > 0 && n < Least }

// hiding is one run of Hide.
type hiding struct {
	*Table
	mask *Mask
	// leaf says that a place has none in it; above lists a place and all above it.
	leaf  []bool
	above [][]int
	// sums are one count's cells, of every place.
	sums []int64
	// search is room that is used again.
	search search
}

// Hide says what is not to be shown of a table.
func Hide(t *Table) *Mask {
	h := &hiding{Table: t, mask: &Mask{classes: t.Classes, hidden: make([]bool, len(t.Parent)*(t.Classes+1))}}
	h.leaf = make([]bool, len(t.Parent))
	h.above = make([][]int, len(t.Parent))
	for place, parent := range t.Parent {
		h.leaf[place] = true
		h.above[place] = []int{place}
		if parent >= 0 {
			h.leaf[parent] = false
			h.above[place] = append(h.above[place], h.above[parent]...)
		}
	}
	for _, count := range t.Counts {
		h.sums = h.sumUp(count)
		h.protectAll()
	}
	return h.mask
}

// parts is in how many parts a place is counted.
func (t *Table) parts() int { return max(t.Classes, 1) }

// part gives the number of a part as cells have it.
func (t *Table) part(class int) int {
	if t.Classes == 0 {
		return All
	}
	return class
}

// sumUp gives one count's cells of every place.
func (h *hiding) sumUp(count []int64) []int64 {
	sums := make([]int64, len(h.mask.hidden))
	for place := range h.Parent {
		if !h.leaf[place] {
			continue
		}
		for part := range h.parts() {
			n := count[place*h.parts()+part]
			for _, at := range h.above[place] {
				sums[h.mask.cell(at, All)] += n
				if h.Classes > 0 {
					sums[h.mask.cell(at, part)] += n
				}
			}
		}
	}
	return sums
}

// protectAll hides the small cells of one count, and what would give them away.
func (h *hiding) protectAll() {
	for place := range h.Parent {
		for class := All; class < h.Classes; class++ {
			if h.fine(place, class) && small(h.sums[h.mask.cell(place, class)]) {
				h.protect(place, class)
			}
		}
	}
}
