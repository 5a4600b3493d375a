package model

import (
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// noteServed remembers where a reply has its phone stand: the cursor and the tag are
// what it can prove that with.
func (m *Model) noteServed(reply *syncv1.ExchangeResponse, at place) {
	m.cursors[string(reply.GetCursor())] = at
	if tag := reply.GetTag(); len(tag) > 0 && at.seq > 0 {
		m.tags[string(tag)] = at
	}
}

// noteProven notes what a call that was taken has shown: which places of the history
// in force its phone has seen, and that an epoch had two histories.
func (m *Model) noteProven(c *call) {
	shown := m.shownBy(c)
	for _, at := range m.cursorsOf(c) {
		if m.elsewhere(at) && at.epoch < m.now.history.Epoch {
			m.now.doubtful[at.epoch] = true
		}
	}
	if m.writesDown(c) {
		m.now.word[c.incarnation()] = m.wordWith(m.now.word[c.incarnation()], c, shown)
	}
}

// cursorsOf lists the places that a call shows by what the realm has signed: that of its cursor, and that of the one its
// phone has let go.
func (m *Model) cursorsOf(c *call) []place {
	return []place{m.cursors[string(c.body.GetCursor())], m.cursors[string(c.body.GetStood().GetCursor())]}
}

// shownBy lists the places that a call shows, that of its cursor first.
func (m *Model) shownBy(c *call) []place {
	shown := []place{m.cursors[string(c.body.GetCursor())]}
	for _, past := range c.body.GetPast() {
		if at, known := m.tags[string(past.GetTag())]; known {
			at.epoch = syncengine.Epoch(past.GetAt().GetEpoch())
			shown = append(shown, at)
		}
	}
	return shown
}

// wordWith gives what an incarnation has said of itself with what a call shows besides.
func (m *Model) wordWith(was word, c *call, shown []place) word {
	next := word{proven: slices.Clip(was.proven), confirmed: slices.Clip(was.confirmed), doubtful: slices.Clip(was.doubtful)}
	if version := c.body.GetStatus().GetGrantVersion(); !slices.Contains(next.confirmed, version) {
		next.confirmed = append(next.confirmed, version)
	}
	for _, at := range shown {
		if _, ok := m.inForce(at); ok && !slices.Contains(next.proven, at) {
			next.proven = append(next.proven, at)
		}
		if m.elsewhere(at) && !slices.Contains(next.doubtful, at.epoch) {
			next.doubtful = append(next.doubtful, at.epoch)
		}
	}
	return next
}

// word is what an incarnation has said of itself that its server has written down.
type word struct {
	// proven are the places of this history that it has shown to have seen.
	proven []place
	// confirmed are the versions of grants that it has told to work under.
	confirmed []uint64
	// doubtful are the epochs in which it has shown to have stood in another history than this.
	doubtful []syncengine.Epoch
}

// writesDown reports a call that has its server write: one that only asks leaves nothing.
func (m *Model) writesDown(c *call) bool {
	return len(c.rows) > 0 || len(c.body.GetPast()) > 0 || c.body.GetAbsent() != nil ||
		c.body.GetEpoch() != 0 && c.body.GetEpoch() != uint32(m.now.history.Epoch)
}

// wantNoticed wants nothing to be decided in an epoch of which the call shows a place
// that the history in force does not have: the database was put back.
func (m *Model) wantNoticed(c *call) {
	for _, at := range m.cursorsOf(c) {
		noticed := at.isZero() || at.epoch < m.now.history.Epoch || m.common(at) >= at.seq
		m.at(0, syncengine.ID{}).want(noticed, I20, "a change is decided in epoch %d for a phone that has shown %d/%d, which this history lacks",
			m.now.history.Epoch, at.epoch, at.seq)
	}
}

// elsewhere reports a place whose number is in this history another entry's.
func (m *Model) elsewhere(at place) bool {
	if at.isZero() || at.epoch > m.now.history.Epoch || !m.knows(at.epoch) {
		return false
	}
	seq, _ := m.shared(at.epoch, m.now.history.Epoch)
	return at.seq <= seq && m.common(at) < at.seq
}

// doubtfulTo reports an epoch that the server knows to have had two histories, or by
// whose numbers an incarnation has shown to mean another one than the log's.
func (m *Model) doubtfulTo(incarnation syncengine.ID, epoch syncengine.Epoch) bool {
	return m.now.doubtful[epoch] || slices.Contains(m.now.word[incarnation].doubtful, epoch)
}

// provenIn gives the greatest place of an epoch that an incarnation has proven to have
// seen of the history in force, there or in an earlier one that shares it.
func (m *Model) provenIn(incarnation syncengine.ID, epoch syncengine.Epoch) (most syncengine.Seq) {
	for _, at := range m.now.word[incarnation].proven {
		if at.epoch <= epoch {
			shared, _ := m.shared(at.epoch, epoch)
			most = max(most, min(at.seq, shared))
		}
	}
	return most
}
