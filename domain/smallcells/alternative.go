package smallcells

import "slices"

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

// search looks for the cheapest alternative in which a cell holds another number.
type search struct {
	*hiding
	wanted int
	// best is the cheapest so far, tried the one that is being made; both are room that is used again.
	best, tried alternative
	found       bool
}

// protect hides a small cell with the cheapest alternative: one among neighbours, unless only a dearer one is there. A cell
// that is the same as one that must be shown, such as a community's only grid, has none and is no finer than that.
func (h *hiding) protect(place, class int) {
	s := &h.search
	s.hiding, s.wanted, s.found = h, h.mask.cell(place, class), false
	for _, near := range []bool{true, false} {
		s.among(place, class, near)
		if s.found && s.best.cost < costPart {
			break
		}
	}
	if !s.found || s.best.cost >= costSum {
		return
	}
	for _, cell := range s.best.cells {
		h.mask.hidden[cell] = true
	}
}

// among tries what takes a unit out of the cell and puts it near, or anywhere.
func (s *search) among(place, class int, near bool) {
	for a := range s.Parent {
		if !s.leaf[a] || !s.in(a, place) {
			continue
		}
		for j := range s.parts() {
			if part := s.part(j); (class == All || part == class) && s.sums[s.mask.cell(a, part)] > 0 {
				s.from(a, j, near)
			}
		}
	}
}

// in reports that a place is, or lies in, another.
func (h *hiding) in(place, outer int) bool { return slices.Contains(h.above[place], outer) }

// from tries to take a unit from part j of place a: to each part of each place, alone or for a unit from there.
func (s *search) from(a, j int, near bool) {
	for b := range s.Parent {
		if !s.leaf[b] || near && s.Parent[a] != s.Parent[b] {
			continue
		}
		for k := range s.parts() {
			if s.found && s.best.cost == 0 {
				return
			}
			if a == b && j == k {
				continue
			}
			s.try(func() { s.moved(a, j, b, k) })
			if a != b && j != k && s.sums[s.mask.cell(b, s.part(k))] > 0 {
				s.try(func() { s.swapped(a, j, b, k) })
			}
		}
	}
}

// try makes an alternative and keeps it if the wanted cell differs in it and it is the cheapest.
func (s *search) try(build func()) {
	s.tried.cells, s.tried.cost = s.tried.cells[:0], 0
	build()
	if (!s.found || s.tried.cost < s.best.cost) && slices.Contains(s.tried.cells, s.wanted) {
		s.best, s.tried, s.found = s.tried, s.best, true
	}
}

// moved takes one unit from part j of place a to part k of place b.
func (s *search) moved(a, j, b, k int) {
	for _, at := range s.above[a] {
		if !s.in(b, at) {
			s.differs(at, All)
			s.differs(at, s.part(j))
		}
	}
	for _, at := range s.above[b] {
		switch {
		case !s.in(a, at):
			s.differs(at, All)
			s.differs(at, s.part(k))
		case j != k:
			s.differs(at, s.part(j))
			s.differs(at, s.part(k))
		}
	}
}

// swapped has a unit of part j of place a and one of part k of place b change their parts: all sums of places stay.
func (s *search) swapped(a, j, b, k int) {
	apart := func(x, y int) {
		for _, at := range s.above[x] {
			if !s.in(y, at) {
				s.differs(at, s.part(j))
				s.differs(at, s.part(k))
			}
		}
	}
	apart(a, b)
	apart(b, a)
}

// differs adds a cell that is another one in the alternative.
func (s *search) differs(place, class int) {
	cell := s.mask.cell(place, class)
	if slices.Contains(s.tried.cells, cell) {
		return
	}
	s.tried.cells = append(s.tried.cells, cell)
	if s.mask.hidden[cell] {
		return
	}
	switch {
	case s.fine(place, class):
		s.tried.cost += costFine
	case class != All:
		s.tried.cost += costPart
	default:
		s.tried.cost += costSum
	}
}
