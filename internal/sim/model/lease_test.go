package model_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

const aDay = 24 * time.Hour

// putAway is a stage with a phone that was lent its area for ten days, and an edit on it that nobody has sent.
func putAway(t *testing.T) (s *stage, a *actor, door syncengine.ID) {
	t.Helper()
	s, a = alone(t)
	door = a.syncedDoor()
	a.edit(door, rooms(3))
	return s, a, door
}

func TestStory_WhatComesOutOfADrawerIsJudgedByTheLeaseOfItsTime(t *testing.T) {
	for days, waiting := range map[time.Duration]int{23: 0, 25: 1, 40: 1} {
		s, a, door := putAway(t)
		s.later(days * aDay)
		a.sync()
		s.clean()
		if got := len(s.waiting()); got != waiting {
			t.Errorf("after %d days %d changes wait, want %d", days, got, waiting)
		}
		a.edit(door, rooms(5))
		a.sync()
		s.clean()
		if got := len(s.waiting()); got != waiting {
			t.Errorf("after %d days a change under the new lease is among %d that wait", days, got)
		}
	}
}

// The server has lent it for twenty days, or for two, and says that it were ten.
func TestStory_AServerThatGoesByAnotherLeaseIsFound(t *testing.T) {
	for days, length := range map[time.Duration]time.Duration{25: 20 * aDay, 17: 2 * aDay} {
		s := newStage(t)
		s.must(s.service.SetLease(s.ctx, length))
		s.granted = func(g *syncv1.Grants) { g.LeaseUntilMs += (10*aDay - length).Milliseconds() }
		a := s.worker("阿甲")
		a.add(s.door(gridA, "大研街道1号"))
		s.later(days * aDay)
		a.sync()
		if found := s.model.CheckStep(); len(found) == 0 || found[0].Invariant != model.I21 {
			t.Errorf("lent for %v and sent after %d days: found %v, want I21 first", length, days, found)
		}
	}
}

func TestCheckFiles_WhatAPhoneWasToDestroyIsFound(t *testing.T) {
	const note = "门口电线老化，住户不在家"
	s, a := alone(t)
	a.syncedVisit()
	look := func(plain string) []model.Violation { return s.model.CheckFiles(a.id, []byte(plain)) }
	s.model.Sealed(a.id, 3, nil)
	if found := look(note); len(found) > 0 {
		t.Errorf("of what the phone shows %v was found", found)
	}
	s.model.Destroyed(a.id)
	if found := look("empty"); len(found) > 0 {
		t.Errorf("of a phone that has destroyed all %v was found", found)
	}
	caught(t, look("free pages "+note), model.I11)
	s.model.Sealed(a.id, 2, nil)
	found := look("empty")
	if !slices.ContainsFunc(found, func(v model.Violation) bool { return strings.Contains(v.Text, "row 2 can be read") }) {
		t.Errorf("a row that is left as it was written: found %v", found)
	}
}

func TestCheckFiles_OfAnErasedRowNothingIsLeftToSealOnAPhoneThatHasDestroyedAll(t *testing.T) {
	s, a := alone(t)
	_, visit := a.syncedVisit()
	a.edit(visit, noted("住户仍不在家，邻居代收通知"))
	a.sync()
	s.eraseNote(visit)
	a.sync()
	s.model.Destroyed(a.id)
	s.model.Sealed(a.id, 1, []syncengine.DeviceSeq{1, 2})
	if found := s.model.CheckFiles(a.id, []byte("empty")); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// The server took a change, its answer was lost, and the phone destroyed what it held: handed in once more, sealed, the change is
// called applied. The phone cannot fold it in, leaves that page aside and is filled from the start.
func TestTook_APageThatThePhoneLeavesAsideHasItCatchUpWithNothing(t *testing.T) {
	s, a := alone(t)
	a.sync()
	s.model.Sealing(func(number uint32, seq syncengine.DeviceSeq, box []byte) (body, salt []byte, err error) {
		key, _ := s.secrets.SealingKey(number)
		return wire.Unseal(key, seq, box)
	})
	a.add(s.door(gridA, "大研街道1号"))
	a.lose = 1
	a.sync()
	s.later(31 * aDay)
	if err := a.Barred(); !errors.Is(err, client.ErrDestroyed) {
		t.Fatalf("barred by %v", err)
	}
	s.model.Destroyed(a.id)
	s.model.Sealed(a.id, 1, []syncengine.DeviceSeq{1})
	a.caughtUp = nil
	a.sync()
	if n := len(a.caughtUp); n < 2 || slices.Contains(a.caughtUp[:n-1], true) || !a.caughtUp[n-1] {
		t.Errorf("of the replies it has caught up with %v", a.caughtUp)
	}
	s.model.Sealed(a.id, 1, nil)
	s.clean()
}
