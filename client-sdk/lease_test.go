package client_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const aDay = 24 * time.Hour

// lent makes a realm whose leases last so long, with a worker whose door is synced and edited since.
func lent(t *testing.T, length time.Duration) (w *world, ann *phone, door string) {
	t.Helper()
	w = newWorld(t)
	w.must(w.service.SetLease(t.Context(), length))
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door = ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.sync()
	ann.edit(door, `{"rooms":7}`)
	return w, ann, door
}

// bars wants reads and edits to end with an error, and what is unsent to be counted.
func (p *phone) bars(door string, want error) {
	p.w.t.Helper()
	_, edit := p.AddJSON("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	_, show := p.ShowJSON(door)
	_, list := p.List(client.Query{Kind: "premises"})
	_, search := p.Search("民主路")
	_, conflicts := p.Conflicts()
	_, why := p.Why(p.id(door))
	for what, err := range map[string]error{
		"edit": edit, "show": show, "list": list, "search": search, "conflicts": conflicts, "why": why, "change": p.EditJSON(door, `{"rooms":1}`),
	} {
		if !errors.Is(err, want) {
			p.w.t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	if zh, en := client.Explain(want, client.Chinese), client.Explain(want, client.English); zh == en || zh == "" {
		p.w.t.Errorf("%v is told as %q and %q", want, zh, en)
	}
}

func (p *phone) id(text string) (id syncengine.ID) {
	p.w.t.Helper()
	id, err := parse(text)
	p.w.must(err)
	return id
}

func TestLease_ItsEndHidesAndLocksWithoutNetworkAndLosesNothing(t *testing.T) {
	w, ann, door := lent(t, 10*aDay)
	w.later(10*aDay - time.Hour)
	ann.shows(door, map[string]any{"rooms": 7})
	w.later(2 * time.Hour)
	ann.bars(door, client.ErrLeaseEnded)
	if s := ann.status(); s.Pending != 1 || s.Barred != "LEASE_ENDED" {
		t.Errorf("%d changes wait, barred by %q", s.Pending, s.Barred)
	}
	ann.restart()
	ann.bars(door, client.ErrLeaseEnded)
	if r := ann.sync(); r.Applied != 1 {
		t.Errorf("report %+v", r)
	}
	ann.shows(door, map[string]any{"rooms": 7})
	w.settle()
}

func TestLease_AClockThatIsTurnedBackDoesNotProlongIt(t *testing.T) {
	w, ann, door := lent(t, 10*aDay)
	w.later(9 * aDay)
	ann.shows(door, map[string]any{"rooms": 7})
	ann.restart()
	ann.skew = -8 * aDay
	ann.shows(door, map[string]any{"rooms": 7})
	w.later(9*aDay + time.Hour)
	ann.bars(door, client.ErrLeaseEnded)
	ann.skew = -300 * aDay
	ann.bars(door, client.ErrLeaseEnded)
	ann.sync()
	ann.shows(door, map[string]any{"rooms": 7})
}

func TestLease_IsRenewedWhenAFifthHasPassedAndAnEmptySyncStaysSmall(t *testing.T) {
	w, ann, _ := lent(t, 10*aDay)
	ann.sync()
	renewed, digests := 0, false
	ann.line.sent = func(m *syncv1.ExchangeBody) { digests = len(m.GetStatus().GetDigests()) > 0 }
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if m.GetGrants() != nil {
			renewed++
		}
	}
	for range 12 {
		w.later(12 * time.Hour)
		before := renewed
		r := ann.sync()
		if r.RoundTrips != 1 || renewed == before && !digests && (r.BytesUp >= 200 || r.BytesDown >= 200) {
			t.Errorf("%d trips, %d bytes up, %d down", r.RoundTrips, r.BytesUp, r.BytesDown)
		}
	}
	if renewed != 3 {
		t.Errorf("renewed %d times in 6 days", renewed)
	}
}

func TestLease_WhatArrivesAFortnightAfterItsEndIsQuarantined(t *testing.T) {
	for late, want := range map[time.Duration]string{24*aDay - time.Hour: "applied", 24*aDay + time.Hour: "quarantined"} {
		w, ann, _ := lent(t, 10*aDay)
		w.later(late)
		ann.sync()
		list, err := ann.Written(2)
		w.must(err)
		if len(list) != 1 || list[0].State != want || want == "quarantined" && list[0].Reason != "LEASE_ENDED" {
			t.Errorf("after %v: %+v", late, list[0])
		}
	}
}

// A month later the server is put back to before all of it, and knows of no lease but the first. What the phone brings again it
// made under a later one, which it shows.
func TestLease_WhatAnOldBackupLacksIsTakenUnderTheLeaseThatThePhoneShows(t *testing.T) {
	for _, declared := range []bool{true, false} {
		w, ann, door := lent(t, 10*aDay)
		b := w.backup()
		for range 15 {
			w.later(2 * aDay)
			ann.sync()
		}
		ann.edit(door, `{"rooms":8}`)
		ann.sync()
		if declared {
			w.restore(b)
		} else {
			w.putBack(b)
		}
		w.later(3 * aDay)
		ann.sync()
		ann.shows(door, map[string]any{"rooms": 8})
		if s := ann.status(); s.Quarantined != 0 {
			t.Errorf("declared %v: %d changes that were taken before wait", declared, s.Quarantined)
		}
		w.settle()
	}
}

// A phone is copied, and one of the two lies in a drawer while the other is in use and is lent its area again and again. What comes
// out of the drawer was made under the lease of then; what its owner writes under one of its own is taken.
func TestLease_OfTwoCopiesOfAPhoneEachHasItsOwn(t *testing.T) {
	w, ann, door := lent(t, 10*aDay)
	ann.sync()
	other := ann.copyOf()
	other.edit(door, `{"rooms":9}`)
	ann.edit(door, `{"rooms":8}`)
	for range 13 {
		w.later(2 * aDay)
		ann.sync()
	}
	other.sync()
	other.edit(door, `{"grade":"RED"}`)
	other.sync()
	list, err := other.Written(1)
	w.must(err)
	late, fresh := list[len(list)-2], list[len(list)-1]
	if late.State != "quarantined" || late.Reason != "LEASE_ENDED" || fresh.State == "quarantined" {
		t.Errorf("what came out of the drawer is %+v, what was written since %+v", late, fresh)
	}
	w.settle()
}

// lend grants a user a door until a time.
func (w *world) lend(user syncengine.ID, door string, until time.Time) {
	w.t.Helper()
	id, err := parse(door)
	w.must(err)
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		g := identity.Grant{Role: uint32(recordv1.Role_ROLE_HELPER), Records: []syncengine.ID{id}, Until: syncengine.UnixMilli(until.UnixMilli())}
		_, err := identity.Lend(tx, user, g, syncengine.UnixMilli(w.now.UnixMilli()))
		return err
	}))
}

func TestLease_AVolunteersTimeEndsByItselfOnPhoneAndServer(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.sync()
	volunteer := w.phone("志愿者", recordv1.Role_ROLE_HELPER, gridB)
	volunteer.sync()
	grid, own := w.grids[gridB], w.id()
	w.write(own, recordv1.Kind_KIND_PREMISES, true, &recordv1.Premises{Address: proto.String("新华街1号"), Territory: grid[:]})
	w.lend(volunteer.user, door, w.now.Add(5*aDay))
	volunteer.sync()
	volunteer.shows(door, map[string]any{"address": "民主路3号"})
	visit := volunteer.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"一切正常"}`)
	w.later(5 * aDay)

	// Without network: the door is gone from the screen, the own area is not, nothing is lost.
	if _, err := volunteer.ShowJSON(door); !errors.Is(err, client.ErrGrantEnded) {
		t.Errorf("the door is shown: %v", err)
	}
	if err := volunteer.EditJSON(visit, `{"note":"又去了"}`); !errors.Is(err, client.ErrGrantEnded) {
		t.Errorf("the door is edited: %v", err)
	}
	if list, err := volunteer.List(client.Query{Kind: "premises"}); err != nil || len(list) != 1 || list[0].ID != own {
		t.Errorf("%d doors are listed, %v", len(list), err)
	}
	// At the server too: what was written in time is taken, and the door leaves the phone.
	if r := volunteer.sync(); r.Pushed != 1 || r.Quarantined != 0 {
		t.Errorf("report %+v", r)
	}
	ann.sync()
	ann.shows(visit, map[string]any{"note": "一切正常"})
	if _, err := volunteer.ShowJSON(door); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("the door is still on the phone: %v", err)
	}
	w.verify()
}

func TestLease_WithNothingButTimeThatHasEndedThePhoneShowsNothing(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.sync()
	volunteer := w.phone("志愿者", recordv1.Role_ROLE_HELPER, "")
	w.lend(volunteer.user, door, w.now.Add(5*aDay))
	volunteer.sync()
	volunteer.shows(door, map[string]any{"address": "民主路3号"})
	w.later(5 * aDay)
	volunteer.bars(door, client.ErrLeaseEnded)
}

func TestLease_AfterARestoreThePhonesOwnProofCounts(t *testing.T) {
	w, ann, _ := lent(t, 10*aDay)
	ann.sync()
	b := w.backup()
	w.later(8 * aDay)
	ann.sync()
	w.later(8 * aDay)
	ann.sync()
	_, err := ann.AddJSON("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	w.must(err)
	w.later(16 * aDay)
	w.restore(b)
	if r := ann.sync(); r.Quarantined != 0 {
		t.Errorf("what was written under a lease that the backup lacks is quarantined: %+v", r)
	}
}
