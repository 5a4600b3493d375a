package exchange

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/syncengine"
)

// noteMarks writes into the access ledger that somebody sealed a case, opened it
// again, or recused people from it or took them back: who may read it changes by it.
func (k *work) noteMarks(by accessledger.Actor, kind *schema.Kind, id syncengine.ID, cells []syncengine.CellWrite) {
	if !slices.ContainsFunc(kind.Engine.ScopeFields, isMark) {
		return
	}
	var seals bool
	var recused []syncengine.ID
	for _, w := range cells {
		f, ok := kind.Field(w.Key.Field)
		if !ok || !isMark(f.Engine) {
			continue
		}
		seals = seals || f.Engine.Scope == syncengine.ScopeSeal
		// An element of a set is the key of its cell.
		if user, ok := syncengine.IDFromBytes([]byte(w.Key.Key)); ok && f.Engine.Scope == syncengine.ScopeRecusal {
			recused = append(recused, user)
		}
	}
	line := accessledger.Entry{Actor: by, Records: accessledger.About(kind.Number, id)}
	if seals {
		line.Action = accessledger.CaseSeal
		k.note(line)
	}
	if len(recused) > 0 {
		line.Action, line.Users = accessledger.Recuse, recused
		k.note(line)
	}
}

// isMark reports a field by which a case is sealed or somebody recused.
func isMark(f *syncengine.Field) bool {
	return f.Scope == syncengine.ScopeSeal || f.Scope == syncengine.ScopeRecusal
}
