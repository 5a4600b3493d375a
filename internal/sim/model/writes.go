package model

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// writesOf makes the writes of a change's cells as far as the server knows them;
// held are the fields of those that it does not.
func (m *Model) writesOf(ch *change, cells []syncengine.CellWrite, field func(syncengine.FieldNumber) (*schema.Field, bool)) (out []*write, held []syncengine.FieldNumber) {
	for _, c := range cells {
		class := openClass
		if c.Key.Field != syncengine.LifeField {
			f, known := field(c.Key.Field)
			if !known {
				if !slices.Contains(held, c.Key.Field) {
					held = append(held, c.Key.Field)
				}
				continue
			}
			class = f.Engine.Class
		}
		out = append(out, ch.write(c, class))
	}
	return out, held
}

// write gives the write of a cell, the same one in every history.
func (ch *change) write(c syncengine.CellWrite, class syncengine.Class) *write {
	for _, w := range ch.writes {
		if w.key == c.Key {
			return w
		}
	}
	w := &write{by: ch, key: c.Key, data: c.Data, cleared: c.Cleared, class: class}
	ch.writes = append(ch.writes, w)
	return w
}

// mergeInto merges writes of a change at a seq of the history in force.
func (m *Model) mergeInto(rec *record, ch *change, writes []*write, seq syncengine.Seq, release bool) (*merging, *record) {
	g := m.merge(rec, ch, writes, m.here(seq), release)
	return g, g.next
}

// writesScope reports that the change may alter where the record stands.
func (g *merging) writesScope() bool {
	return slices.ContainsFunc(g.written, func(key syncengine.CellKey) bool {
		f, known := g.next.kind.Field(key.Field)
		return key.Field == syncengine.LifeField || known && f.Engine.Scope != syncengine.NoScope
	})
}
