package client_test

import (
	"errors"
	"slices"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

func parsed(t testing.TB, id string) syncengine.ID {
	t.Helper()
	out, err := wire.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (p *phone) pairs() (out []string) {
	p.w.t.Helper()
	pairs, err := p.Duplicates()
	p.w.must(err)
	for _, d := range pairs {
		out = append(out, d.DoorAddress+" = "+d.OtherAddress+": "+d.Rule)
	}
	return out
}

func TestDuplicates_AreMergedAndTakenApartAgain(t *testing.T) {
	w, ann, door := solo(t)
	twin := ann.add("premises", `{"address":"民主路 三 号","territory":"`+gridA+`"}`)
	ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	if got := ann.pairs(); !slices.Equal(got, []string{"民主路3号 = 民主路 三 号: same_address"}) {
		t.Errorf("found %v", got)
	}
	w.must(ann.MergeDoor(parsed(t, twin), parsed(t, door)))
	if got := ann.pairs(); len(got) != 0 {
		t.Errorf("after the merge %v", got)
	}
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	bob.shows(twin, map[string]any{"status": "MERGED_INTO", "merged_into": door})
	w.must(bob.UnmergeDoor(parsed(t, twin)))
	bob.sync()
	ann.sync()
	ann.shows(twin, map[string]any{"status": "ACTIVE", "merged_into": nil})
	if got := ann.pairs(); len(got) != 1 {
		t.Errorf("taken apart again %v", got)
	}
}

func TestMerge_TheOtherAddressBecomesAnAlias(t *testing.T) {
	w, ann, door := solo(t)
	shop := ann.add("premises", `{"address":"老供销社楼上","territory":"`+gridA+`"}`)
	w.must(ann.MergeDoor(parsed(t, shop), parsed(t, door)))
	ann.shows(door, map[string]any{"aliases": []any{"老供销社楼上"}})
	ann.add("premises", `{"address":"老供销社 楼上","territory":"`+gridA+`"}`)
	if got := ann.pairs(); !slices.Equal(got, []string{"民主路3号 = 老供销社 楼上: same_alias"}) {
		t.Errorf("entered a third time: %v", got)
	}
}

func TestMerge_RefusesWhatMakesNoSense(t *testing.T) {
	w, ann, door := solo(t)
	other := ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	void := ann.add("premises", `{"address":"民主路5号","territory":"`+gridA+`","status":"VOID"}`)
	w.must(ann.MergeDoor(parsed(t, other), parsed(t, door)))
	for _, c := range []struct{ door, into, want string }{
		{door, door, "premises.merged_into_itself"}, {other, door, "premises.merged_already"}, {door, other, "premises.merged_in_a_ring"},
		{door, void, "premises.merged_into_void"},
	} {
		var refusal *client.Refusal
		if err := ann.MergeDoor(parsed(t, c.door), parsed(t, c.into)); !errors.As(err, &refusal) || refusal.Complaints[0].Rule != c.want {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	var refusal *client.Refusal
	if err := ann.UnmergeDoor(parsed(t, door)); !errors.As(err, &refusal) || refusal.Complaints[0].Rule != "premises.not_merged" {
		t.Errorf("%v", err)
	}
}
