package client_test

import (
	"errors"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

const pulledDown = recordv1.VoidReason_VOID_REASON_PULLED_DOWN

func TestVoid_ABuildingTakesItsRoomsOutOfThePlanAndBringsThemBack(t *testing.T) {
	w, ann, building, rooms := block(t)
	hazard := ann.add("hazard", `{"premises_id":"`+rooms["2-405"]+`","code":"GAS"}`)
	alone := ann.add("premises", `{"address":"福慧苑3幢地下室","territory":"`+gridA+`","compound":"福慧苑","building":"3","door":"地下1"}`)
	_, err := ann.VoidDoor(mustParse(t, alone), recordv1.VoidReason_VOID_REASON_MISTAKE)
	w.must(err)
	got, err := ann.VoidDoor(mustParse(t, building), pulledDown)
	w.must(err)
	if len(got.Doors) != 6 || len(got.Open) != 1 || got.Open[0].ID.String() != hazard || got.Open[0].State != "FOUND" || got.Open[0].Door.String() != rooms["2-405"] {
		t.Errorf("voided %d doors, open %+v", len(got.Doors), got.Open)
	}
	if left := due(t, ann, rooms); len(left) != 1 {
		t.Errorf("the plan goes on with %v", left)
	}
	ann.shows(rooms["2-405"], map[string]any{"status": "VOID", "void_reason": "PULLED_DOWN", "voided_with": building})
	back, err := ann.UnvoidDoor(mustParse(t, building))
	w.must(err)
	if len(back.Doors) != 6 {
		t.Errorf("%d doors are back", len(back.Doors))
	}
	ann.shows(rooms["2-405"], map[string]any{"status": "ACTIVE", "void_reason": nil, "voided_with": nil})
	ann.shows(alone, map[string]any{"status": "VOID"})
	ann.sync()
	w.settle()
}

func TestVoid_ARoomIsVoidByItself(t *testing.T) {
	w, ann, _, rooms := block(t)
	got, err := ann.VoidDoor(mustParse(t, rooms["1-302"]), recordv1.VoidReason_VOID_REASON_OTHER)
	w.must(err)
	if len(got.Doors) != 1 {
		t.Errorf("%d doors are void", len(got.Doors))
	}
}

func TestVoid_LateWorkIsKeptAndItsAuthorAnswersByTakingTheDoorBack(t *testing.T) {
	w, ann, bob, door, _ := pair(t)
	visit := bob.add("visit", `{"premises_ids":["`+door+`"],"outcome":"NOBODY"}`)
	_, err := ann.VoidDoor(mustParse(t, door), pulledDown)
	w.must(err)
	ann.sync()
	bob.sync()
	tasks, err := bob.List(client.Query{Kind: "task", Mine: true})
	w.must(err)
	if len(tasks) != 1 {
		t.Fatalf("bob is asked by %d tasks", len(tasks))
	}
	task := &recordv1.Task{}
	w.must(tasks[0].Read(task))
	if !strings.Contains(task.GetWhat(), "已保留") || !strings.Contains(task.GetWhat(), "拆除") {
		t.Errorf("bob is asked %q", task.GetWhat())
	}
	bob.shows(visit, map[string]any{"outcome": "NOBODY", "sync_state": "synced"})
	_, err = bob.UnvoidDoor(mustParse(t, door))
	w.must(err)
	bob.shows(tasks[0].ID.String(), map[string]any{"state": "DONE"})
	bob.sync()
	ann.sync()
	ann.shows(door, map[string]any{"status": "ACTIVE"})
	w.settle()
}

func TestVoid_WhoVisitsADoorThatTheyKnowToBeVoidIsToldAtOnce(t *testing.T) {
	w, ann, _, door, visit := pair(t)
	told := func(id string) (rules []string) {
		t.Helper()
		advice, err := ann.Advice(mustParse(t, id))
		w.must(err)
		for _, c := range advice {
			if c.ZH == "" || c.EN == "" {
				t.Errorf("%s is told in one language only", c.Rule)
			}
			rules = append(rules, c.Rule)
		}
		return rules
	}
	if got := told(visit); len(got) != 0 {
		t.Errorf("of a door that stands is told %v", got)
	}
	_, err := ann.VoidDoor(mustParse(t, door), pulledDown)
	w.must(err)
	late := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS"}`)
	for _, id := range []string{visit, late, hazard} {
		if got := told(id); len(got) != 1 || got[0] != "premises.is_void" {
			t.Errorf("of work at a void door is told %v", got)
		}
	}
	if got := told(door); len(got) != 0 {
		t.Errorf("of the door itself is told %v", got)
	}
}

func TestVoid_WhatMakesNoSenseIsRefused(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	other := ann.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	refused := func(rule string, err error) {
		t.Helper()
		var r *client.Refusal
		if !errors.As(err, &r) || r.Complaints[0].Rule != rule || r.Sentence(client.Chinese) == "" {
			t.Errorf("%s: %v", rule, err)
		}
	}
	_, err := ann.UnvoidDoor(mustParse(t, door))
	refused("premises.not_void", err)
	_, err = ann.VoidDoor(mustParse(t, door), 0)
	w.must(err)
	_, err = ann.VoidDoor(mustParse(t, door), 0)
	refused("premises.void_already", err)
	third := ann.add("premises", `{"address":"民主路7号","territory":"`+gridA+`"}`)
	w.must(ann.MergeDoor(mustParse(t, third), mustParse(t, other)))
	_, err = ann.VoidDoor(mustParse(t, third), 0)
	refused("premises.void_merged", err)
	helper := w.phone("张组长", recordv1.Role_ROLE_HELPER, gridA)
	helper.sync()
	_, err = helper.VoidDoor(mustParse(t, door), 0)
	if err == nil {
		t.Error("a helper voids a door")
	}
}
