package model

import (
	"onedoor/server/store"
	"onedoor/syncengine"
)

// backedUp keeps the history as a copy of the server's files holds it.
func (m *Model) backedUp(name string, head store.Head) {
	m.at(0, syncengine.ID{}).want(head.Seq == m.now.head(), I5, "the backup ends at seq %d, the log at %d", head.Seq, m.now.head())
	m.backups[name] = m.now.copied()
}

// wentBack puts the server back to what a backup holds.
func (m *Model) wentBack(name string, declared bool) {
	from := m.backups[name]
	next := from.copied()
	next.number, next.parent, next.fork = len(m.branches), m.branches[from.number], from.head()
	m.branches = append(m.branches, next)
	m.now, m.secret, m.restoring = next, !declared, declared
	// What runs on the copy may be newer than what made it.
	m.serverSchema(m.schema)
	if !declared {
		m.twice[next.history.Epoch] = true
	}
	for id := range m.now.records {
		m.dirty[id] = true
	}
}

// epochBegan takes over the server's new history; it may not forget an epoch.
func (m *Model) epochBegan(h syncengine.History) {
	f := m.at(0, syncengine.ID{})
	f.want(h.Epoch > m.now.history.Epoch, I20, "epoch %d begins after epoch %d", h.Epoch, m.now.history.Epoch)
	m.namedAgain(h.Epoch)
	if !m.restoring {
		m.now.doubtful[m.now.history.Epoch] = true
	}
	m.now.history, m.secret, m.restoring = h, false, false
}
