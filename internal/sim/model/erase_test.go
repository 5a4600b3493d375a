package model_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// noteField is the note of a visit, which residents ask to have erased.
const noteField syncengine.FieldNumber = 5

// eraseNote has the privacy desk destroy the note of a visit.
func (s *stage) eraseNote(visit syncengine.ID) {
	s.t.Helper()
	s.must(s.act(model.Act{Erase: []syncengine.ID{visit}}))
}

// erasedVisit has a write a visit whose note is erased, which a hears of, and gives a backup of then.
func erasedVisit(t *testing.T) (s *stage, a *actor, visit syncengine.ID, erased *memstore.Store) {
	t.Helper()
	s, a = alone(t)
	_, visit = a.syncedVisit()
	s.eraseNote(visit)
	a.sync()
	s.clean()
	return s, a, visit, s.backUp("erased")
}

// note gives the note of a visit as the phone shows it.
func (p *actor) note(visit syncengine.ID) string {
	p.s.t.Helper()
	rec, err := p.Get(visit)
	p.s.must(err)
	m, err := rec.Message()
	p.s.must(err)
	return m.(*recordv1.Visit).GetNote()
}

// After a restore a writes the note anew, having seen the erasure. The file is copied back to
// the backup, which knows nothing of the epoch that a wrote in: a says where that branched off.
func TestStory_WhatWasWrittenAfterAnErasureStandsAlsoInALogThatNeverKnewItsEpoch(t *testing.T) {
	s, a, visit, erased := erasedVisit(t)
	s.restore("erased", erased)
	a.sync()
	a.edit(visit, reworded())
	a.sync()
	s.clean()
	s.copyBack("erased", erased)
	a.sync()
	s.clean()
	a.wantNote(visit, rewording)
	s.rest()
}

// Who syncs for the first time while an epoch is in force that a later log never hears of was told
// of no erasure from before: what they write stands too.
func TestStory_WhoNeverHeardOfAnErasureThatTheyStandOnLosesNothing(t *testing.T) {
	s, _, visit, _ := erasedVisit(t)
	b := s.worker("阿乙")
	c := s.worker("阿丙")
	erased := s.backUp("erased")
	s.restore("erased", erased)
	b.sync()
	b.edit(visit, reworded())
	b.sync()
	s.clean()
	s.copyBack("erased", erased)
	b.sync()
	c.sync()
	s.clean()
	c.wantNote(visit, rewording)
	s.rest()
}

// The erasure is lost with the log, and a hands it back: the phone shows what the log gives, and b,
// who wrote from before it, loses the note.
func TestStory_AnErasureThatARestoreHasLostComesBackWithAPhone(t *testing.T) {
	s, a, b := pair(t)
	_, visit := a.syncedVisit(b)
	before := s.backUp("before")
	s.eraseNote(visit)
	a.sync()
	s.restore("before", before)
	s.clean()
	a.sync()
	s.clean()
	b.edit(visit, noted("住户仍不在家"))
	b.sync()
	s.clean()
	b.wantNote(visit, "")
	s.rest()
}

// The log in force has the erasure where it first stood; b wrote the note anew behind the place at which a phone had brought it
// back to another one. The server tells that place too, which a side ledger has kept, and b's note is no stale one.
func TestStory_ABarrierThatTellsALostPlaceSparesWhatWasWrittenBehindIt(t *testing.T) {
	s, a, b := pair(t)
	door, visit := a.syncedVisit()
	before := s.backUp("before")
	a.edit(door, rooms(3))
	a.sync()
	s.eraseNote(visit)
	a.sync()
	erased := s.backUp("erased")
	s.restore("before", before)
	var lost *syncv1.Coordinate
	a.twist = func(reply *syncv1.ExchangeResponse) {
		for _, told := range reply.GetBarriers() {
			lost = told.GetCoordinate()
		}
	}
	a.sync()
	// Whom the server told nothing in that log hands nothing back, and the log that comes learns of the place from nobody.
	b.alter = func(reply *syncv1.ExchangeResponse) { reply.Barriers = nil }
	b.sync()
	b.oneAtATime()
	b.edit(door, rooms(4))
	b.edit(visit, reworded())
	s.clean()
	s.restore("erased", erased)
	b.alter = func(reply *syncv1.ExchangeResponse) {
		for _, told := range reply.GetBarriers() {
			told.Earlier, b.cut = []*syncv1.Coordinate{lost}, true
		}
	}
	b.sync()
	if lost == nil || !b.cut {
		t.Fatal("the erasure was not told in both logs")
	}
	s.clean()
	b.wantNote(visit, rewording)
}

// Of an erasure of every text of a door, a phone whose software does not know that rooms are none takes them out as well, and has
// them back with the page. Between the two its line is cut.
func TestStory_AnOlderAppTakesOutWhatItCannotTellFromAText(t *testing.T) {
	newer := schema.Load().Introducing("premises", "rooms")
	s := newStageWith(t, newer)
	s.erases = syncengine.EveryCell
	a := s.worker("阿甲")
	b := s.worker("阿乙")
	c := s.worker("阿丙")
	a.knows(newer.At(newer.Engine.Version - 1))
	c.pages(1)
	a.pages(1)
	door := b.add(s.door(gridA, "大研街道1号"))
	b.edit(door, rooms(3))
	b.sync()
	a.sync()
	c.sync()
	s.clean()
	s.must(s.act(model.Act{Erase: []syncengine.ID{door}}))
	b.add(s.door(gridA, "大研街道2号"))
	b.add(s.door(gridA, "大研街道3号"))
	b.sync()
	for _, p := range []*actor{a, c} {
		p.pass, p.lose = 2, 1
		p.sync()
		p.cut = true
		s.clean()
	}
	if got, whole := a.rooms(door), c.rooms(door); got != 0 || whole != 3 {
		t.Errorf("the older app's phone shows %d rooms, the newer one's %d", got, whole)
	}
	for _, p := range []*actor{a, c} {
		p.cut, p.pass, p.lose = false, 0, 0
		p.sync()
		s.clean()
	}
	if got := a.rooms(door); got != 3 {
		t.Errorf("after the page the older app's phone shows %d rooms", got)
	}
	s.rest()
}

// rooms gives how many rooms the phone shows a door with.
func (p *actor) rooms(door syncengine.ID) uint32 {
	p.s.t.Helper()
	rec, err := p.Get(door)
	p.s.must(err)
	m, err := rec.Message()
	p.s.must(err)
	return m.(*recordv1.Premises).GetRooms()
}

// What a wrote was erased, and then the file is copied back. The phone has nothing left of its
// change to send, not even where its author stood: of an epoch with two histories there is no base
// to count in part.
func TestStory_AnErasedChangeTellsACopiedBackLogNothingOfItsBase(t *testing.T) {
	s, a, b := pair(t)
	door, visit := a.syncedVisit(b)
	early := s.backUp("early")
	a.edit(door, rooms(3))
	a.sync()
	a.edit(visit, noted("住户仍不在家"))
	a.sync()
	s.eraseNote(visit)
	a.sync()
	s.clean()
	s.copyBack("early", early)
	b.edit(door, rooms(4))
	b.edit(door, rooms(5))
	b.sync()
	s.clean()
	a.sync()
	s.clean()
	a.wantNote(visit, "")
	s.rest()
}

// a has seen the erasure and written the note anew, but stood on no place that the log copied back has from behind it: what it has
// proven lies before. Of the erasure, which two backups hold, it remembers nothing, and is told how much of its places counts.
func TestStory_ATellingCutsWhatNothingProvesInAnEpochOfTwoHistories(t *testing.T) {
	s, a, b := pair(t)
	door, visit := a.syncedVisit()
	s.eraseNote(visit)
	early := s.backUp("early")
	b.sync()
	b.edit(door, rooms(3))
	b.sync()
	a.sync()
	s.tellBackups(a, 2)
	a.oneAtATime()
	a.edit(door, rooms(4))
	a.edit(visit, reworded())
	a.sync()
	s.clean()
	s.copyBack("early", early)
	a.sync()
	s.clean()
}
