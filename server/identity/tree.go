package identity

import (
	"cmp"
	"fmt"
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Tree is the tree of territories at one revision. It is immutable once loaded
// and may be shared between goroutines; the slices it gives are its own and must
// not be changed.
type Tree struct {
	revision uint64
	// nodes are in preorder, siblings by code; ids has their ids at the same indexes.
	nodes []node
	ids   []syncengine.ID
	// byID and byCode give a territory's index.
	byID   map[syncengine.ID]int
	byCode map[string]int
}

// node is a territory with the end of the run of nodes at and below it.
type node struct {
	Territory
	end int
}

// LoadTree reads the whole tree.
func LoadTree(r store.Reader) (*Tree, error) {
	revision, err := TreeRevision(r)
	if err != nil {
		return nil, err
	}
	all, err := Territories(r)
	if err != nil {
		return nil, err
	}
	return newTree(revision, all)
}

// Refresh gives the tree of the reader's state: t itself while that has not
// changed. t may be nil.
func (t *Tree) Refresh(r store.Reader) (*Tree, error) {
	revision, err := TreeRevision(r)
	if err != nil {
		return nil, err
	}
	if t != nil && t.revision == revision {
		return t, nil
	}
	return LoadTree(r)
}

func newTree(revision uint64, all []Territory) (*Tree, error) {
	t := &Tree{
		revision: revision,
		nodes:    make([]node, 0, len(all)),
		ids:      make([]syncengine.ID, 0, len(all)),
		byID:     make(map[syncengine.ID]int, len(all)),
		byCode:   make(map[string]int, len(all)),
	}
	children := make(map[syncengine.ID][]Territory)
	for _, x := range all {
		children[x.Parent] = append(children[x.Parent], x)
	}
	t.addAll(children, syncengine.ID{})
	if len(t.nodes) != len(all) {
		return nil, fmt.Errorf("%d of %d territories hang on no root: %w", len(all)-len(t.nodes), len(all), ErrTreeBroken)
	}
	return t, nil
}

// addAll adds the children of a territory and what is below them.
func (t *Tree) addAll(children map[syncengine.ID][]Territory, parent syncengine.ID) {
	siblings := children[parent]
	slices.SortFunc(siblings, func(a, b Territory) int { return cmp.Compare(a.Code, b.Code) })
	for _, x := range siblings {
		i := len(t.nodes)
		t.nodes, t.ids = append(t.nodes, node{Territory: x}), append(t.ids, x.ID)
		t.byID[x.ID], t.byCode[x.Code] = i, i
		t.addAll(children, x.ID)
		t.nodes[i].end = len(t.nodes)
	}
}

// Revision tells which state of the store the tree shows.
func (t *Tree) Revision() uint64 { return t.revision }

// Len counts the territories.
func (t *Tree) Len() int { return len(t.nodes) }

// All calls f for every territory, parents before children and siblings by code, until f returns false.
func (t *Tree) All(f func(Territory) bool) {
	for i := range t.nodes {
		if !f(t.nodes[i].Territory) {
			return
		}
	}
}

// ByID gives a territory.
func (t *Tree) ByID(id syncengine.ID) (Territory, bool) {
	i, ok := t.byID[id]
	if !ok {
		return Territory{}, false
	}
	return t.nodes[i].Territory, true
}

// ByCode gives the territory that has the code.
func (t *Tree) ByCode(code string) (Territory, bool) {
	i, ok := t.byCode[code]
	if !ok {
		return Territory{}, false
	}
	return t.nodes[i].Territory, true
}

// Below lists a territory and all below it, at any level; none when the tree does not know it.
func (t *Tree) Below(id syncengine.ID) []syncengine.ID {
	i, ok := t.byID[id]
	if !ok {
		return nil
	}
	end := t.nodes[i].end
	return t.ids[i:end:end]
}

// Covers reports whether inner is outer or lies below it.
func (t *Tree) Covers(outer, inner syncengine.ID) bool {
	i, ok := t.byID[outer]
	j, known := t.byID[inner]
	return ok && known && i <= j && j < t.nodes[i].end
}

// Ancestors lists the territories above one, the nearest first.
func (t *Tree) Ancestors(id syncengine.ID) []syncengine.ID {
	var out []syncengine.ID
	for i, ok := t.byID[id]; ok; {
		parent := t.nodes[i].Parent
		if i, ok = t.byID[parent]; ok {
			out = append(out, parent)
		}
	}
	return out
}
