package client_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// losesReply has a phone sync while its line is cut: the server works, and its answer never comes.
func (p *phone) losesReply() {
	p.w.t.Helper()
	p.line.loseReply = 1
	if _, err := p.Sync(p.w.t.Context()); err == nil {
		p.w.t.Fatal("the reply was not lost")
	}
}

// heardWithoutPage has a phone hear what became of its changes in an answer that brings no page: its base stands below them.
func (p *phone) heardWithoutPage() {
	p.w.t.Helper()
	p.losesReply()
	_ = p.oneAnswer()
	p.line.seen, p.line.loseRequest = nil, 0
	if s := p.status(); s.Pending != 0 {
		p.w.t.Fatalf("%s has not heard of its changes: %+v", p.name, s)
	}
}

func TestHeard_WhatARestoredLogHasIsBaseThoughNoPageHadBroughtIt(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	ann.heardWithoutPage()
	w.restore(w.backup())
	for range 2 {
		ann.sync()
		ann.shows(door, map[string]any{"address": "民主路9号", "sync_state": "synced"})
	}
	w.settle()
}

// TestHeard_ALateCopyOfARequestIsJudgedBeforeThePhoneComes has a restored server take a copy of ann's request first, which
// was hours on its way. The door that she has visited is another grid's, as carl has told in between: her visit waits for a
// decision there, and she must be told.
func TestHeard_ALateCopyOfARequestIsJudgedBeforeThePhoneComes(t *testing.T) {
	for name, work := range map[string]bool{"with nothing to send": false, "with more to send": true} {
		t.Run(name, func(t *testing.T) {
			w, ann, _, _, _ := pair(t)
			carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridB)
			carl.sync()
			ann.sync()
			b := w.backup()
			door := carl.add("premises", `{"address":"和平路9号","territory":"`+gridB+`"}`)
			sent := []*syncv1.ExchangeRequest{}
			ann.line.keeps = &sent
			visit := ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"ROUTINE"}`)
			ann.heardWithoutPage()
			if ann.status().Quarantined != 0 {
				t.Fatal("the visit waits, and nobody knows yet where its door is")
			}
			w.restore(b)
			carl.sync()
			_, err := w.service.Exchange(t.Context(), sent[0])
			w.must(err)
			if work {
				ann.add("premises", `{"address":"民主路10号","territory":"`+gridA+`"}`)
			}
			for range 2 {
				ann.sync()
				if s := ann.status(); s.Quarantined != 1 || s.Pending != 0 {
					t.Errorf("ann is told %+v, her visit waits for a decision", s)
				}
			}
			if ann.shown()[visit] != "" {
				t.Error("ann is shown a visit that the log does not have")
			}
			w.settle()
		})
	}
}

// TestHeard_WhatIsAskedAgainStaysInTheJournal has verified backups follow one another while ann asks for what the restored
// log made of her visits: the numbers that she was told of are below them, those where the visits stand are not.
func TestHeard_WhatIsAskedAgainStaysInTheJournal(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridB)
	carl.sync()
	ann.sync()
	b := w.backup()
	sent := []*syncv1.ExchangeRequest{}
	ann.line.keeps = &sent
	for range 6 {
		ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"ROUTINE"}`)
	}
	ann.sync()
	w.restore(b)
	goesOn := func() {
		carl.add("premises", `{"address":"和平路9号","territory":"`+gridB+`"}`)
		carl.sync()
	}
	for range 9 {
		goesOn()
	}
	_, err := w.service.Exchange(t.Context(), sent[0])
	w.must(err)
	ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"ROUTINE"}`)
	ann.batch = 1
	ann.restart()
	ann.line.seen = func(*syncv1.ExchangeResponse) { goesOn(); w.backup() }
	ann.line.sent = func(body *syncv1.ExchangeBody) {
		if body.GetAbsent() != nil {
			t.Errorf("ann says that she does not have changes that she has: %v", body.GetAbsent())
		}
	}
	ann.sync()
	ann.line.seen = nil
	w.settle()
}
