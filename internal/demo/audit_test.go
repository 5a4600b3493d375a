package demo_test

import (
	"slices"
	"testing"

	"onedoor/internal/demo"
)

func TestAudit_FindsEveryForgery(t *testing.T) {
	t.Parallel()
	d := onATrialDay(t, 5, dateOfTheDay)
	seen, err := d.Reread(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found := seen.Audit(func(*demo.Seen) {}); !found.OK() || len(found.Problems) > 0 {
		t.Fatalf("without a forgery: %+v", found)
	}
	type wants struct{ lost, doubled, apart bool }
	for _, c := range []struct {
		name   string
		tamper func(*demo.Seen)
		wants  wants
	}{
		{"an acknowledged change is not in the log", (*demo.Seen).ForgetChange, wants{lost: true}},
		{"a change is in the log twice", (*demo.Seen).RepeatChange, wants{doubled: true}},
		{"a change waits in quarantine", (*demo.Seen).HoldChange, wants{apart: true}},
		{"a record is gone", (*demo.Seen).ForgetRecord, wants{lost: true, apart: true}},
		{"a cell is gone", (*demo.Seen).ForgetCell, wants{lost: true, apart: true}},
		{"a cell reads otherwise", (*demo.Seen).AlterCell, wants{lost: true, apart: true}},
		{"a cell that nobody wrote", (*demo.Seen).InventCell, wants{apart: true}},
		{"the loser of a contest is gone", (*demo.Seen).ForgetLoser, wants{lost: true, apart: true}},
		{"the loser of a contest is shown", (*demo.Seen).SwapWinner, wants{apart: true}},
		{"a door's address reads otherwise", (*demo.Seen).AlterRegister, wants{lost: true, apart: true}},
		{"a visit is there under two ids", (*demo.Seen).DoubleRecord, wants{doubled: true}},
		{"a visit is there twice", (*demo.Seen).RepeatRecord, wants{doubled: true, apart: true}},
		{"a phone shows another value", (*demo.Seen).AlterPhone, wants{apart: true}},
		{"a phone lacks a record", (*demo.Seen).ForgetOnPhone, wants{apart: true}},
		{"a helper has a dispute", (*demo.Seen).LeakToPhone, wants{apart: true}},
		{"a phone has a record twice", (*demo.Seen).RepeatOnPhone, wants{doubled: true}},
		{"a phone does not list a conflict", (*demo.Seen).HideOnPhone, wants{apart: true}},
		{"a phone names another author", (*demo.Seen).MisnameOnPhone, wants{apart: true}},
		{"a phone has a change to send", (*demo.Seen).PendingOnPhone, wants{apart: true}},
		{"a phone has another digest", (*demo.Seen).OtherDigest, wants{apart: true}},
		{"the server does not list a conflict", (*demo.Seen).HideAtServer, wants{apart: true}},
		{"the server lists a conflict that is none", (*demo.Seen).InventAtServer, wants{apart: true}},
	} {
		found := seen.Audit(c.tamper)
		if got := (wants{found.Lost > 0, found.Duplicated > 0, !found.Converged}); got != c.wants {
			t.Errorf("%s: %+v, want %+v: %v", c.name, got, c.wants, found.Problems)
		}
		if found.OK() || len(found.Problems) == 0 {
			t.Errorf("%s: nothing was found", c.name)
		}
	}
}

// state0 is a hazard's state, note0 its note, both of hazard 0.
var (
	hazard0 = demo.Ref{Kind: demo.RecordHazard, Number: 0}
	state0  = demo.Cell{Ref: hazard0, Field: demo.FieldState}
	note0   = demo.Cell{Ref: hazard0, Field: demo.FieldNote}
	grade0  = demo.Cell{Ref: door0, Field: demo.FieldGrade}
	result0 = demo.Cell{Ref: demo.Ref{Kind: demo.RecordDispute, Number: 0}, Field: demo.FieldResult}
)

// begun has phone 0 find hazard 0 and all three phones see it.
func begun() *story {
	return tell().changes(0, demo.Change{Op: demo.OpCreate, Ref: hazard0, Fields: []demo.Field{
		{Name: demo.FieldState, Value: demo.Move{To: demo.HazardFound}}, {Name: demo.FieldNote, Value: demo.Text("a")},
	}}).all()
}

// all has every phone sync, the first twice, so that each has seen everything.
func (s *story) all() *story {
	for _, phone := range []demo.PhoneIndex{0, 1, 2, 0, 1} {
		s.syncs(phone, demo.FaultNone)
	}
	return s
}

// notes has a phone write the hazard's note, steps its state.
func (s *story) notes(phone demo.PhoneIndex, text string) *story {
	return s.edits(phone, note0, demo.Text(text))
}

func (s *story) steps(phone demo.PhoneIndex, from, to demo.Symbol) *story {
	return s.edits(phone, state0, demo.Move{From: from, To: to})
}

func (s *story) edits(phone demo.PhoneIndex, at demo.Cell, value demo.Value) *story {
	return s.changes(phone, demo.Change{Op: demo.OpEdit, Ref: at.Ref, Fields: []demo.Field{{Name: at.Field, Value: value}}})
}

func TestJudge_DemandsWhatTheProtocolPromises(t *testing.T) {
	deletion := demo.Change{Op: demo.OpDelete, Ref: hazard0}
	for name, c := range map[string]struct {
		story *story
		at    demo.Cell
		want  demo.Verdict
	}{
		"the newest of what one person wrote": {begun().notes(0, "b").notes(0, "c").all(), note0, demo.Verdict{Shown: "c"}},
		"two who had not seen each other": {begun().notes(0, "b").notes(1, "c").all(), note0,
			demo.Verdict{Shown: "c", Beside: []string{"b"}, Open: "conflict"}},
		"the earlier one, arriving later, loses": {begun().notes(1, "b").notes(0, "c").syncs(0, demo.FaultNone).all(), note0,
			demo.Verdict{Shown: "c", Beside: []string{"b"}, Open: "conflict"}},
		"three of them": {begun().notes(0, "b").notes(1, "c").notes(2, "d").all(), note0,
			demo.Verdict{Shown: "d", Beside: []string{"c", "b"}, Open: "conflict"}},
		"who saw a contest settles it, and keeps what was not on the screen": {begun().notes(0, "b").notes(1, "c").all().notes(2, "d").all(), note0,
			demo.Verdict{Shown: "d", Kept: []string{"b"}, Open: "kept"}},
		"an own value that lost was not on the screen either": {begun().notes(0, "b").notes(1, "c").all().notes(0, "d").all(), note0,
			demo.Verdict{Shown: "d", Kept: []string{"b"}, Open: "kept"}},
		"own unsent values are on the own screen": {begun().notes(0, "b").notes(1, "c").notes(1, "d").all(), note0,
			demo.Verdict{Shown: "d", Beside: []string{"b"}, Open: "conflict"}},
		"the same words twice are no contest": {begun().notes(0, "b").notes(1, "b").all(), note0, demo.Verdict{Shown: "b"}},
		"of two steps the greater precedence stands": {
			begun().steps(1, demo.HazardFound, demo.HazardHandedOver).steps(0, demo.HazardFound, demo.HazardNotified).all(), state0,
			demo.Verdict{Shown: "FOUND>HANDED_OVER", Beside: []string{"FOUND>NOTIFIED"}, Open: "conflict"}},
		"an officer's grade stands above a worker's later one": {
			tell().edits(0, grade0, demo.Symbol("RED")).edits(1, grade0, demo.Symbol("GREEN")).all(), grade0,
			demo.Verdict{Shown: "RED", Beside: []string{"GREEN"}, Open: "conflict"}},
		"of two results that met nothing is let go by a third": {
			tell().edits(0, result0, demo.Symbol("SUCCESS")).edits(1, result0, demo.Symbol("PARTIAL")).all().edits(2, result0, demo.Symbol("FAILURE")).all(),
			result0, demo.Verdict{Shown: "FAILURE", Kept: []string{"PARTIAL", "SUCCESS"}, Open: "kept"}},
		"a deletion that had not seen an edit waits for a person": {begun().changes(0, deletion).notes(1, "b").all(), note0,
			demo.Verdict{Shown: "b", Open: "delete_edit"}},
		"a deletion that had seen everything does not": {begun().notes(1, "b").all().changes(0, deletion).all(), note0, demo.Verdict{Shown: "b"}},
	} {
		got, err := demo.JudgeDay(&c.story.day, []demo.Role{demo.RolePoliceOfficer, demo.RoleGridWorker, demo.RoleHelper}, c.at)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Shown != c.want.Shown || got.Open != c.want.Open || !slices.Equal(got.Beside, c.want.Beside) || !slices.Equal(got.Kept, c.want.Kept) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
