// Package attack tries to work out what a published table hides. It knows every number that is shown, that no count is
// below 0, and nothing else, and looks for hidden cells that can hold one number only. Tests of the gate of reports use it;
// nothing else imports it.
package attack

import "fmt"

// Tries bounds how many tables are looked at for one cell before it is given up.
const Tries = 20_000

// unbounded is above every count.
const unbounded = 1 << 40

// Sum says that some cells add up to a total.
type Sum struct {
	Cells []int
	Total int64
}

// Puzzle is what is known of a number of cells.
type Puzzle struct {
	sums      []Sum
	known     map[string]bool
	low, high []int64
	tries     int
}

// New begins with so many cells of which nothing is known but that they are counts.
func New(cells int) *Puzzle {
	p := &Puzzle{known: map[string]bool{}, low: make([]int64, cells), high: make([]int64, cells)}
	for i := range p.high {
		p.high[i] = unbounded
	}
	return p
}

// Known adds what is shown; what was known already adds nothing.
func (p *Puzzle) Known(total int64, cells ...int) {
	key := fmt.Sprint(total, cells)
	if !p.known[key] {
		p.known[key] = true
		p.sums = append(p.sums, Sum{cells, total})
	}
}

// Fits reports that a table is one of those that all that is known allows: the true one always is.
func (p *Puzzle) Fits(value []int64) bool {
	for _, s := range p.sums {
		if sum(s.Cells, value) != s.Total {
			return false
		}
	}
	return true
}

// Narrow bounds each cell by each sum, until nothing moves.
func (p *Puzzle) Narrow() {
	for moved := true; moved; {
		moved = false
		for _, s := range p.sums {
			moved = p.narrow(s) || moved
		}
	}
}

func (p *Puzzle) narrow(s Sum) (moved bool) {
	low, high := p.bounds(s.Cells)
	for _, c := range s.Cells {
		if l := s.Total - (high - p.high[c]); l > p.low[c] {
			low, p.low[c], moved = low+l-p.low[c], l, true
		}
		if h := s.Total - (low - p.low[c]); h < p.high[c] {
			high, p.high[c], moved = high+h-p.high[c], h, true
		}
	}
	return moved
}

func (p *Puzzle) bounds(cells []int) (low, high int64) {
	for _, c := range cells {
		low, high = low+p.low[c], high+p.high[c]
	}
	return low, high
}

// Certain gives what some cells add up to, when every table that fits says the same. Narrow comes first.
func (p *Puzzle) Certain(cells ...int) (total int64, certain bool) {
	var open []int
	for c := range p.low {
		if p.low[c] != p.high[c] {
			open = append(open, c)
		}
	}
	value, seen := append([]int64(nil), p.low...), map[int64]bool{}
	p.tries = Tries
	p.search(open, value, func() bool {
		total = sum(cells, value)
		seen[total] = true
		return len(seen) < 2
	})
	return total, len(seen) == 1 && p.tries > 0
}

func sum(cells []int, value []int64) (n int64) {
	for _, c := range cells {
		n += value[c]
	}
	return n
}

// search calls f for every table that fits, until f has enough.
func (p *Puzzle) search(open []int, value []int64, f func() bool) bool {
	if p.tries--; p.tries <= 0 {
		return false
	}
	if len(open) == 0 {
		for _, s := range p.sums {
			if sum(s.Cells, value) != s.Total {
				return true
			}
		}
		return f()
	}
	c := open[0]
	for n := p.low[c]; n <= p.high[c]; n++ {
		value[c] = n
		if p.possible(open[1:], value) && !p.search(open[1:], value, f) {
			return false
		}
	}
	value[c] = p.low[c]
	return true
}

// possible reports that no sum is over already, or out of reach.
func (p *Puzzle) possible(open []int, value []int64) bool {
	free := make(map[int]bool, len(open))
	for _, c := range open {
		free[c] = true
	}
	for _, s := range p.sums {
		var low, high int64
		for _, c := range s.Cells {
			if free[c] {
				low, high = low+p.low[c], high+p.high[c]
			} else {
				low, high = low+value[c], high+value[c]
			}
		}
		if s.Total < low || s.Total > high {
			return false
		}
	}
	return true
}
