package demo_test

import (
	"testing"
	"time"

	"onedoor/internal/demo"
)

// story builds a script by hand.
type story struct{ day demo.Day }

// tell begins a story of two doors, 0 and 1, and three phones.
func tell() *story { return &story{day: demo.Day{Phones: 3, SeedPremises: 2}} }

// step adds a step one second after the last.
func (s *story) step(step demo.Step) *story {
	step.At = time.Unix(int64(len(s.day.Steps)), 0)
	s.day.Steps = append(s.day.Steps, step)
	return s
}

// writes lets a phone write one value into a field of door 0.
func (s *story) writes(phone demo.PhoneIndex, name string, value demo.Value) *story {
	return s.changes(phone, demo.Change{
		Op: demo.OpEdit, Ref: door0, Fields: []demo.Field{{Name: name, Value: value}},
	})
}

// changes lets a phone make changes as one group.
func (s *story) changes(phone demo.PhoneIndex, changes ...demo.Change) *story {
	return s.step(demo.Step{Phone: phone, Kind: demo.StepWork, Changes: changes})
}

// syncs lets a phone sync.
func (s *story) syncs(phone demo.PhoneIndex, fault demo.Fault) *story {
	return s.step(demo.Step{Phone: phone, Kind: demo.StepSync, Fault: fault})
}

var (
	door0   = demo.Ref{Kind: demo.RecordPremises, Number: 0}
	visit0  = demo.Ref{Kind: demo.RecordVisit, Number: 0}
	count   = demo.Cell{Ref: door0, Field: demo.FieldHeadcount}
	deletes = demo.Change{Op: demo.OpDelete, Ref: door0}
)

// begins is a create of visit 0 with an outcome.
func begins(outcome demo.Symbol) demo.Change {
	return demo.Change{Op: demo.OpCreate, Ref: visit0, Fields: []demo.Field{{Name: demo.FieldOutcome, Value: outcome}}}
}

func TestLedger_WhatAnAuthorHadSeenIsCovered(t *testing.T) {
	const headcount, rooms = demo.FieldHeadcount, demo.FieldRooms
	for name, c := range map[string]struct {
		story    *story
		standing []string
		conflict bool
	}{
		"an author covers itself": {tell().writes(0, headcount, demo.Number(1)).writes(0, headcount, demo.Number(2)), []string{"2"}, false},
		"two who have not synced": {tell().writes(0, headcount, demo.Number(1)).writes(1, headcount, demo.Number(2)), []string{"1", "2"}, true},
		"the same value twice":    {tell().writes(0, headcount, demo.Number(1)).writes(1, headcount, demo.Number(1)), []string{"1", "1"}, false},
		"other fields":            {tell().writes(0, headcount, demo.Number(1)).writes(1, rooms, demo.Number(2)), []string{"1"}, false},
		"a second who has synced": {
			tell().writes(0, headcount, demo.Number(1)).syncs(0, demo.FaultNone).syncs(1, demo.FaultNone).writes(1, headcount, demo.Number(2)),
			[]string{"2"}, false,
		},
		"a second who synced too early": {
			tell().syncs(1, demo.FaultNone).writes(0, headcount, demo.Number(1)).syncs(0, demo.FaultNone).writes(1, headcount, demo.Number(2)),
			[]string{"1", "2"}, true,
		},
		"a request that was lost is not seen": {
			tell().writes(0, headcount, demo.Number(1)).syncs(0, demo.FaultRequestLost).syncs(1, demo.FaultNone).writes(1, headcount, demo.Number(2)),
			[]string{"1", "2"}, true,
		},
		"what a lost reply committed is seen by others": {
			tell().writes(0, headcount, demo.Number(1)).syncs(0, demo.FaultReplyLost).syncs(1, demo.FaultNone).writes(1, headcount, demo.Number(2)),
			[]string{"2"}, false,
		},
		"a cut reply shows nothing": {
			tell().writes(0, headcount, demo.Number(1)).syncs(0, demo.FaultNone).syncs(1, demo.FaultReplyCut).writes(1, headcount, demo.Number(2)),
			[]string{"1", "2"}, true,
		},
		"who has seen both covers both": {
			tell().writes(0, headcount, demo.Number(1)).writes(1, headcount, demo.Number(2)).syncs(0, demo.FaultNone).syncs(1, demo.FaultNone).
				syncs(2, demo.FaultNone).writes(2, headcount, demo.Number(3)),
			[]string{"3"}, false,
		},
	} {
		ledger := c.story.day.Ledger()
		var got []string
		for _, w := range ledger.Standing(count) {
			got = append(got, w.Value.String())
		}
		if !equal(got, c.standing) {
			t.Errorf("%s: %v stand, want %v", name, got, c.standing)
		}
		if conflicts := ledger.Conflicts(); (len(conflicts) > 0) != c.conflict {
			t.Errorf("%s: conflicts %v", name, conflicts)
		}
	}
}

func TestLedger_ADeleteMeetsEveryEditItsAuthorHadNotSeen(t *testing.T) {
	edit := func(s *story, phone demo.PhoneIndex) *story {
		return s.writes(phone, demo.FieldHeadcount, demo.Number(5))
	}
	for name, c := range map[string]struct {
		story *story
		meets bool
	}{
		"delete first": {edit(tell().changes(0, deletes), 1), true},
		"edit first":   {edit(tell(), 1).changes(0, deletes), true},
		"edit seen":    {edit(tell(), 1).syncs(1, demo.FaultNone).syncs(0, demo.FaultNone).changes(0, deletes), false},
		"own edit":     {edit(tell(), 0).changes(0, deletes), false},
	} {
		conflicts := c.story.day.Ledger().Conflicts()
		if met := len(conflicts) == 1 && conflicts[0].DeleteEdit && len(conflicts[0].Writes) == 2; met != c.meets {
			t.Errorf("%s: conflicts %v", name, conflicts)
		}
	}
}

func TestLedger_CreatesOfOneRecordCoverNothingOfEachOther(t *testing.T) {
	late := tell().changes(0, begins("SEEN")).syncs(0, demo.FaultNone).syncs(1, demo.FaultNone).changes(1, begins("NOBODY"))
	if conflicts := late.day.Ledger().Conflicts(); len(conflicts) != 1 {
		t.Errorf("%d conflicts, want the two outcomes", len(conflicts))
	}
}

func TestLedger_StepsIntoOneStateAgreeWhereverTheyCameFrom(t *testing.T) {
	move := func(from demo.Symbol) demo.Value { return demo.Move{From: from, To: demo.HazardHandedOver} }
	s := tell().writes(0, demo.FieldState, move(demo.HazardFound)).writes(1, demo.FieldState, move(demo.HazardNotified))
	if conflicts := s.day.Ledger().Conflicts(); len(conflicts) != 0 {
		t.Errorf("conflicts %v", conflicts)
	}
}

func TestLedger_APhoneKnowsItsOwnAndWhatItHasSeen(t *testing.T) {
	s := tell().changes(0, begins("SEEN"))
	if ledger := s.day.Ledger(); !ledger.Knows(0, visit0) || ledger.Knows(1, visit0) || !ledger.Knows(1, door0) {
		t.Error("before any sync only the author knows a record, and everybody the doors")
	}
	if ledger := s.syncs(0, demo.FaultReplyLost).day.Ledger(); ledger.CaughtUp(0) || ledger.Pending(0) != 0 {
		t.Error("after a lost reply nothing is pending and the phone is not caught up")
	}
	if ledger := s.syncs(1, demo.FaultNone).day.Ledger(); !ledger.Knows(1, visit0) || !ledger.CaughtUp(1) {
		t.Error("after its own sync the second phone knows the record")
	}
}

// equal compares two lists.
func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
