package model_test

import (
	"maps"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/syncengine"
)

func TestStory_WhoReadsAFeedHoldsWhatItsUserMayRead(t *testing.T) {
	s, a := alone(t)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridB)
	own := s.door(gridA, "大研街道1号")
	own.Contact = contact("王五").GetContact()
	door, other := a.add(own), b.add(s.door(gridB, "大研街道2号"))
	a.sync()
	b.sync()
	s.clean()
	feed := model.Feed{ID: s.id(), User: a.user}
	held := s.read(feed, feed.Sealed)
	if found := s.model.FeedCaughtUp(feed, held); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	lacks, more, open := maps.Clone(held), maps.Clone(held), s.read(feed, true)
	delete(lacks, door)
	more[other] = held[door]
	for name, held := range map[string]map[syncengine.ID]model.FeedHeld{"lacks a door": lacks, "holds another's": more, "holds a contact": open} {
		if found := s.model.FeedCaughtUp(feed, held); len(found) == 0 {
			t.Errorf("who reads the feed %s, and nothing is found", name)
		}
	}
}

// read reads a feed from the start, with sealed fields or without them.
func (s *stage) read(feed model.Feed, sealed bool) map[syncengine.ID]model.FeedHeld {
	s.t.Helper()
	pulled, err := s.service.Pull(s.ctx, exchange.Subscription{ID: feed.ID, User: feed.User, Sealed: sealed, Recipient: "平台", Purpose: "协同"}, nil, 0)
	s.must(err)
	if found := s.model.FeedTold(feed, pulled.Page); len(found) > 0 != (sealed != feed.Sealed) || !pulled.CaughtUp {
		s.t.Errorf("told, with sealed fields %v: %v, caught up %v", sealed, found, pulled.CaughtUp)
	}
	held := map[syncengine.ID]model.FeedHeld{}
	for _, rec := range pulled.Page.GetRecords() {
		held[syncengine.ID(rec.GetId())] = model.FeedHeld{Seq: syncengine.Seq(rec.GetSeq()), Fields: string(rec.GetFields())}
	}
	return held
}
