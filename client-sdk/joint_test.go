package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// three is a door and the three who stand at it: a grid worker, an officer and a helper, all with the door on their phones.
func three(t *testing.T) (w *world, worker, officer, helper *phone, part client.JointPart) {
	t.Helper()
	w = newWorld(t)
	worker = w.phone("木林", recordv1.Role_ROLE_GRID_WORKER, gridA)
	officer = w.phone("赵警官", recordv1.Role_ROLE_POLICE_OFFICER, gridA)
	helper = w.phone("张组长", recordv1.Role_ROLE_HELPER, gridA)
	worker.sync()
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	for _, p := range []*phone{worker, officer, helper} {
		p.sync()
	}
	return w, worker, officer, helper, client.JointPart{Door: mustParse(t, door)}
}

// says gives a part with its worker's own words.
func says(part client.JointPart, text string) client.JointPart {
	part.Contribution = text
	return part
}

func TestJoint_ThreePartsMeetInOneVisitByACodeAndWithoutASignal(t *testing.T) {
	w, worker, officer, helper, part := three(t)
	first := says(part, "查看了电线")
	first.Outcome, first.Note = recordv1.VisitOutcome_VISIT_OUTCOME_SEEN, "三人一起上门"
	begun, err := worker.BeginJoint(first)
	w.must(err)
	w.later(20 * time.Minute)
	joined, err := officer.JoinVisit(begun.Code, says(part, "查看了租约"))
	w.must(err)
	last, err := helper.JoinVisit(strings.ReplaceAll(begun.Code, " ", ""), part)
	w.must(err)
	if joined.Visit != begun.Visit || last.Visit != begun.Visit {
		t.Fatalf("three phones have the visits %s, %s and %s", begun.Visit, joined.Visit, last.Visit)
	}
	for _, p := range []*phone{helper, officer, worker, helper, officer} {
		p.sync()
	}
	for _, p := range []*phone{worker, officer, helper} {
		p.shows(begun.Visit.String(), map[string]any{
			"purpose": "JOINT", "outcome": "SEEN", "note": "三人一起上门", "registered_by": worker.user.String(),
			"contributions": map[string]any{worker.user.String(): "查看了电线", officer.user.String(): "查看了租约", helper.user.String(): "到场"},
		})
		if n := len(p.ids(client.Query{Kind: "visit"})); n != 1 || len(p.conflicts()) != 0 {
			t.Errorf("%s has %d visits and is asked about %+v", p.name, n, p.conflicts())
		}
	}
	w.settle()
}

func TestJoint_WhoHasTheVisitAlreadyWritesTheirOwnPartOnly(t *testing.T) {
	w, worker, officer, _, part := three(t)
	begun, err := worker.BeginJoint(part)
	w.must(err)
	worker.sync()
	officer.sync()
	worker.edit(begun.Visit.String(), `{"purpose":"SERVICE"}`)
	_, err = officer.JoinVisit(begun.Code, says(part, "查看了租约"))
	w.must(err)
	_, err = officer.JoinVisit(begun.Code, says(part, "租约已登记"))
	w.must(err)
	worker.sync()
	officer.sync()
	worker.sync()
	worker.shows(begun.Visit.String(), map[string]any{
		"purpose": "SERVICE", "contributions": map[string]any{worker.user.String(): "到场", officer.user.String(): "租约已登记"},
	})
	w.settle()
}

func TestJoint_ATaskBeginsOneVisitWithoutACode(t *testing.T) {
	w, worker, officer, helper, part := three(t)
	task := officer.add("task", `{"what":"联合复查","premises_id":"`+part.Door.String()+`","for_user":"`+worker.user.String()+`"}`)
	for _, p := range []*phone{officer, worker, helper} {
		p.sync()
	}
	var made []*client.JointVisit
	for _, p := range []*phone{helper, worker, officer} {
		v, err := p.JoinTask(mustParse(t, task), client.JointPart{})
		w.must(err)
		made = append(made, v)
	}
	for _, p := range []*phone{officer, helper, worker, officer, helper} {
		p.sync()
	}
	if made[0].Visit != made[1].Visit || made[1].Visit != made[2].Visit || made[0].Code != "" {
		t.Fatalf("three visits come of one task: %+v", made)
	}
	helper.shows(made[0].Visit.String(), map[string]any{"task_id": task, "premises_ids": []any{part.Door.String()}})
	if open := officer.conflicts(); len(open) != 0 {
		t.Errorf("the officer is asked about %+v", open)
	}
	w.settle()
}

func TestJoint_ACodeOfAnotherPlaceOrDayIsRefusedWithASentence(t *testing.T) {
	w, worker, officer, _, part := three(t)
	other := officer.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	begun, err := worker.BeginJoint(part)
	w.must(err)
	refused := func(what, text string, part client.JointPart, rule string) {
		t.Helper()
		_, err := officer.JoinVisit(text, part)
		var r *client.Refusal
		if !errors.As(err, &r) || r.Complaints[0].Rule != rule || r.Complaints[0].ZH == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("another door", begun.Code, client.JointPart{Door: mustParse(t, other)}, "visit.joint_code_elsewhere")
	refused("a grid for a door", begun.Code, client.JointPart{Grid: gridA}, "visit.joint_code_elsewhere")
	refused("no place", begun.Code, client.JointPart{}, "visit.joint_place")
	refused("two places", begun.Code, client.JointPart{Door: part.Door, Grid: gridA}, "visit.joint_place")
	refused("no code", "12345", part, "visit.joint_code")
	w.later(2 * 24 * time.Hour)
	refused("a code of the day before yesterday", begun.Code, part, "visit.joint_code_elsewhere")
	part.Date = begun.Date
	if _, err := officer.JoinVisit(begun.Code, part); err != nil {
		t.Errorf("the day is told, and the code is refused: %v", err)
	}
	if _, err := officer.JoinVisit(begun.Code, client.JointPart{Door: w.id()}); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("a door that is not on the phone: %v", err)
	}
	if _, err := officer.BeginJoint(client.JointPart{Grid: "530702001009"}); !errors.Is(err, client.ErrUnknownPlace) {
		t.Errorf("a grid that there is not: %v", err)
	}
}

func TestJoint_ADoorThatOnePhoneHasMadeIsJoinedByTheGrid(t *testing.T) {
	w, worker, officer, _, _ := three(t)
	begun, err := worker.BeginJoint(client.JointPart{Grid: gridA, Contribution: "新发现一户"})
	w.must(err)
	joined, err := officer.JoinVisit(begun.Code, client.JointPart{Grid: gridA})
	w.must(err)
	officer.sync()
	worker.sync()
	officer.sync()
	if joined.Visit != begun.Visit || len(officer.conflicts()) != 0 {
		t.Errorf("visits %s and %s, open %+v", begun.Visit, joined.Visit, officer.conflicts())
	}
	officer.shows(begun.Visit.String(), map[string]any{"territory": gridA})
	w.settle()
}
