package syncengine_test

import (
	"bytes"
	"slices"

	"onedoor/syncengine"
)

// This file is the naive model. It knows for every change the whole set of
// changes its author had seen, and works everything out from the start, from
// the list of changes alone. It shares no code with the engine.

// past gives every change in c's past as far as one cell goes: what stood in
// the base, the author's own earlier changes, and what those had in their past.
func (c *change) past(key syncengine.CellKey) map[*change]bool {
	if p, ok := c.pasts[key]; ok {
		return p
	}
	p := map[*change]bool{}
	if c.reads(key) {
		addPasts(p, c.base.changes, key)
	}
	addPasts(p, c.phone.chain(c.seq), key)
	if c.pasts == nil {
		c.pasts = map[syncengine.CellKey]map[*change]bool{}
	}
	c.pasts[key] = p
	return p
}

func addPasts(p map[*change]bool, changes []*change, key syncengine.CellKey) {
	for _, o := range changes {
		if !o.writes(key) {
			continue
		}
		p[o] = true
		for older := range o.past(key) {
			p[older] = true
		}
	}
}

// saw reports whether v itself stood in c's base or in the author's own chain.
func (c *change) saw(v *change, key syncengine.CellKey) bool {
	return c.reads(key) && slices.Contains(c.base.changes, v) || c.follows(v)
}

// reads reports whether the author had the cell of the base before them.
func (c *change) reads(key syncengine.CellKey) bool { return !c.create && !c.unreadable(key.Field) }

// wasShown reports whether c's author had v before their eyes at that cell.
func (c *change) wasShown(v *change, key syncengine.CellKey) bool {
	if c.follows(v) && !slices.Contains(c.base.changes, v) {
		return true
	}
	if !c.reads(key) || c.base.record == nil {
		return false
	}
	cell, ok := c.base.record.Find(key)
	if !ok {
		return false
	}
	if c.resolvesCell(key) && listed(cell, v) {
		return true
	}
	return stood(cell, v) && sameCell(*cell.Shown(), v.write(key))
}

func (c *change) resolvesCell(key syncengine.CellKey) bool { return slices.Contains(c.resolves, key) }

// listed reports whether a cell shows v or lists it beside.
func listed(cell *syncengine.Cell, v *change) bool { return stood(cell, v) || isKept(cell, v) }

func stood(cell *syncengine.Cell, v *change) bool {
	return slices.ContainsFunc(cell.Values, func(x syncengine.Value) bool { return x.Write.Dot == v.dot() })
}

func isKept(cell *syncengine.Cell, v *change) bool {
	return slices.ContainsFunc(cell.Kept, func(k syncengine.Kept) bool { return k.Value.Write.Dot == v.dot() })
}

func sameCell(v syncengine.Value, w syncengine.CellWrite) bool {
	return v.Cleared == w.Cleared && bytes.Equal(v.Data, w.Data)
}

// maximal gives the changes of a list whose value of a cell nobody of the list
// had in their past, the one to show first.
func maximal(kind *syncengine.Kind, changes []*change, key syncengine.CellKey) []*change {
	var out []*change
	for _, v := range changes {
		covered := slices.ContainsFunc(changes, func(o *change) bool { return o.writes(key) && o.past(key)[v] })
		if v.writes(key) && !covered {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *change) int {
		if stands(kind, key, a, b) {
			return -1
		}
		return 1
	})
	return out
}

// stands reports whether a is shown rather than b: the table of the protocol, spelled out.
func stands(kind *syncengine.Kind, key syncengine.CellKey, a, b *change) bool {
	x, y := a.write(key), b.write(key)
	policy, isSet := syncengine.Latest, false
	if f := kind.Fields[key.Field]; f != nil {
		policy, isSet = f.Policy, f.Shape == syncengine.Set
	}
	var rank [2]int
	for i, w := range []syncengine.CellWrite{x, y} {
		author := []*change{a, b}[i]
		switch {
		case key == lifeKey:
			rank[i] = int(w.Data[0]) // dead is 2, alive 1
		case isSet && w.Cleared:
			rank[i] = -1
		case isSet:
		case policy == syncengine.Ranked:
			rank[i] = int(author.phone.rank)
		case policy == syncengine.Greatest || policy == syncengine.Least || policy == syncengine.States:
			rank[i] = numberRank(policy, w)
		}
	}
	if rank[0] != rank[1] {
		return rank[0] > rank[1]
	}
	if a.suspect != b.suspect {
		return b.suspect
	}
	later := a.stamp > b.stamp || a.stamp == b.stamp && bytes.Compare(a.phone.id[:], b.phone.id[:]) > 0
	if policy == syncengine.First {
		return !later
	}
	return later
}

func numberRank(policy syncengine.PolicyKind, w syncengine.CellWrite) int {
	if w.Cleared {
		return -1000
	}
	n := int(w.Data[0])
	if policy == syncengine.States {
		return int(states.Precedence[int32(n)])
	}
	if policy == syncengine.Least {
		return -n
	}
	return n
}

// keys lists every cell that some change of a list writes.
func keys(changes []*change) []syncengine.CellKey {
	var out []syncengine.CellKey
	for _, c := range changes {
		for _, w := range c.cells {
			if !slices.Contains(out, w.Key) {
				out = append(out, w.Key)
			}
		}
	}
	slices.SortFunc(out, syncengine.CellKey.Compare)
	return out
}

// accepted lists the changes merged so far.
func (r *realm) accepted() []*change { return r.view().changes }

// trueConflicts works out what is contested or deleted unseen.
func (r *realm) trueConflicts() map[syncengine.CellKey]syncengine.ConflictKind {
	out := map[syncengine.CellKey]syncengine.ConflictKind{}
	changes := r.accepted()
	var deletion *change
	if life := maximal(r.kind, changes, lifeKey); len(life) > 0 && life[0].write(lifeKey).Data[0] == 2 {
		deletion = life[0]
	}
	for _, key := range keys(changes) {
		set := maximal(r.kind, changes, key)
		for _, v := range set {
			if !sameWrite(v.write(key), set[0].write(key)) && out[key] == syncengine.NoConflict {
				out[key] = syncengine.Contested
			}
			if deletion != nil && key != lifeKey && v != deletion && !deletion.saw(v, key) {
				out[key] = syncengine.DeleteEdit
			}
		}
	}
	return out
}

func sameWrite(a, b syncengine.CellWrite) bool {
	return a.Cleared == b.Cleared && bytes.Equal(a.Data, b.Data)
}
