package model

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Systems outside read a feed with the rights of one user. Each page may hold what that user may read when it is cut, and nothing
// else; who took every page, forgot what they were told to forget and has caught up holds exactly what the log gives through those
// rights, also after the log went back.

// Feed is what is sent to one system.
type Feed struct {
	ID, User syncengine.ID
	// Sealed sends sealed fields too.
	Sealed bool
}

// FeedHeld is a record as a system outside holds it.
type FeedHeld struct {
	Seq    syncengine.Seq
	Fields string
}

// feedSees gives what of a record a feed is sent.
func (m *Model) feedSees(feed Feed, rec *record) schema.Classes {
	view := m.rightsOf(feed.User, feed.ID, 0)
	classes := m.schema.Access.ReadClasses(rec.kind.Number, m.overNow(&view, rec))
	if !feed.Sealed {
		classes &^= m.schema.Access.Sealed()
	}
	return classes
}

// FeedTold tells of a page that a feed was given.
func (m *Model) FeedTold(feed Feed, page *syncv1.Page) []Violation {
	for _, told := range page.GetRecords() {
		id := syncengine.ID(told.GetId())
		f, rec := m.at(0, id), m.now.record(id)
		if !f.want(rec != nil && rec.seq == syncengine.Seq(told.GetSeq()), I4, "a feed tells it at seq %d, the log has it at %d", told.GetSeq(), seqOf(rec)) {
			continue
		}
		classes := m.feedSees(feed, rec)
		if !f.want(classes != 0, I10, "a feed tells it, and its user may not read it") {
			continue
		}
		f.want(told.GetDead() == (rec.deletion() != nil) && string(told.GetFields()) == string(m.cut(rec, classes).fields), I10,
			"a feed tells it otherwise than the log gives it to who may read classes %b", classes)
	}
	return m.CheckStep()
}

// FeedCaughtUp wants a system that has caught up to hold what its feed's user may read.
func (m *Model) FeedCaughtUp(feed Feed, held map[syncengine.ID]FeedHeld) []Violation {
	for id := range m.now.records {
		rec := m.now.record(id)
		f, classes := m.at(0, id), m.feedSees(feed, rec)
		got, holds := held[id]
		if classes == 0 || rec.deletion() != nil {
			f.want(!holds, I10, "who reads a feed to its end still holds it, at seq %d: it is deleted %v", got.Seq, rec.deletion() != nil)
			continue
		}
		if f.want(holds, I4, "who reads a feed to its end was not told of it, at seq %d", rec.seq) {
			f.want(got.Fields == string(m.cut(rec, classes).fields), I4, "who reads a feed to its end holds it of seq %d, the log has it otherwise at %d", got.Seq, rec.seq)
		}
	}
	for id, got := range held {
		m.at(0, id).want(m.now.record(id) != nil, I4, "who reads a feed to its end holds it, at seq %d, and the log does not have it", got.Seq)
	}
	return m.CheckStep()
}
