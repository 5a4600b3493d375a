package model_test

import (
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// copyBack puts a copy in the store's place and tells nobody.
func (s *stage) copyBack(name string, backup *memstore.Store) {
	s.t.Helper()
	s.must(s.service.Close())
	s.later(time.Second)
	s.store = backup.Copy()
	s.must(s.store.View(s.ctx, func(r store.Reader) error {
		s.told, s.epoch = r.Head().Seq, r.Head().Epoch
		return nil
	}))
	s.model.WentBack(name, false)
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
	s.copyBack("early", kept)
	b.sync()
	s.copyBack("early", kept)
	b.edit(door, rooms(4))
	s.moveDoor(door, gridB)
	// The edit is of what stood before the move, in the log that is served now too.
	b.sync()
	s.clean()
	s.rest()
}

// A file is copied back, b works on it, and a backup is made of that before anybody has
// noticed. Restored from it, the server cannot see in its own log that a's numbers are
// those of the history that was lost: only a's checkpoints tell. What b wrote at the
// number that a stood on is open, not covered.
func TestStory_ABackupOfAHistoryThatNobodyHasNoticedIsNotTakenForTheOneThatWasSeen(t *testing.T) {
	s := newStage(t)
	a := s.phone("阿甲", recordv1.Role_ROLE_GRID_WORKER, gridA)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	c := s.phone("阿丙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	door := c.add(s.door(gridA, "大研街道1号"))
	c.sync()
	a.sync()
	b.sync()
	before := s.backUp("before")
	c.edit(door, rooms(3))
	c.sync()
	a.sync()
	a.edit(door, rooms(4))
	a.sync()
	s.copyBack("before", before)
	b.edit(door, rooms(5))
	b.sync()
	unnoticed := s.backUp("unnoticed")
	s.restore("unnoticed", unnoticed)
	a.sync()
	s.clean()
	if n, err := a.ConflictCount(); err != nil || n != 1 {
		t.Errorf("%d conflicts are open, want b's count beside a's: %v", n, err)
	}
	s.rest()
}

// a has seen c's count. A restore loses it, and in the epoch that begins then a sees b's instead and
// writes over that. Nobody knows of that epoch when the backup with c's count is restored: its number
// begins anew. That a once saw c's count is proven; that it was on the screen is not.
func TestStory_WhatWasSeenOnceInAnEarlierEpochWasNotOnTheScreenOfATwinOfThisOne(t *testing.T) {
	s := newStage(t)
	a := s.phone("阿甲", recordv1.Role_ROLE_GRID_WORKER, gridA)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	c := s.phone("阿丙", recordv1.Role_ROLE_GRID_WORKER, gridA)
	door := c.add(s.door(gridA, "大研街道1号"))
	c.sync()
	b.sync()
	before := s.backUp("before")
	c.edit(door, rooms(3))
	c.sync()
	a.sync()
	after := s.backUp("after")
	s.restore("before", before)
	b.edit(door, rooms(5))
	b.sync()
	a.sync()
	a.edit(door, rooms(4))
	s.clean()
	s.copyBack("before", before)
	s.restore("after", after)
	a.sync()
	s.clean()
	if n, err := a.ConflictCount(); err != nil || n != 1 {
		t.Errorf("%d conflicts are open, want c's count beside a's: %v", n, err)
	}
	s.rest()
}
