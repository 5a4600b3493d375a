package model_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// extra has what entries say besides changed.
func extra(change func(*storedv1.Extra)) func(*store.Entry) {
	return func(e *store.Entry) {
		m := &storedv1.Extra{}
		if err := proto.Unmarshal(e.Extra, m); err != nil {
			panic(err)
		}
		change(m)
		e.Extra, _ = proto.MarshalOptions{Deterministic: true}.Marshal(m)
	}
}

// misjudged are servers that are wrong about the past of a change that comes back
// after a restore.
var misjudged = []struct {
	name  string
	write func(*store.Entry)
}{
	{"a place is dropped", extra(func(m *storedv1.Extra) { m.First = nil })},
	{"a place is invented", extra(func(m *storedv1.Extra) { m.First = append(m.First, &storedv1.Coordinate{Epoch: 1, Seq: 40}) })},
	{"a place is another one", extra(func(m *storedv1.Extra) { m.First[0].Seq++ })},
	{"the stamp is that of coming back", func(e *store.Entry) { e.Stamp += 7 }},
	{"a good stamp became a suspect one", func(e *store.Entry) { e.Suspect = true }},
	{"a base of one history counts in part", extra(func(m *storedv1.Extra) { m.CountedBase = &storedv1.Coordinate{Epoch: 1, Seq: 1} })},
}

func TestHealing_EveryMisjudgedPastIsFound(t *testing.T) {
	for _, wrong := range misjudged {
		t.Run(wrong.name, func(t *testing.T) {
			s, a, _ := lostEdit(t)
			s.write = wrong.write
			a.sync()
			firstFound(t, s)
		})
	}
}

// firstFound wants what was found first to be about what came back.
func firstFound(t *testing.T, s *stage) {
	t.Helper()
	if found := s.model.CheckStep(); len(found) == 0 || found[0].Invariant != model.I13 {
		t.Errorf("found %v, want I13 first", found)
	}
}

// lostEdit has a write an edit that a restore loses.
func lostEdit(t *testing.T) (s *stage, a *actor, door syncengine.ID) { return lostEdits(t, 1) }

// lostEdits has a write some.
func lostEdits(t *testing.T, n uint32) (s *stage, a *actor, door syncengine.ID) {
	t.Helper()
	s, a = alone(t)
	a.sync()
	door = a.syncedDoor()
	kept := s.backUp("before")
	for i := range n {
		a.edit(door, rooms(3+i))
	}
	a.sync()
	s.clean()
	s.restore("before", kept)
	return s, a, door
}

// forgetful are phones that do not tell a restored server all that they were told.
var forgetful = []struct {
	name string
	body func(*syncv1.ExchangeBody)
}{
	{"places are not told", func(b *syncv1.ExchangeBody) { b.GetBatch().GetChanges()[0].First.Coordinates = nil }},
	{"another stamp is told", func(b *syncv1.ExchangeBody) { b.GetBatch().GetChanges()[0].First.StampMs++ }},
	{"the receipt is not sent", func(b *syncv1.ExchangeBody) { b.Receipt = nil }},
}

func TestHealing_APhoneThatForgetsIsFound(t *testing.T) {
	for _, wrong := range forgetful {
		t.Run(wrong.name, func(t *testing.T) {
			s, a, _ := lostEdit(t)
			s.body = func(b *syncv1.ExchangeBody) {
				if c := b.GetBatch().GetChanges(); len(c) > 0 && c[0].First != nil {
					wrong.body(b)
				}
			}
			a.sync()
			firstFound(t, s)
		})
	}
}

// twoHistories has a stand on a door's move in a history of epoch 1 that is no more,
// whose number b's work has now, and write to the door.
func twoHistories(t *testing.T) (s *stage, a, b *actor) {
	t.Helper()
	s, a, b = pair(t)
	a.sync()
	door := a.syncedDoor(b)
	kept := s.backUp("before")
	a.edit(door, rooms(3))
	a.sync()
	s.copyBack("before", kept)
	b.edit(door, rooms(5))
	b.sync()
	a.edit(door, rooms(4))
	s.clean()
	return s, a, b
}

func TestPutBack_WhatBothHistoriesHaveIsCoveredAndNoMore(t *testing.T) {
	s, a, b := twoHistories(t)
	a.sync()
	b.sync()
	s.clean()
	s.rest()
}

func TestPutBack_ABaseThatCountsForTheOtherHistoryIsFound(t *testing.T) {
	s, a, _ := twoHistories(t)
	s.write = extra(func(m *storedv1.Extra) { m.CountedBase = nil })
	a.sync()
	firstFound(t, s)
}

func TestPutBack_ABaseThatCountsForLessThanIsProvenIsFound(t *testing.T) {
	s, a, _ := twoHistories(t)
	s.write = extra(func(m *storedv1.Extra) {
		if m.CountedBase != nil {
			m.CountedBase = &storedv1.Coordinate{Epoch: 1}
		}
	})
	a.sync()
	firstFound(t, s)
}

func TestPutBack_APlaceOfAnEpochKnownToHaveHadTwoHistoriesIsFound(t *testing.T) {
	s, a, _ := twoHistories(t)
	s.write = extra(func(m *storedv1.Extra) {
		if len(m.First) == 0 {
			m.First = []*storedv1.Coordinate{{Epoch: 1, Seq: 2}}
		}
	})
	a.sync()
	firstFound(t, s)
}

// TestHealing_WhatALateCopyBroughtIsAskedAgain has a hear of the other history, and what became there of the edits that a
// copy of its request has brought only later: until then they wait to be sent once more.
func TestHealing_WhatALateCopyBroughtIsAskedAgain(t *testing.T) {
	s, a, door := lostEdits(t, 3)
	s.repeat(a)
	a.edit(door, rooms(9))
	a.pass, a.lose = 1, 1
	a.sync()
	s.clean()
	a.sync()
	s.rest()
}
