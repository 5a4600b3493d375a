package smallcells

// OnlySmall hides the small cells and nothing that protects them, as a rule would that forgets the totals.
func OnlySmall(t *Table) *Mask {
	m := Hide(&Table{Parent: t.Parent, Rank: t.Rank, Classes: t.Classes})
	h := &hiding{Table: t, mask: m, leaf: make([]bool, len(t.Parent)), above: make([][]int, len(t.Parent))}
	for place, parent := range t.Parent {
		h.leaf[place] = true
		h.above[place] = []int{place}
		if parent >= 0 {
			h.leaf[parent] = false
			h.above[place] = append(h.above[place], h.above[parent]...)
		}
	}
	for _, count := range t.Counts {
		sums := h.sumUp(count)
		for place := range t.Parent {
			for class := All; class < t.Classes; class++ {
				if cell := m.cell(place, class); t.fine(place, class) && small(sums[cell]) {
					m.hidden[cell] = true
				}
			}
		}
	}
	return m
}
