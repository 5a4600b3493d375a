package smallcells_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"onedoor/domain/smallcells"
)

// attacker knows every number that is shown and looks for hidden cells that can hold one number only.
type attacker struct {
	t    *smallcells.Table
	mask *smallcells.Mask
	leaf []bool
	// low and high bound each leaf cell.
	low, high []int64
	// tries is how many more tables it looks at before it gives a cell up.
	tries int
	// sums are the shown cells: the leaf cells in each, and what they add up to.
	sums []shownSum
}

type shownSum struct {
	cells []int
	total int64
}

// attack bounds every leaf cell by all that is shown of one count, until nothing moves, and then tries what is left by
// enumeration. It gives the cells that are hidden and known all the same.
func attack(t *smallcells.Table, mask *smallcells.Mask, count []int64) (found []string) {
	a := &attacker{t: t, mask: mask, leaf: leaves(t)}
	parts := max(t.Classes, 1)
	a.low, a.high = make([]int64, len(t.Parent)*parts), make([]int64, len(t.Parent)*parts)
	for i := range a.high {
		if a.leaf[i/parts] {
			a.high[i] = 1 << 40
		}
	}
	a.collect(count)
	a.tighten()
	for place := range t.Parent {
		for class := smallcells.All; class < t.Classes; class++ {
			if mask.Hidden(place, class) && a.fineAndSmall(place, class, count) && a.unique(place, class) {
				found = append(found, fmt.Sprintf("place %d part %d", place, class))
			}
		}
	}
	return found
}

func leaves(t *smallcells.Table) []bool {
	out := make([]bool, len(t.Parent))
	for p := range out {
		out[p] = true
	}
	for _, parent := range t.Parent {
		if parent >= 0 {
			out[parent] = false
		}
	}
	return out
}

// cellsOf lists the leaf cells that a cell sums up.
func (a *attacker) cellsOf(place, class int) (out []int) {
	parts := max(a.t.Classes, 1)
	for leaf := range a.t.Parent {
		if !a.leaf[leaf] || !below(a.t, leaf, place) {
			continue
		}
		for part := range parts {
			if class == smallcells.All || part == class {
				out = append(out, leaf*parts+part)
			}
		}
	}
	return out
}

func below(t *smallcells.Table, place, outer int) bool {
	for ; place >= 0; place = t.Parent[place] {
		if place == outer {
			return true
		}
	}
	return false
}

func sumOf(cells []int, count []int64) (n int64) {
	for _, c := range cells {
		n += count[c]
	}
	return n
}

func (a *attacker) collect(count []int64) {
	for place := range a.t.Parent {
		for class := smallcells.All; class < a.t.Classes; class++ {
			if !a.mask.Hidden(place, class) {
				cells := a.cellsOf(place, class)
				a.sums = append(a.sums, shownSum{cells, sumOf(cells, count)})
			}
		}
	}
}

// tighten narrows the bounds of each cell by each sum that is shown, until nothing moves.
func (a *attacker) tighten() {
	for moved := true; moved; {
		moved = false
		for _, s := range a.sums {
			var low, high int64
			for _, c := range s.cells {
				low, high = low+a.low[c], high+a.high[c]
			}
			for _, c := range s.cells {
				if l := s.total - (high - a.high[c]); l > a.low[c] {
					a.low[c], moved = l, true
					low, high = sums(s.cells, a)
				}
				if h := s.total - (low - a.low[c]); h < a.high[c] {
					a.high[c], moved = h, true
					low, high = sums(s.cells, a)
				}
			}
		}
	}
}

func sums(cells []int, a *attacker) (low, high int64) {
	for _, c := range cells {
		low, high = low+a.low[c], high+a.high[c]
	}
	return low, high
}

func (a *attacker) fineAndSmall(place, class int, count []int64) bool {
	n := sumOf(a.cellsOf(place, class), count)
	fine := a.t.Rank[place] == smallcells.Below || a.t.Rank[place] == smallcells.Community && class != smallcells.All
	return fine && n > 0 && n < smallcells.Least
}

// unique reports that a cell can hold one number only, among all tables that show the same.
func (a *attacker) unique(place, class int) bool {
	cells := a.cellsOf(place, class)
	var open []int
	for c := range a.low {
		if a.low[c] != a.high[c] {
			open = append(open, c)
		}
	}
	value := append([]int64(nil), a.low...)
	seen := map[int64]bool{}
	a.tries = 20_000
	a.enumerate(open, value, func() bool {
		seen[sumOf(cells, value)] = true
		return len(seen) < 2
	})
	return len(seen) == 1 && a.tries > 0
}

// enumerate calls f for every table that fits, until f has enough.
func (a *attacker) enumerate(open []int, value []int64, f func() bool) bool {
	if a.tries--; a.tries <= 0 {
		return false
	}
	if len(open) == 0 {
		for _, s := range a.sums {
			if sumOf(s.cells, value) != s.total {
				return true
			}
		}
		return f()
	}
	c := open[0]
	for n := a.low[c]; n <= a.high[c]; n++ {
		value[c] = n
		if a.possible(open[1:], value) && !a.enumerate(open[1:], value, f) {
			return false
		}
	}
	value[c] = a.low[c]
	return true
}

// possible reports that no shown sum is over already, or out of reach.
func (a *attacker) possible(open []int, value []int64) bool {
	free := map[int]bool{}
	for _, c := range open {
		free[c] = true
	}
	for _, s := range a.sums {
		var low, high int64
		for _, c := range s.cells {
			if free[c] {
				low, high = low+a.low[c], high+a.high[c]
			} else {
				low, high = low+value[c], high+value[c]
			}
		}
		if s.total < low || s.total > high {
			return false
		}
	}
	return true
}

// district is a root with streets, communities in them and, where grids is not 0, grids in those.
func district(streets, communities, grids, classes int) *smallcells.Table {
	t := &smallcells.Table{Parent: []int{-1}, Rank: []smallcells.Rank{smallcells.Above}, Classes: classes}
	add := func(parent int, rank smallcells.Rank) int {
		t.Parent, t.Rank = append(t.Parent, parent), append(t.Rank, rank)
		return len(t.Parent) - 1
	}
	for range streets {
		street := add(0, smallcells.Above)
		for range communities {
			community := add(street, smallcells.Community)
			for range grids {
				add(community, smallcells.Below)
			}
		}
	}
	return t
}

func TestHide_NoHiddenCellCanBeWorkedOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := district(rapid.IntRange(1, 2).Draw(t, "streets"), rapid.IntRange(1, 3).Draw(t, "communities"),
			rapid.IntRange(0, 2).Draw(t, "grids"), rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "classes"))
		count := make([]int64, len(table.Parent)*max(table.Classes, 1))
		leaf := leaves(table)
		for i := range count {
			if leaf[i/max(table.Classes, 1)] {
				count[i] = rapid.SampledFrom([]int64{0, 0, 1, 2, 4, 5, 6}).Draw(t, "count")
			}
		}
		table.Counts = [][]int64{count}
		mask := smallcells.Hide(table)
		for place := range table.Parent {
			if table.Rank[place] != smallcells.Below && mask.Hidden(place, smallcells.All) {
				t.Fatalf("the sum of place %d, which is no finer than a community, is hidden", place)
			}
		}
		if cells := shownSmall(table, mask, count); len(cells) > 0 {
			t.Fatalf("small and shown: %v", cells)
		}
		if found := attack(table, mask, count); len(found) > 0 {
			t.Fatalf("worked out: %v of %v", found, count)
		}
	})
}

// shownSmall lists small fine cells that are shown, but for those that are a community's or a table's only part.
func shownSmall(t *smallcells.Table, mask *smallcells.Mask, count []int64) (out []string) {
	a := &attacker{t: t, mask: mask, leaf: leaves(t)}
	for place := range t.Parent {
		for class := smallcells.All; class < t.Classes; class++ {
			if !a.fineAndSmall(place, class, count) || mask.Hidden(place, class) || onlyOne(t, place, class) {
				continue
			}
			out = append(out, fmt.Sprintf("place %d part %d", place, class))
		}
	}
	return out
}

// onlyOne reports a grid that is all of its community.
func onlyOne(t *smallcells.Table, place, class int) bool {
	if t.Rank[place] != smallcells.Below || class != smallcells.All {
		return false
	}
	n := 0
	for _, parent := range t.Parent {
		if parent == t.Parent[place] {
			n++
		}
	}
	return n == 1
}

// TestAttack_FindsWhatAWeakerRuleLeaves makes sure that the attacker is one: with only the small cells hidden, totals give
// them away.
func TestAttack_FindsWhatAWeakerRuleLeaves(t *testing.T) {
	table := district(1, 3, 0, 2)
	count := make([]int64, len(table.Parent)*2)
	copy(count[4:], []int64{3, 9, 8, 7, 6, 12})
	table.Counts = [][]int64{count}
	alone := district(1, 3, 0, 2)
	alone.Counts = [][]int64{make([]int64, len(count))}
	none := smallcells.Hide(alone)
	if none.Any() {
		t.Fatal("a table of nothing hides something")
	}
	if found := attack(table, smallcells.OnlySmall(table), count); len(found) != 1 {
		t.Errorf("a hidden cell beside its totals: found %v", found)
	}
	if found := attack(table, smallcells.Hide(table), count); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestHide_GivesTheSameForTheSameTable(t *testing.T) {
	table := district(3, 6, 0, 6)
	random := rand.New(rand.NewPCG(1, 2))
	count := make([]int64, len(table.Parent)*6)
	leaf := leaves(table)
	for i := range count {
		if leaf[i/6] {
			count[i] = random.Int64N(12)
		}
	}
	table.Counts = [][]int64{count}
	a, b := smallcells.Hide(table), smallcells.Hide(table)
	hidden := 0
	for place := range table.Parent {
		for class := smallcells.All; class < 6; class++ {
			if a.Hidden(place, class) != b.Hidden(place, class) {
				t.Fatal("two runs hide different cells")
			}
			if a.Hidden(place, class) {
				hidden++
			}
		}
	}
	if hidden == 0 || hidden > 18*6*3/4 {
		t.Errorf("%d cells hidden of %d", hidden, 18*6)
	}
}
