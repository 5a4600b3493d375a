package model_test

import (
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// backup is the store as it was copied aside under a name.
type backup struct {
	name  string
	store *memstore.Store
	head  store.Head
}

// backUp copies the server's store aside.
func (s *stage) backUp(name string) (b backup) {
	s.t.Helper()
	b = backup{name: name, store: s.store.Copy()}
	s.must(b.store.View(s.ctx, func(r store.Reader) error {
		b.head = r.Head()
		s.model.BackedUp(name, b.head)
		return nil
	}))
	return b
}

// copyBack puts a copy in the store's place and tells nobody.
func (s *stage) copyBack(b backup) {
	s.t.Helper()
	s.must(s.service.Close())
	s.later(time.Second)
	s.store, s.told = b.store.Copy(), b.head.Seq
	s.model.WentBack(b.name, false)
	s.serve()
}

func TestStory_WhoCaughtUpBetweenTwoCopiesBackStandsOnWhatBothHold(t *testing.T) {
	s := newStage(t)
	a := s.phone("阿甲", recordv1.Role_ROLE_GRID_WORKER, gridA)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	a.sync()
	door := a.add(s.door(gridA, "大研街道1号"))
	a.sync()
	kept := s.backUp("early")
	s.copyBack(kept)
	b.sync()
	s.copyBack(kept)
	b.edit(door, rooms(4))
	s.moveDoor(door, gridB)
	// The edit is of what stood before the move, in the log that is served now too.
	b.sync()
	s.clean()
	s.rest()
}
