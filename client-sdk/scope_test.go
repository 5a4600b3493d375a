package client_test

import (
	"errors"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// waiting gives the seqs of the quarantined changes at the server.
func (w *world) waiting() (seqs []syncengine.Seq) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		return w.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
			seqs = append(seqs, q.Seq)
			return true
		})
	}))
	return seqs
}

func (p *phone) quarantined() []*client.Quarantined {
	p.w.t.Helper()
	q, err := p.Quarantined()
	p.w.must(err)
	return q
}

// outside has ann record a door in the neighbours' grid, with a visit to it.
func outside(t *testing.T) (w *world, ann *phone, door string) {
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door = ann.add("premises", `{"address":"邻网格1号","territory":"`+gridB+`"}`)
	ann.edit(door, `{"rooms":2}`)
	if report := ann.sync(); report.Quarantined != 2 {
		t.Fatalf("report %+v", report)
	}
	return w, ann, door
}

func TestQuarantine_WorkOutsideOfTheAreaIsKeptAndListed(t *testing.T) {
	w, ann, door := outside(t)
	if s := ann.status(); s.Quarantined != 2 || s.Pending != 0 {
		t.Errorf("status %+v", s)
	}
	if ann.ids(client.Query{Kind: "premises"})[door] {
		t.Error("a quarantined door stands in the list")
	}
	ann.shows(door, map[string]any{"address": "邻网格1号", "rooms": 2, "sync_state": "quarantined"})
	q := ann.quarantined()
	if len(q) != 2 || q[0].Reason != "OUT_OF_SCOPE" || q[1].Reason != "CREATE_QUARANTINED" || q[0].State != "waiting" || !q[0].Create {
		t.Errorf("quarantined %+v", q)
	}
	if address, _ := q[0].Fields.Get("address"); string(address) != `"邻网格1号"` {
		t.Errorf("what waits is %v", q[0].Fields)
	}
	w.settle()
}

func TestQuarantine_AReleaseReachesItsAuthorAndTheOthers(t *testing.T) {
	w, ann, door := outside(t)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridB)
	w.must(w.service.Release(t.Context(), w.waiting()[0], bob.user, "归白负责"))
	ann.sync()
	bob.sync()
	bob.shows(door, map[string]any{"address": "邻网格1号", "rooms": 2})
	q := ann.quarantined()
	if len(q) != 2 || q[0].State != "released" || q[0].Note != "归白负责" || q[1].State != "released" {
		t.Errorf("ann's list %+v %+v", q[0], q[1])
	}
	w.settle()
}

func TestQuarantine_ARejectionIsTold(t *testing.T) {
	w, ann, door := outside(t)
	w.must(w.service.Reject(t.Context(), w.waiting()[0], ann.user, "已有登记"))
	ann.sync()
	if q := ann.quarantined(); q[0].State != "rejected" || q[0].Note != "已有登记" || q[1].State != "waiting" {
		t.Errorf("ann's list %+v %+v", q[0], q[1])
	}
	if s := ann.status(); s.Quarantined != 1 {
		t.Errorf("%d wait", s.Quarantined)
	}
	_ = door
	w.settle()
}

func TestQuarantine_OneBadChangeDelaysNothingElse(t *testing.T) {
	w, ann, _, _, visit := pair(t)
	ann.add("premises", `{"address":"邻网格1号","territory":"`+gridB+`"}`)
	ann.edit(visit, `{"note":"照常"}`)
	if report := ann.sync(); report.Quarantined != 1 || report.Applied != 1 {
		t.Errorf("report %+v", report)
	}
	ann.shows(visit, map[string]any{"note": "照常", "sync_state": "synced"})
	w.settle()
}

func TestScope_WhatLeavesTheAreaLeavesThePhoneAndComesBack(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	w.moveUser(ann.user, gridB)
	if report := ann.sync(); !report.CaughtUp {
		t.Errorf("report %+v", report)
	}
	for _, kind := range []string{"premises", "visit"} {
		if n := len(ann.ids(client.Query{Kind: kind, Deleted: true})); n != 0 {
			t.Errorf("ann still holds %d %s records", n, kind)
		}
	}
	bob.edit(visit, `{"note":"交接后"}`)
	bob.sync()
	w.moveUser(ann.user, gridA)
	ann.sync()
	ann.shows(visit, map[string]any{"note": "交接后"})
	ann.shows(door, map[string]any{"address": "民主路3号"})
	w.settle()
}

func TestScope_LateWorkAfterAHandoverIsTakenUnderTheOldGrant(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	ann.edit(visit, `{"note":"交接前写的"}`)
	w.moveUser(ann.user, gridB)
	if report := ann.sync(); report.Pushed != 1 || report.Quarantined != 0 {
		t.Errorf("report %+v", report)
	}
	bob.sync()
	bob.shows(visit, map[string]any{"note": "交接前写的"})
	if _, err := ann.ShowJSON(visit); err == nil {
		t.Error("what was handed over is still shown")
	}
	w.settle()
}

func TestScope_APullUnderWaySurvivesAChangeOfGrants(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	cao := w.phone("曹", recordv1.Role_ROLE_GRID_WORKER, gridA)
	cao.page = 1
	cao.restart()
	cao.line.failAfter = 2
	if _, err := cao.Sync(t.Context()); err == nil {
		t.Fatal("the line held")
	}
	w.moveUser(cao.user, gridB)
	cao.line.failAfter = 0
	ann.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	ann.sync()
	cao.sync()
	if n := len(cao.ids(client.Query{Kind: "premises"})); n != 0 {
		t.Errorf("cao holds %d doors of a grid that is not hers", n)
	}
	w.moveUser(cao.user, community)
	cao.sync()
	if n := len(cao.ids(client.Query{Kind: "premises"})); n != 2 {
		t.Errorf("cao holds %d doors, want 2", n)
	}
	w.settle()
}

func TestScope_HelpersGetNoContacts(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	dai := w.phone("戴", recordv1.Role_ROLE_HELPER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","contact":{"name":"和某","phone":"5121234"}}`)
	ann.sync()
	dai.sync()
	dai.shows(door, map[string]any{"address": "民主路3号", "contact": nil})
	visit := dai.add("visit", `{"premises_ids":["`+door+`"],"outcome":"nobody"}`)
	dai.sync()
	ann.sync()
	ann.shows(visit, map[string]any{"outcome": "NOBODY"})
	ann.shows(door, map[string]any{"contact": map[string]any{"name": "和某", "phone": "5121234"}})
	w.settle()
}

func TestFork_ACopiedPhoneGetsItsOwnNameAndLosesNothing(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	copied := ann.copyOf()
	ann.edit(visit, `{"note":"原机写的"}`)
	ann.sync()
	copied.edit(door, `{"rooms":7}`)
	copied.edit(visit, `{"outcome":"seen"}`)
	report := copied.sync()
	if report.Pushed != 2 || report.Quarantined != 0 || copied.Self().Incarnation == ann.Self().Incarnation {
		t.Errorf("the copy's report %+v, incarnation %s", report, copied.Self().Incarnation)
	}
	ann.sync()
	bob.sync()
	for _, p := range []*phone{ann, bob, copied} {
		p.sync()
		p.shows(visit, map[string]any{"note": "原机写的", "outcome": "SEEN"})
		p.shows(door, map[string]any{"rooms": 7})
	}
	w.settle()
}

func TestFork_ACopyHearsWhatBecameOfChangesThatTheOtherSent(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	ann.edit(visit, `{"note":"两机都有"}`)
	copied := ann.copyOf()
	ann.sync()
	ann.edit(visit, `{"outcome":"seen"}`)
	ann.sync()
	copied.edit(door, `{"rooms":7}`)
	copied.sync()
	for i, state := range copied.states(1) {
		if state != client.WrittenApplied && state != client.WrittenMerged {
			t.Errorf("change %d of the copy is %s", i+1, state)
		}
	}
	for _, p := range []*phone{ann, bob, copied} {
		p.sync()
		p.shows(visit, map[string]any{"note": "两机都有", "outcome": "SEEN"})
		p.shows(door, map[string]any{"rooms": 7})
	}
	w.settle()
}

func TestFork_ACopyOfACopyHasBothPastsInItsChain(t *testing.T) {
	w, ann, _, door, visit := pair(t)
	first := ann.copyOf()
	ann.edit(visit, `{"note":"原机写的"}`)
	ann.sync()
	first.edit(door, `{"rooms":7}`)
	first.sync()
	second := first.copyOf()
	first.edit(door, `{"rooms":8}`)
	first.sync()
	second.edit(door, `{"name":"二号副本"}`)
	second.sync()
	names := map[string]bool{}
	for _, p := range []*phone{ann, first, second} {
		names[p.Self().Incarnation] = true
	}
	if len(names) != 3 {
		t.Errorf("three databases have the names %v", names)
	}
	w.settle()
}

func TestDigests_TwoPhonesWithOneViewShowOne(t *testing.T) {
	_, ann, bob, _, visit := pair(t)
	ann.edit(visit, `{"note":"x"}`)
	before := bob.status().Digest
	ann.sync()
	bob.sync()
	a, b := ann.status(), bob.status()
	if a.Digest != b.Digest || a.Seq != b.Seq || a.Epoch != 1 || b.Digest == before {
		t.Errorf("ann %+v, bob %+v, before %s", a, b, before)
	}
}

func TestQuarantine_LeavesTheScreenWithTheOutcome(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"邻网格1号","territory":"`+gridB+`"}`)
	// After a restart the server answers with outcomes alone; then the line is cut.
	w.kill()
	ann.line.seen = func(*syncv1.ExchangeResponse) { ann.line.seen, ann.line.loseRequest = nil, 1 }
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatal(err)
	}
	if ann.ids(client.Query{Kind: "premises"})[door] {
		t.Error("a quarantined door stands in the list")
	}
	ann.shows(door, map[string]any{"sync_state": "quarantined"})
	w.settle()
}

func TestScope_WorkBeforeAGrantArrivesIsJudgedByTheOldOne(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	w.moveUser(ann.user, gridB)
	// The reply that brings the new grants is on its way when ann writes.
	ann.line.seen = func(*syncv1.ExchangeResponse) {
		ann.line.seen = nil
		ann.edit(visit, `{"note":"路上写的"}`)
	}
	if report := ann.sync(); report.Pushed != 1 || report.Quarantined != 0 {
		t.Errorf("report %+v", report)
	}
	bob.sync()
	bob.shows(visit, map[string]any{"note": "路上写的"})
	w.settle()
}

func TestScope_NewGroundInTheMiddleOfAPullLosesNothing(t *testing.T) {
	w, ann, bob, _, _ := pair(t)
	cao := w.phone("曹", recordv1.Role_ROLE_GRID_WORKER, gridB)
	cao.sync()
	cao.add("premises", `{"address":"邻网格1号","territory":"`+gridB+`"}`)
	cao.sync()
	for range 5 {
		bob.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	}
	bob.sync()
	ann.page = 1
	ann.restart()
	ann.line.calls, ann.line.failAfter = 0, 3
	if _, err := ann.Sync(t.Context()); err == nil {
		t.Fatal("the line held")
	}
	w.moveUser(ann.user, community)
	ann.line.failAfter = 0
	ann.sync()
	if n := len(ann.ids(client.Query{Kind: "premises"})); n != 7 {
		t.Errorf("ann holds %d doors, want 7", n)
	}
	w.settle()
}

func TestScope_WhatMovedAwayDuringABrokenPullIsNotShown(t *testing.T) {
	w, _, bob, door, _ := pair(t)
	bob.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	bob.sync()
	cao := w.phone("曹", recordv1.Role_ROLE_GRID_WORKER, gridA)
	cao.page = 1
	cao.restart()
	cao.line.failAfter = len(w.grids) + 2
	if _, err := cao.Sync(t.Context()); err == nil {
		t.Fatal("the line held")
	}
	// The door goes to the neighbours, and the role changes, so that all is filled anew.
	grid := w.grids[gridB]
	w.write(mustParse(t, door), recordv1.Kind_KIND_PREMISES, false, &recordv1.Premises{Territory: grid[:]})
	w.changeUser(cao.user, func(u *identity.User) { u.Role = uint32(recordv1.Role_ROLE_POLICE_OFFICER) })
	cao.line.failAfter, cao.page = 0, 0
	cao.restart()
	cao.sync()
	if got := cao.ids(client.Query{Kind: "premises"}); len(got) != 1 || got[door] {
		t.Errorf("cao holds %v", got)
	}
	w.settle()
}

func TestScope_OwnWorkThatMovedAwayDuringThePullIsNotShown(t *testing.T) {
	w, ann, bob, _, _ := pair(t)
	door := ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	ann.page = 1
	ann.restart()
	// The door is acknowledged; before ann has caught up, the operator moves it away.
	w.kill()
	replies := 0
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		switch replies++; replies {
		case 1:
			for range 3 {
				bob.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
			}
			bob.sync()
		case 3:
			grid := w.grids[gridB]
			w.write(mustParse(t, door), recordv1.Kind_KIND_PREMISES, false, &recordv1.Premises{Territory: grid[:]})
		}
	}
	ann.sync()
	if replies < 4 {
		t.Fatalf("the pull took %d replies", replies)
	}
	if got := ann.ids(client.Query{Kind: "premises"}); got[door] {
		t.Error("a door that moved away is still shown")
	}
	w.settle()
}

func TestScope_ADeletionPlacesARecordOfAnUnknownDoorAsTheServerDoes(t *testing.T) {
	w, ann, bob, door, _ := pair(t)
	visit := ann.add("visit", `{"premises_ids":["`+door+`","01890a5d-ac96-774b-bcce-b302099a8057"]}`)
	ann.sync()
	bob.sync()
	w.must(bob.DeleteRecord(visit))
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		if p.ids(client.Query{Kind: "visit"})[visit] {
			t.Errorf("%s lists the deleted visit", p.name)
		}
	}
	w.settle()
}

func TestScope_AnOwnEditThatMovesARecordIntoTheKeysThatStayIsNotLostWithTheOthers(t *testing.T) {
	w := newWorld(t)
	chen := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, community)
	chen.sync()
	here := chen.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	there := chen.add("premises", `{"address":"长水路1号","territory":"`+gridB+`"}`)
	visit := chen.add("visit", `{"premises_ids":["`+here+`"],"note":"两家一起"}`)
	chen.sync()
	chen.edit(visit, `{"premises_ids":["`+there+`"]}`)
	w.moveUser(chen.user, gridB)
	chen.sync()
	chen.shows(visit, map[string]any{"note": "两家一起", "sync_state": "synced"})
	w.settle()
}

func TestFork_WorkBasedOnANewerPageThanTheServerHasNotedIsNotAhead(t *testing.T) {
	w, ann, door := solo(t)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	twin := ann.copyOf()
	ann.edit(door, `{"rooms":1}`)
	ann.sync()
	bob.sync()
	bob.edit(door, `{"rooms":2}`)
	bob.sync()
	// Within a minute the server notes no contact that says nothing new.
	twin.sync()
	twin.edit(door, `{"name":"副本写的"}`)
	if report := twin.sync(); report.Quarantined != 0 {
		t.Errorf("the copy's work: %+v, %v", report, twin.quarantinedStates())
	}
	w.settle()
}

// TestScope_AnEditThatBringsARecordBackIsSentWithIt has ann write herself into a case that went with her old grid: the
// server takes her edit, and her phone has not held the case since the batch before.
func TestScope_AnEditThatBringsARecordBackIsSentWithIt(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_COMMUNITY_STAFF, gridA)
	ann.sync()
	dispute := ann.add("dispute", `{"title":"楼上漏水","category":"NEIGHBOUR","territory":"`+gridA+`"}`)
	ann.sync()
	w.moveUser(ann.user, gridB)
	ann.batch = 1
	ann.restart()
	ann.edit(dispute, `{"description":"三楼的水管"}`)
	ann.edit(dispute, `{"participants":["`+ann.user.String()+`"]}`)
	ann.sync()
	ann.shows(dispute, map[string]any{"title": "楼上漏水"})
	w.settle()
}
