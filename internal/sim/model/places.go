package model

import "onedoor/syncengine"

// places is the tree of territories.
type places struct {
	parent map[syncengine.ID]syncengine.ID
}

func (t *places) add(id, parent syncengine.ID) { t.parent[id] = parent }
