package model

import (
	"slices"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// atRest checks what holds when everything has come to rest.
func (m *Model) atRest(r store.Reader, screens map[PhoneID]Screen) {
	for id := range m.now.records {
		m.dirty[id] = true
	}
	m.checkServer(r)
	m.checkSums(r)
	m.checkStrays(r)
	for _, p := range m.phoneIDs() {
		ph := m.phones[p]
		if s, ok := screens[p]; ok && !ph.gone && !m.strangers[ph.incarnation] {
			m.wantDrained(ph)
			ph.checked = map[syncengine.ID]screenKey{}
			m.checkPhone(p, s)
		}
	}
	m.wantNothingLost()
	m.wantOrderFree()
	m.wantShownBefore()
	m.wantHeldMerged()
}

// checkStrays wants no record in the store that the log does not give.
func (m *Model) checkStrays(r store.Reader) {
	err := r.Records(func(row store.Record) bool {
		m.at(0, row.ID).want(m.now.record(row.ID) != nil, I4, "it is stored and in no log entry")
		return true
	})
	m.at(0, syncengine.ID{}).want(err == nil, I4, "records cannot be listed: %v", err)
}

// wantDrained wants a phone to have sent everything and to stand at the log's end.
func (m *Model) wantDrained(ph *phone) {
	f := m.at(ph.id, syncengine.ID{})
	f.want(ph.mark == ph.end(), I14, "%d of its changes were never decided", ph.end()-ph.mark)
	if !ph.revoked {
		seq, ok := m.inForce(ph.checkpoint)
		f.want(ok && seq == m.now.head(), I4, "it stands at %s, the log's end is %d/%d", ph.at, m.now.history.Epoch, m.now.head())
	}
}

// wantNothingLost wants every change that was committed on a phone to be decided
// at the server, unless it is lost by name.
func (m *Model) wantNothingLost() {
	found := map[*row]bool{}
	for _, d := range m.now.decided {
		if d.change != nil {
			found[d.change.row] = true
		}
	}
	for _, p := range m.phoneIDs() {
		ph := m.phones[p]
		if ph.gone || m.strangers[ph.incarnation] {
			continue
		}
		for _, r := range ph.rows {
			m.at(ph.id, r.change.RecordID).want(found[r] || r.lost || m.declaredAbsent(ph, r), I2, "row %d of it stands nowhere in the log", r.seq)
		}
	}
}

// declaredAbsent reports a row that was declared absent, under whatever name, and that the
// phone does not have any more: what one copy has lost another one that has it brings.
func (m *Model) declaredAbsent(ph *phone, r *row) bool {
	dot := syncengine.Dot{Incarnation: ph.incarnation, Seq: r.seq}
	dot.Incarnation = m.ownerOf(dot)
	d := m.now.decided[dot]
	return d != nil && d.change == nil && r.seq < ph.first
}

// wantOrderFree works every cell out once more from the list of all changes that
// were ever merged, without regard to their order: what nobody of them had seen
// stands, the greatest is shown.
func (m *Model) wantOrderFree() {
	for id := range m.now.records {
		rec := m.now.record(id)
		for _, c := range rec.cells {
			var set []value
			for _, a := range c.merged {
				seen := slices.ContainsFunc(c.merged, func(b merged) bool { return b.write != a.write && m.sawThen(b.value, a.value) })
				if !seen {
					set = append(set, a.value)
				}
			}
			ordered(rec.kind, set)
			m.at(0, id).want(slices.EqualFunc(set, c.set, func(a, b value) bool { return a.write == b.write }), I9,
				"field %d holds %s; by what their authors had seen, in any order, it is %s", c.key.Field, setText(c.set), setText(set))
		}
	}
}

// wantHeldMerged wants no cell to be held that the server's software knows.
func (m *Model) wantHeldMerged() {
	for dot, d := range m.now.decided {
		if d.change == nil || m.now.waiting[dot] || d.last.Type == store.EntryRejected {
			continue
		}
		for _, n := range d.held {
			kind, ok := m.schema.Kind(d.change.row.change.Kind)
			if !ok {
				continue
			}
			_, known := kind.Field(n)
			known = known && !m.barred(d.change, syncengine.CellKey{Field: n})
			m.at(0, d.change.row.change.RecordID).want(!known, I15, "field %d of change %s is known by now and was not merged", n, named(dot))
		}
	}
}
