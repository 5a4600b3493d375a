package smallcells

// alternative is another table with the same published numbers, told by the cells that differ. All of them are hidden.
type alternative struct {
	cells []int
	// cost says how much is lost by hiding them.
	cost int
}

// What hiding a cell costs. A fine cell is the least loss; the part of a street or the district is lost before the sum of
// a community, a street or the district is.
const (
	costFine = 1
	costPart = 1_000
	costSum  = 1_000_000
)

// protect hides a small cell with the cheapest alternative. A cell that is the same as one that must be shown, such as a
// community's only grid, has none and is no finer than that.
func (h *hiding) protect(place, class int) {
	var best *alternative
	h.each(place, class, func(a *alternative) {
		if best == nil || a.cost < best.cost {
			best = a
		}
	})
	if best == nil || best.cost >= costSum {
		return
	}
	for _, cell := range best.cells {
		h.mask.hidden[cell] = true
	}
}

// each calls f for every alternative in which a cell holds another number: one of its units stands elsewhere.
func (h *hiding) each(place, class int, f func(*alternative)) {
	for a := range h.Parent {
		if !h.leaf[a] || !h.in(a, place) {
			continue
		}
		for j := range h.parts() {
			if part := h.part(j); (class == All || part == class) && h.sums[h.mask.cell(a, part)] > 0 {
				h.eachFrom(a, j, h.mask.cell(place, class), f)
			}
		}
	}
}

// in reports that a place is, or lies in, another.
func (h *hiding) in(place, outer int) bool {
	for _, at := range h.above[place] {
		if at == outer {
			return true
		}
	}
	return false
}

// eachFrom calls f for every alternative that takes a unit from part j of place a and changes the wanted cell.
func (h *hiding) eachFrom(a, j, wanted int, f func(*alternative)) {
	for b := range h.Parent {
		if !h.leaf[b] {
			continue
		}
		for k := range h.parts() {
			if a == b && j == k {
				continue
			}
			h.tell(h.moved(a, j, b, k), wanted, f)
			if a != b && j != k && h.sums[h.mask.cell(b, h.part(k))] > 0 {
				h.tell(h.swapped(a, j, b, k), wanted, f)
			}
		}
	}
}

// tell hands on an alternative in which the wanted cell differs.
func (h *hiding) tell(a *alternative, wanted int, f func(*alternative)) {
	for _, cell := range a.cells {
		if cell == wanted {
			f(a)
			return
		}
	}
}

// moved takes one unit from part j of place a to part k of place b.
func (h *hiding) moved(a, j, b, k int) *alternative {
	out := &alternative{}
	for _, at := range h.above[a] {
		if !h.in(b, at) {
			h.differs(out, at, All)
			h.differs(out, at, h.part(j))
		}
	}
	for _, at := range h.above[b] {
		switch {
		case !h.in(a, at):
			h.differs(out, at, All)
			h.differs(out, at, h.part(k))
		case j != k:
			h.differs(out, at, h.part(j))
			h.differs(out, at, h.part(k))
		}
	}
	return out
}

// swapped has a unit of part j of place a and one of part k of place b change their parts: all sums of places stay.
func (h *hiding) swapped(a, j, b, k int) *alternative {
	out := &alternative{}
	apart := func(x, y int) {
		for _, at := range h.above[x] {
			if !h.in(y, at) {
				h.differs(out, at, h.part(j))
				h.differs(out, at, h.part(k))
			}
		}
	}
	apart(a, b)
	apart(b, a)
	return out
}

// differs adds a cell that is another one in the alternative.
func (h *hiding) differs(a *alternative, place, class int) {
	cell := h.mask.cell(place, class)
	for _, had := range a.cells {
		if had == cell {
			return
		}
	}
	a.cells = append(a.cells, cell)
	if h.mask.hidden[cell] {
		return
	}
	switch {
	case h.fine(place, class):
		a.cost += costFine
	case class != All:
		a.cost += costPart
	default:
		a.cost += costSum
	}
}
