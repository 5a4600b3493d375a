package client_test

import (
	"errors"
	"maps"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

const (
	seen    = recordv1.VisitOutcome_VISIT_OUTCOME_SEEN
	nobody  = recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY
	refused = recordv1.VisitOutcome_VISIT_OUTCOME_REFUSED
)

// block is a building with rooms on two stairs, a neighbour in another building, and the phone of who visits it.
func block(t *testing.T) (w *world, ann *phone, building string, rooms map[string]string) {
	t.Helper()
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	building = ann.add("premises", `{"address":"福慧苑3幢","territory":"`+gridA+`","kind_of_premises":"BUILDING","compound":"福慧苑","building":"3幢"}`)
	rooms = map[string]string{}
	for name, key := range map[string]string{
		"1-302": `"stair":"1单元","door":"302"`, "2-302": `"stair":"2单元","door":"302"`, "2-405": `"stair":"2单元","door":"405"`, "1-101": `"stair":"1单元","door":"101"`,
	} {
		rooms[name] = ann.add("premises", `{"address":"福慧苑3号楼`+name+`","territory":"`+gridA+`","kind_of_premises":"RENTAL_UNIT","compound":"福慧苑","building":"三号楼",`+key+`}`)
	}
	rooms["loft"] = ann.add("premises", `{"address":"阁楼","territory":"`+gridA+`","kind_of_premises":"RENTAL_UNIT","parent_id":"`+building+`"}`)
	rooms["next"] = ann.add("premises", `{"address":"福慧苑4幢302","territory":"`+gridA+`","kind_of_premises":"RENTAL_UNIT","compound":"福慧苑","building":"4幢","door":"302"}`)
	return w, ann, building, rooms
}

// due names the rooms that the plan lists.
func due(t *testing.T, p *phone, rooms map[string]string) map[string]string {
	t.Helper()
	plan, err := p.Plan("")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range plan.Due {
		for name, id := range rooms {
			if id == d.ID.String() {
				out[name] = d.LastOutcome
			}
		}
	}
	return out
}

func TestRooms_OneVisitToABuildingSaysWhatCameOfItAtEachRoom(t *testing.T) {
	w, ann, building, rooms := block(t)
	got, err := ann.VisitRooms(&client.RoomsVisit{
		Building: mustParse(t, building), Outcome: seen, Note: "整栋走访",
		Exceptions: map[string]recordv1.VisitOutcome{"2-302": nobody, "405": refused, rooms["1-101"]: seen},
	})
	w.must(err)
	if want := map[recordv1.VisitOutcome]int{seen: 3, nobody: 1, refused: 1}; !maps.Equal(got.Outcomes, want) {
		t.Errorf("what came of it: %v, want %v", got.Outcomes, want)
	}
	ann.shows(got.Visit.String(), map[string]any{"outcome": "SEEN", "exceptions": map[string]any{rooms["2-302"]: "NOBODY", rooms["2-405"]: "REFUSED"}})
	// The plan goes on with the rooms where nobody was seen, and with the other building.
	want := map[string]string{"2-302": "NOBODY", "2-405": "REFUSED", "next": ""}
	if got := due(t, ann, rooms); !maps.Equal(got, want) {
		t.Errorf("the plan lists %v, want %v", got, want)
	}
	if listed := ann.ids(client.Query{Kind: "premises", Due: true}); listed[rooms["1-101"]] || !listed[rooms["2-302"]] {
		t.Errorf("due are %v", listed)
	}
	ann.sync()
	w.settle()
}

func TestRooms_OneStairAndNoMore(t *testing.T) {
	w, ann, building, rooms := block(t)
	got, err := ann.VisitRooms(&client.RoomsVisit{Building: mustParse(t, building), Stair: "二单元", Outcome: seen, Exceptions: map[string]recordv1.VisitOutcome{"302": nobody}})
	w.must(err)
	if want := map[recordv1.VisitOutcome]int{seen: 1, nobody: 1}; !maps.Equal(got.Outcomes, want) {
		t.Errorf("what came of it: %v, want %v", got.Outcomes, want)
	}
	if left := due(t, ann, rooms); len(left) != 5 {
		t.Errorf("due are %v", left)
	}
}

func TestRooms_WhatIsNotClearIsRefusedAndNothingIsWritten(t *testing.T) {
	_, ann, building, rooms := block(t)
	before := len(ann.ids(client.Query{Kind: "visit"}))
	for rule, v := range map[string]client.RoomsVisit{
		"visit.room_unknown":   {Building: mustParse(t, building), Exceptions: map[string]recordv1.VisitOutcome{"999": nobody}},
		"visit.room_ambiguous": {Building: mustParse(t, building), Exceptions: map[string]recordv1.VisitOutcome{"302": nobody}},
		"visit.room_twice":     {Building: mustParse(t, building), Exceptions: map[string]recordv1.VisitOutcome{"405": nobody, "2-405": refused}},
		"visit.no_rooms":       {Building: mustParse(t, rooms["loft"])},
	} {
		v.Outcome = seen
		_, err := ann.VisitRooms(&v)
		var r *client.Refusal
		if !errors.As(err, &r) || r.Complaints[0].Rule != rule || r.Sentence(client.Chinese) == "" {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if after := len(ann.ids(client.Query{Kind: "visit"})); after != before {
		t.Errorf("%d visits were written", after-before)
	}
}
