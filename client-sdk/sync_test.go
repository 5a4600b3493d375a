package client_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

func TestSync_TwoPhonesSeeEachOthersWork(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_POLICE_OFFICER, community)
	ann.sync()
	bob.sync()

	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","rooms":4}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"一切正常"}`)
	ann.shows(visit, map[string]any{"outcome": "SEEN", "sync_state": "pending", "note": "一切正常"})
	report := ann.sync()
	if report.Pushed != 2 || report.Applied != 2 || report.RoundTrips != 1 || !report.CaughtUp {
		t.Errorf("ann's report %+v", report)
	}
	ann.shows(visit, map[string]any{"sync_state": "synced"})
	if report := bob.sync(); report.Pulled != 2 {
		t.Errorf("bob's report %+v", report)
	}
	bob.shows(door, map[string]any{"address": "民主路3号", "rooms": 4, "status": "ACTIVE", "territory": gridA})

	bob.edit(door, `{"grade":"orange","rooms":null}`)
	bob.sync()
	ann.sync()
	ann.shows(door, map[string]any{"grade": "ORANGE", "rooms": nil})
	if !ann.ids(client.Query{Kind: "visit", Grid: gridA})[visit] {
		t.Error("the visit is not listed under its door's grid")
	}
	w.settle()
}
