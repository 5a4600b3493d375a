package model_test

import "testing"

func TestStory_WhoCaughtUpBetweenTwoCopiesBackStandsOnWhatBothHold(t *testing.T) {
	s, a, b := pair(t)
	a.sync()
	door := a.syncedDoor()
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
	s, a, b, c := trio(t)
	door := c.syncedDoor(a, b)
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
	a.wantConflicts(1, "b's count beside a's")
	s.rest()
}

// a has seen c's count. A restore loses it, and in the epoch that begins then a sees b's instead and
// writes over that. Nobody knows of that epoch when the backup with c's count is restored: its number
// begins anew. That a once saw c's count is proven; that it was on the screen is not.
func TestStory_WhatWasSeenOnceInAnEarlierEpochWasNotOnTheScreenOfATwinOfThisOne(t *testing.T) {
	s, a, b, c := trio(t)
	door := c.syncedDoor(b)
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
	a.wantConflicts(1, "c's count beside a's")
	s.rest()
}
