package client_test

import (
	"fmt"
	"testing"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// clears has a phone hear of verified backups, with something new in each, until it no longer has what it has sent so far.
// What is done before it hears of the second one it keeps.
func (p *phone) clears(other *phone, visit string, before func()) {
	p.w.t.Helper()
	last := p.last()
	for i := range 2 {
		other.edit(visit, fmt.Sprintf(`{"note":"又一次备份 %d"}`, p.w.now.UnixMilli()))
		other.sync()
		p.sync()
		p.w.backup()
		p.w.later(time.Minute)
		if i == 1 {
			before()
		}
		p.sync()
	}
	if rows := p.written(1); len(rows) > 0 && rows[0].DeviceSeq <= last {
		p.w.t.Fatalf("the journal of %s still begins at %d", p.name, rows[0].DeviceSeq)
	}
}

// last gives the newest change that the phone has made.
func (p *phone) last() int64 {
	p.w.t.Helper()
	rows := p.written(1)
	return rows[len(rows)-1].DeviceSeq
}

// Ann's phone and a copy of it have both handed in a visit. Ann's has cleared it from its journal, since two backups hold it; then
// the server is restored to before both.
func TestRestore_WhatOneCopyHasDeclaredAbsentAnotherOneBrings(t *testing.T) {
	for _, c := range []struct {
		name string
		// own is set where the copy writes something of its own, named where it did so before the loss and has a name of its own,
		// half where it has cleared the first half of what both share, later where both share something that neither has cleared.
		own, named, half, later bool
	}{
		{name: "nothing of its own"}, {name: "something of its own", own: true}, {name: "a name of its own", named: true},
		{name: "half of it", half: true}, {name: "half of it, and something of its own", half: true, own: true},
		{name: "nothing of its own, and what both kept after it", later: true},
		{name: "half of it, under a name of its own", half: true, named: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, ann, bob, door, visit := pair(t)
			b := w.backup()
			first := ann.add("visit", `{"premises_ids":["`+door+`"],"note":"第一次"}`)
			ann.sync()
			if c.half {
				ann.clears(bob, visit, func() {})
			}
			shared := ann.add("visit", `{"premises_ids":["`+door+`"],"note":"两个副本都有"}`)
			ann.edit(shared, `{"outcome":"seen"}`)
			ann.sync()
			twin := ann.copyOf()
			if c.named {
				ann.edit(door, `{"rooms":4}`)
				ann.sync()
				twin.edit(door, `{"name":"副本早先写的"}`)
				twin.sync()
			}
			ann.clears(bob, visit, func() {
				if c.later {
					ann.edit(door, `{"rooms":5}`)
					twin = ann.copyOf()
				}
			})
			if c.own {
				twin.edit(door, `{"name":"副本写的"}`)
			}
			absent := 0
			ann.line.sent = func(m *syncv1.ExchangeBody) {
				if m.GetAbsent() != nil {
					absent++
				}
			}
			w.restore(b)
			for _, p := range []*phone{ann, bob, twin, ann, bob, twin} {
				p.sync()
			}
			if absent == 0 {
				t.Fatal("ann has declared nothing absent")
			}
			for _, p := range []*phone{ann, bob, twin} {
				p.shows(shared, map[string]any{"note": "两个副本都有", "outcome": "SEEN"})
				if _, shown := p.shown()[first]; shown == c.half {
					t.Errorf("%s shows the first visit: %v; both copies had cleared it: %v", p.name, shown, c.half)
				}
			}
			if c.own {
				ann.shows(door, map[string]any{"name": "副本写的"})
			}
			w.settle()
			// The next restore finds them with names of their own, and nothing is asked for twice: each sends its last change
			// once more, so that the server sees whose it is.
			w.restore(w.backup())
			for _, p := range []*phone{twin, ann} {
				if r := p.sync(); r.Pushed > 1 {
					t.Errorf("%s sends %d changes that the log has", p.name, r.Pushed)
				}
			}
		})
	}
}

// What a copy brings is told to a phone as the first change to be sent, however far the log has come since.
func TestRestore_ACopyThatHasNothingToBringIsAskedForNothing(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	b := w.backup()
	for i := range 3 {
		ann.edit(door, fmt.Sprintf(`{"rooms":%d}`, i+1))
		ann.sync()
	}
	ann.clears(bob, visit, func() {})
	twin := ann.copyOf()
	w.restore(b)
	ann.sync()
	bob.sync()
	name := twin.Self().Incarnation
	if r := twin.sync(); r.Pushed > 0 || twin.Self().Incarnation != name {
		t.Errorf("the copy sends %d changes, as %s, who was %s", r.Pushed, twin.Self().Incarnation, name)
	}
	w.settle()
}
