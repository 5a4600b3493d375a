package client_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/identity"
)

// The texts that no file may hold after they had to go.
const (
	plantedNote    = "植入的走访记录甲乙丙丁"
	plantedAddress = "植入的地址戊己庚辛路3号"
)

// hides wants none of the texts in the phone's files, WAL and free pages included: in the clear never, and with the key
// not either.
func (p *phone) hidesAll(texts ...string) {
	p.w.t.Helper()
	plain := p.plain()
	for _, text := range texts {
		if bytes.Contains(plain, []byte(text)) {
			p.w.t.Errorf("%q can still be read in the files of %s", text, p.name)
		}
	}
}

// narrowed has a worker of a community write to a door of its second grid, and lose that grid while an edit is unsent: the
// line fails after the reply that says so.
func narrowed(t *testing.T) (w *world, ann, bob *phone, door, visit string) {
	t.Helper()
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, community)
	bob = w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridB)
	ann.doesAtOnce()
	ann.sync()
	bob.sync()
	door = ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridB+`"}`)
	visit = ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	ann.sync()
	w.moveUser(ann.user, gridA)
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if m.GetView() != nil && ann.line.failAfter == 0 {
			ann.edit(visit, `{"note":"`+plantedNote+`二"}`)
			_, err := ann.SaveDraft(&client.Draft{Kind: "visit", RecordID: visit, Text: `{"note":"` + plantedNote + `三"}`})
			w.must(err)
			ann.line.failAfter = ann.line.calls
		}
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatalf("the line should have failed: %v", err)
	}
	return w, ann, bob, door, visit
}

func TestSeal_WhatLeavesTheAreaIsSealedAndHandedIn(t *testing.T) {
	w, ann, bob, door, visit := narrowed(t)
	ann.restart()
	if s := ann.status(); s.Pending != 1 || s.Sealed != 1 || s.Drafts != 0 {
		t.Errorf("%d changes wait, %d of them sealed, %d drafts", s.Pending, s.Sealed, s.Drafts)
	}
	if _, err := ann.ShowJSON(visit); !errors.Is(err, client.ErrSealed) {
		t.Errorf("the visit is shown: %v", err)
	}
	if err := ann.EditJSON(visit, `{"note":"四"}`); !errors.Is(err, client.ErrSealed) {
		t.Errorf("the visit is edited: %v", err)
	}
	if _, err := ann.ShowJSON(door); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("the door is shown: %v", err)
	}
	ann.hidesAll(plantedNote, plantedAddress)

	ann.line.failAfter = 0
	if r := ann.sync(); r.Pushed != 1 || r.Merged != 1 || r.Quarantined != 0 {
		t.Errorf("report %+v", r)
	}
	bob.sync()
	bob.shows(visit, map[string]any{"note": plantedNote + "二"})
	if s := ann.status(); s.Pending != 0 || s.Sealed != 0 {
		t.Errorf("%d changes wait, %d of them sealed", s.Pending, s.Sealed)
	}
	ann.hidesAll(plantedNote, plantedAddress)
	w.verify()
}

// TestSeal_WhatAnOwnEditTakesOutOfTheAreaIsSealedToo has ann find that the visit was at another grid's door.
func TestSeal_WhatAnOwnEditTakesOutOfTheAreaIsSealedToo(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.doesAtOnce()
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"territory":"`+gridB+`","outcome":"seen","note":"`+plantedNote+`"}`)
	ann.sync()
	ann.edit(visit, `{"note":"`+plantedNote+`二"}`)
	ann.sync()
	id := mustParse(t, door)
	w.must(ann.Group(func(g *client.Group) error {
		return g.Remove(mustParse(t, visit), "visit", "premises_ids", string(id[:]))
	}))
	ann.sync()
	if _, err := ann.ShowJSON(visit); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("the visit is shown: %v", err)
	}
	ann.hidesAll(plantedNote)
	w.settle()
}

func TestSeal_ARecordThatComesBackIsReadOnlyUntilItsSealedChangesAreDecided(t *testing.T) {
	w, ann, _, door, visit := narrowed(t)
	w.moveUser(ann.user, community)
	ann.line.failAfter, ann.line.seen = 0, nil
	sealedSent := false
	ann.line.sent = func(m *syncv1.ExchangeBody) {
		for _, c := range m.GetBatch().GetChanges() {
			sealedSent = sealedSent || c.GetSealed() != nil && len(c.GetBody()) == 0
		}
	}
	ann.sync()
	if !sealedSent {
		t.Error("the change was not sent sealed")
	}
	ann.shows(visit, map[string]any{"note": plantedNote + "二"})
	ann.shows(door, map[string]any{"address": plantedAddress})
	ann.edit(visit, `{"note":"又可以写了"}`)
	ann.sync()
	ann.shows(visit, map[string]any{"note": "又可以写了"})
	w.settle()
}

func TestSeal_AServerThatIsRestoredIsGivenTheSealedChangesAgain(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, community)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridB)
	ann.doesAtOnce()
	ann.sync()
	bob.sync()
	b := w.backup()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridB+`"}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	ann.sync()
	w.moveUser(ann.user, gridA)
	ann.sync()
	ann.hidesAll(plantedNote, plantedAddress)
	w.restore(b)
	ann.sync()
	bob.sync()
	bob.shows(visit, map[string]any{"note": plantedNote})
	w.verify()
}

func TestDestroy_AMonthWithoutASyncLeavesNothingButSealedWork(t *testing.T) {
	w := newWorld(t)
	w.must(w.service.SetLease(t.Context(), 60*aDay))
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`"}`)
	ann.sync()
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"seen","note":"`+plantedNote+`"}`)
	if raw := ann.plain(); !bytes.Contains(raw, []byte(plantedNote)) {
		t.Fatal("the scan does not find what is there")
	}

	w.later(15 * aDay)
	ann.bars(door, client.ErrLocked)
	if raw := ann.plain(); !bytes.Contains(raw, []byte(plantedNote)) {
		t.Error("a lock has taken something away")
	}
	w.later(16 * aDay)
	ann.bars(door, client.ErrDestroyed)
	ann.restart()
	ann.bars(door, client.ErrDestroyed)
	if s := ann.status(); s.Pending != 1 || s.Sealed != 1 || s.Records != 0 || s.Barred != "DESTROYED" {
		t.Errorf("%d wait, %d sealed, %d records, barred by %q", s.Pending, s.Sealed, s.Records, s.Barred)
	}
	ann.hidesAll(plantedNote, plantedAddress)
	list, err := ann.Written(1)
	w.must(err)
	if len(list) != 2 || slices.ContainsFunc(list, func(c *client.Written) bool { return !c.Sealed || len(c.Body) > 0 || c.TimeMs == 0 }) {
		t.Errorf("changes %+v", list)
	}

	if r := ann.sync(); r.Merged != 1 || !r.CaughtUp {
		t.Errorf("report %+v, %v", r, ann.quarantined()[0])
	}
	ann.shows(visit, map[string]any{"note": plantedNote})
	ann.edit(visit, `{"note":"重新开始"}`)
	ann.sync()
	w.settle()
}

func TestDestroy_AnAnswerToWhatWasAskedBeforeIsNotForTheEmptyPhone(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.doesAtOnce()
	ann.sync()
	bob.sync()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`"}`)
	ann.sync()
	bob.sync()
	bob.edit(door, `{"rooms":4}`)
	bob.sync()
	w.later(31 * aDay)
	once := true
	ann.line.seen = func(*syncv1.ExchangeResponse) {
		if once {
			once = false
			if err := ann.Barred(); !errors.Is(err, client.ErrDestroyed) {
				t.Errorf("barred by %v", err)
			}
		}
	}
	ann.sync()
	ann.shows(door, map[string]any{"address": plantedAddress, "rooms": 4})
	bob.sync()
	w.settle()
}

func TestDestroy_ChangesSentInTheClearBeforeAreTheSameChanges(t *testing.T) {
	w := newWorld(t)
	w.must(w.service.SetLease(t.Context(), 60*aDay))
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"`+plantedAddress+`","territory":"`+gridA+`"}`)
	ann.line.loseReply = 3
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatalf("the line should have failed: %v", err)
	}
	ann.line.loseReply = 0
	w.later(31 * aDay)
	ann.bars(door, client.ErrDestroyed)
	ann.sync()
	ann.shows(door, map[string]any{"address": plantedAddress})
	if list, err := ann.Written(1); err != nil || len(list) != 1 || list[0].State != "applied" {
		t.Errorf("changes %+v, %v", list, err)
	}
	w.settle()
}

func TestSeal_WithoutAKeyNothingIsSealedAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if m.GetGrants() != nil {
			// As a server of older software answers.
			old := proto.CloneOf(m.GetGrants())
			old.IssuedMs, old.LeaseUntilMs, old.Sealing = 0, 0, nil
			old.Version++
			m.Grants = old
		}
	}
	w.changeUser(ann.user, func(u *identity.User) { u.TerritoryID = w.grids[community] })
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	w.later(40 * aDay)
	ann.bars(door, client.ErrLocked)
	ann.sync()
	ann.shows(door, map[string]any{"address": "民主路3号"})
}
