package smallcells_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"onedoor/domain/smallcells"
	"onedoor/internal/sim/attack"
)

// attacked gives the small cells that are hidden and can be worked out all the same.
func attacked(t *smallcells.Table, mask *smallcells.Mask, count []int64) (found []string) {
	parts := max(t.Classes, 1)
	p := attack.New(len(t.Parent) * parts)
	leaf := leaves(t)
	for place := range t.Parent {
		if !leaf[place] {
			for part := range parts {
				p.Known(0, place*parts+part) // Nothing stands in it but in the places below.
			}
		}
		eachClass(t, func(class int) {
			if !mask.Hidden(place, class) {
				cells := cellsOf(t, leaf, place, class)
				p.Known(sumOf(cells, count), cells...)
			}
		})
	}
	p.Narrow()
	for place := range t.Parent {
		eachClass(t, func(class int) {
			if cells := cellsOf(t, leaf, place, class); mask.Hidden(place, class) && fineAndSmall(t, place, class, sumOf(cells, count)) {
				if _, certain := p.Certain(cells...); certain {
					found = append(found, fmt.Sprintf("place %d part %d", place, class))
				}
			}
		})
	}
	return found
}

func eachClass(t *smallcells.Table, f func(class int)) {
	for class := smallcells.All; class < t.Classes; class++ {
		f(class)
	}
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
func cellsOf(t *smallcells.Table, leaf []bool, place, class int) (out []int) {
	parts := max(t.Classes, 1)
	for at := range t.Parent {
		if !leaf[at] || !below(t, at, place) {
			continue
		}
		for part := range parts {
			if class == smallcells.All || part == class {
				out = append(out, at*parts+part)
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

func fineAndSmall(t *smallcells.Table, place, class int, n int64) bool {
	fine := t.Rank[place] == smallcells.Below || t.Rank[place] == smallcells.Community && class != smallcells.All
	return fine && n > 0 && n < smallcells.Least
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
		if found := attacked(table, mask, count); len(found) > 0 {
			t.Fatalf("worked out: %v of %v", found, count)
		}
	})
}

// shownSmall lists small fine cells that are shown, but for those that are a community's or a table's only part.
func shownSmall(t *smallcells.Table, mask *smallcells.Mask, count []int64) (out []string) {
	leaf := leaves(t)
	for place := range t.Parent {
		eachClass(t, func(class int) {
			n := sumOf(cellsOf(t, leaf, place, class), count)
			if fineAndSmall(t, place, class, n) && !mask.Hidden(place, class) && !onlyOne(t, place, class) {
				out = append(out, fmt.Sprintf("place %d part %d", place, class))
			}
		})
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
	if found := attacked(table, smallcells.OnlySmall(table), count); len(found) != 1 {
		t.Errorf("a hidden cell beside its totals: found %v", found)
	}
	if found := attacked(table, smallcells.Hide(table), count); len(found) != 0 {
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

// BenchmarkHide hides a month of a whole district in twenty parts, most of them small, for as many counts as its figures have.
func BenchmarkHide(b *testing.B) {
	const classes = 20
	table := district(10, 10, 0, classes)
	random, leaf := rand.New(rand.NewPCG(1, 2)), leaves(table)
	for range 28 {
		count := make([]int64, len(table.Parent)*classes)
		for i := range count {
			if leaf[i/classes] {
				count[i] = random.Int64N(9)
			}
		}
		table.Counts = append(table.Counts, count)
	}
	for b.Loop() {
		smallcells.Hide(table)
	}
}
