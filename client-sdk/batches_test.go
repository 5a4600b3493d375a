package client_test

import (
	"errors"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/identity"
)

// oneAtATime has a phone send one change a batch from now on.
func (p *phone) oneAtATime() {
	p.w.t.Helper()
	p.batch = 1
	p.restart()
}

// holds counts the records of a kind that a phone holds.
func (p *phone) holds(kind string) int {
	return len(p.ids(client.Query{Kind: kind, Deleted: true}))
}

func TestBatches_WhatANewRoleMayNotReadIsNotFoldedIn(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	ann.oneAtATime()
	ann.edit(door, `{"rooms":3}`)
	ann.add("dispute", `{"title":"晾衣杆","territory":"`+gridA+`"}`)
	ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`","contact":{"name":"赵"}}`)
	w.changeUser(ann.user, func(u *identity.User) { u.Role = uint32(recordv1.Role_ROLE_HELPER) })
	if report := ann.sync(); report.Applied != 3 {
		t.Fatalf("report %+v", report)
	}
	if n := ann.holds("dispute"); n != 0 {
		t.Errorf("a helper's phone shows %d disputes", n)
	}
	w.settle()
}

func TestBatches_ACopyOfALaterSwitchOfGrantsIsNotJudgedByAnEarlierOneOfTheOther(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	twin := ann.copyOf()
	twin.oneAtATime()
	w.changeUser(ann.user, func(u *identity.User) { u.Role = uint32(recordv1.Role_ROLE_HELPER) })
	ann.sync()
	w.later(2 * time.Minute) // so that the next call says something new of the phone
	w.moveUser(ann.user, gridB)
	ann.sync()
	twin.add("dispute", `{"title":"漏水","territory":"`+gridA+`"}`)
	twin.edit(door, `{"rooms":3}`)
	twin.edit(door, `{"rooms":4}`)
	if report := twin.sync(); report.Pushed != 3 || report.Quarantined != 0 {
		t.Errorf("what was made under the first grants: %+v, %+v", report, twin.quarantined())
	}
	w.settle()
}

func TestBatches_ACopyFoldsNothingInThatTheOtherSentUnderOtherGrants(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	ann.edit(door, `{"rooms":3}`)
	ann.edit(door, `{"rooms":4}`)
	ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"ROUTINE"}`)
	twin := ann.copyOf()
	twin.oneAtATime()
	ann.sync()
	w.moveUser(ann.user, gridB)
	twin.sync()
	if n := twin.holds("visit"); n != 0 {
		t.Errorf("after the handover the copy shows %d visits", n)
	}
	w.settle()
}

func TestBatches_ACopyThatSendsAgainPieceByPieceHoldsTheWholeLogMeanwhile(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	for range 3 {
		ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"ROUTINE"}`)
	}
	twin := ann.copyOf()
	twin.oneAtATime()
	ann.sync()
	twin.line.failAfter = 2 // one for a fresh nonce, one with a page
	if report, err := twin.Sync(t.Context()); err == nil || report.RoundTrips != 2 {
		t.Fatalf("report %+v, %v", report, err)
	}
	a, b := ann.status(), twin.status()
	if a.Seq != b.Seq || a.Digest != b.Digest || b.Pending == 0 {
		t.Errorf("the copy stands at %d with digest %.8s and %d to send; the log's end is %d with %.8s", b.Seq, b.Digest, b.Pending, a.Seq, a.Digest)
	}
	twin.line.failAfter = 0
	w.settle()
}

func TestFold_RecordsThatFollowOneAnotherInARingAreSentByTheServer(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, community)
	ann.sync()
	var ring [3]string
	for i := range ring {
		w.later(time.Second)
		ring[i] = w.id().String()
	}
	for i, grid := range []string{gridA, gridB, gridA} {
		ann.add("visit", `{"id":"`+ring[i]+`","premises_ids":["`+ring[(i+1)%3]+`"],"territory":"`+grid+`"}`)
	}
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if len(m.GetOutcomes().GetResults()) > 0 {
			// The server sends what it moved; here the phone is left to find out by itself.
			m.Page.Records = nil
		}
	}
	report := ann.sync()
	if s := ann.status(); s.Refilled != 1 || report.RoundTrips != 2 || !report.CaughtUp {
		t.Errorf("filled anew %d times in %d round trips", s.Refilled, report.RoundTrips)
	}
	w.matches(ann)
}

func TestBatches_WhatIsSettledInARecordThatHasLeftIsSealedAndHandedIn(t *testing.T) {
	w, ann, bob, visit := contested(t)
	bob.edit(visit, `{"note":"第三版"}`)
	bob.sync()
	ann.sync()
	ann.oneAtATime()
	door := ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	w.must(ann.Acknowledge(ann.theOnly("kept").ID))
	w.moveUser(ann.user, gridB)
	ann.line.failAfter = ann.line.calls + 1 // the batch with the settling is not sent yet
	if report, err := ann.Sync(t.Context()); err == nil || report.Pushed != 1 {
		t.Fatalf("report %+v, %v", report, err)
	}
	if _, err := ann.ShowJSON(visit); !errors.Is(err, client.ErrSealed) || ann.status().Sealed != 1 {
		t.Errorf("the visit is shown: %v", err)
	}
	ann.line.failAfter = 0
	w.settle()
	if ann.holds("visit") != 0 || ann.ids(client.Query{Kind: "premises"})[door] {
		t.Error("what was handed over is still shown")
	}
}
