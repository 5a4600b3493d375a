package model_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A visit is told to have been at a second door. That is supplied again to a server
// restored from before, and there b reads it and takes it back. The backup of after
// has it by its first place only, which b never saw: both the telling and its removal
// stand, and the visit follows both doors.
func TestStory_ABackupKnowsAChangeByThePlacesOfItsOwnHistory(t *testing.T) {
	s, a, b := pair(t)
	first, second := a.add(s.door(gridA, "大研街道1号")), a.add(s.door(gridA, "大研街道2号"))
	visit := a.add(visitOf(first, "门口电线老化"))
	a.sync()
	before := s.backUp("before")
	a.edit(visit, &recordv1.Visit{PremisesIds: [][]byte{second[:]}})
	a.sync()
	after := s.backUp("after")
	s.restore("before", before)
	a.sync()
	read := s.backUp("read")
	b.sync()
	b.do(func() error {
		return b.Group(func(g *client.Group) error { return g.Remove(visit, "visit", "premises_ids", string(second[:])) })
	})
	s.clean()
	s.restore("after", after)
	b.sync()
	s.clean()
	if got := s.visitDoors(visit); got != 2 {
		t.Errorf("the visit follows %d doors, want both", got)
	}
	s.rest()
	// The log that b read has the telling by the place where b read it: there it is taken back.
	s.restore("read", read)
	b.sync()
	s.clean()
	if got := s.visitDoors(visit); got != 1 {
		t.Errorf("the visit follows %d doors, want the first", got)
	}
	s.rest()
}

// visitDoors counts the doors whose keys a visit is stored under.
func (s *stage) visitDoors(visit syncengine.ID) (doors int) {
	s.t.Helper()
	s.must(s.service.View(s.ctx, func(r store.Reader) error {
		row, _, err := r.Record(visit)
		if err != nil {
			return err
		}
		keys, err := wire.StoredKeys(row.Body)
		for _, key := range keys {
			if key == syncengine.RecordKey(key.ID()) {
				doors++
			}
		}
		return err
	}))
	return doors
}

// b has read a's edit and takes the door back; a restore loses both. The deletion comes
// back first, and c, who never saw the edit, confirms it against an edit of their own.
// What b had seen stays covered when a's edit comes back last: nothing of it is open.
func TestStory_WhoConfirmsADeletionTakesOverWhatItsAuthorHadSeen(t *testing.T) {
	s, a, b, c := trio(t)
	door := a.syncedDoor(c)
	before := s.backUp("before")
	a.edit(door, rooms(3))
	a.sync()
	b.sync()
	b.do(func() error { return b.Delete(door) })
	s.restore("before", before)
	b.sync()
	c.edit(door, contact("木文"))
	c.sync()
	c.acknowledge()
	c.sync()
	s.clean()
	a.sync()
	s.clean()
	s.rest()
	a.wantConflicts(0, "none")
}

// a writes a count over b's where they read it, under grants that a restore loses afterwards. The phone hands newer ones back,
// under which a has never read that door at that place, and the change says under which it was made: it is judged by those
// before them, under which b's count was before a's eyes too.
func TestStory_WorkUnderGrantsThatARestoreHasLostIsJudgedByThoseBeforeThem(t *testing.T) {
	s, a := alone(t)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridB)
	door := b.add(s.door(gridB, "大研街道1号"))
	b.edit(door, rooms(3))
	b.sync()
	s.sent(a, community)
	kept := s.backUp("under the second grants")
	s.sent(a, gridB)
	a.sync()
	a.edit(door, rooms(4))
	a.sync()
	s.moveDoor(door, gridA)
	s.sent(a, gridA)
	a.sync()
	s.clean()
	s.restore("under the second grants", kept)
	s.grantedNow(a.user)
	s.moveDoor(door, gridA)
	a.sync()
	s.clean()
	b.sync()
	s.rest()
	a.wantConflicts(0, "none")
}

func TestStory_AnAuthorWhoIsHeldForBlindIsFound(t *testing.T) {
	s, a, b := pair(t)
	door := b.syncedDoor(a)
	a.edit(door, rooms(4))
	s.write = extra(func(m *storedv1.Extra) { m.Unreadable = 1 << 1 })
	a.sync()
	if found := s.model.CheckStep(); len(found) == 0 || found[0].Invariant != model.I3 {
		t.Errorf("found %v, want I3 first", found)
	}
}

// What two backups hold a phone lets go of. A log of before both asks for it: until the phone has said that it has it no more, that
// does not wait to be sent.
func TestStory_WhatAPhoneHasLetGoOfWaitsForNothingInALogOfBefore(t *testing.T) {
	for _, backups := range []int{1, 2} {
		s, a := alone(t)
		a.sync()
		before := s.backUp("before")
		door := a.add(s.door(gridA, "大研街道1号"))
		a.edit(door, rooms(3))
		a.sync()
		s.tellBackups(a, backups)
		a.edit(door, rooms(4))
		s.restore("before", before)
		a.twist = func(*syncv1.ExchangeResponse) { a.cut = true }
		a.sync()
		status, err := a.Status()
		s.must(err)
		left, err := a.Written(1)
		s.must(err)
		s.model.Sealed(a.id, syncengine.DeviceSeq(left[0].DeviceSeq), nil)
		s.clean()
		if want := map[int]int{1: 3, 2: 1}[backups]; status.Pending != want {
			t.Errorf("with %d backups %d changes wait, want %d", backups, status.Pending, want)
		}
	}
}

// sent gives a phone's user another territory.
func (s *stage) sent(p *actor, territory string) {
	s.t.Helper()
	s.changeUser(p.user, func(u *identity.User) { u.TerritoryID = s.grids[territory] })
}

// acknowledge lets everything stand that is open on the phone.
func (p *actor) acknowledge() {
	p.s.t.Helper()
	open, err := p.Conflicts()
	p.s.must(err)
	for _, conflict := range open {
		p.do(func() error { return p.Acknowledge(conflict.ID) })
	}
}

// The grid worker b takes a door back on which an officer has written what b may not
// read. Another officer confirms that in an epoch that has lost the note. Neither had
// the note before them: when it comes back it is open.
func TestStory_WhoConfirmsADeletionTakesOverNothingThatItsAuthorCouldNotRead(t *testing.T) {
	s := newStage(t)
	a := s.phone("阿甲", recordv1.Role_ROLE_POLICE_OFFICER, community)
	b := s.worker("阿乙")
	c := s.phone("阿丙", recordv1.Role_ROLE_POLICE_OFFICER, community)
	door := a.syncedDoor(c)
	before := s.backUp("before")
	a.edit(door, &recordv1.Premises{PoliceNote: proto.String("已核查")})
	a.sync()
	b.sync()
	b.do(func() error { return b.Delete(door) })
	s.restore("before", before)
	b.sync()
	c.edit(door, contact("木文"))
	c.sync()
	c.acknowledge()
	c.sync()
	s.clean()
	a.sync()
	s.clean()
	s.rest()
	a.wantConflicts(1, "the note")
}

// a corrects a count of their own, c disagrees, and b closes that conflict. A restore
// loses all three but not a's first count. What b's change takes out of the server's
// set is one that a had let go: b chose between the counts that were left of it.
func TestStory_WhoClosesAConflictNeedNotHaveSeenWhatItsSidesHadWrittenOver(t *testing.T) {
	s, a, b, c := trio(t)
	door := a.syncedDoor(c)
	a.edit(door, rooms(3))
	a.sync()
	before := s.backUp("before")
	a.edit(door, rooms(4))
	a.sync()
	c.edit(door, rooms(5))
	c.sync()
	b.sync()
	b.acknowledge()
	s.clean()
	s.restore("before", before)
	b.sync()
	s.clean()
	s.rest()
}

// Two copies of a database write under one number: c what waits, to a door that it may not write to, and in another history a
// something else. In the one with c's it still waits, and what c writes to that door waits behind it.
func TestStory_WhatWaitsIsWhatTheHistoryInForceHasUnderItsNumber(t *testing.T) {
	s, a := alone(t)
	b := s.phone("阿乙", recordv1.Role_ROLE_GRID_WORKER, gridB)
	door := b.add(s.door(gridB, "福慧路1号"))
	b.heardOf([]*actor{a})
	files := a.copyAside("copy")
	c := a.clone("copy", files)
	before := s.backUp("before")
	joins := func() error { return c.AddWithID(door, s.door(gridA, "福慧路一号")) }
	c.do(joins)
	c.sync()
	after := s.backUp("after")
	s.restore("before", before)
	a.syncedDoor()
	s.clean()
	s.restore("after", after)
	c.do(joins)
	c.sync()
	s.clean()
	s.rest()
}
