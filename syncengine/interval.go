package syncengine

import "slices"

// arrange puts the value to show first and keeps for each value the interval of
// seqs in which it, or another that reads the same, was last the one shown.
func (c *Cell) arrange(field *Field, at Seq) {
	slices.SortFunc(c.Values, field.Order)
	shown := *c.Shown()
	for i, v := range c.Values {
		if v.Same(shown) {
			c.Values[i] = v.visible(at)
		} else {
			c.Values[i] = v.hidden(at)
		}
	}
}

func (v Value) shownAt(seq Seq) bool {
	return v.ShownFrom != 0 && v.ShownFrom <= seq && (v.ShownUntil == 0 || seq < v.ShownUntil)
}

// visible opens the interval of a value that was not shown before.
func (v Value) visible(at Seq) Value {
	if v.ShownFrom == 0 || v.ShownUntil != 0 {
		v.ShownFrom, v.ShownUntil = at, 0
	}
	return v
}

// hidden ends the interval of a value that was shown before.
func (v Value) hidden(at Seq) Value {
	if v.ShownFrom != 0 && v.ShownUntil == 0 {
		v.ShownUntil = at
	}
	return v
}
