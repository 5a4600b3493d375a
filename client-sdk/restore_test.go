package client_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// backup is a copy of the server's store.
type backup struct {
	store *memstore.Store
	at    syncengine.Coordinate
}

// backup copies the store and tells the phones from now on how far it reaches.
func (w *world) backup() backup {
	w.t.Helper()
	b := backup{store: w.store.(*memstore.Store).Copy()}
	w.must(b.store.View(w.t.Context(), func(r store.Reader) error {
		b.at = syncengine.Coordinate{Epoch: r.Head().Epoch, Seq: r.Head().Seq}
		return nil
	}))
	w.service.SetBackedUp(b.at)
	return b
}

// restore puts the server back to a backup, which can be used again.
func (w *world) restore(b backup, known ...syncengine.Fork) {
	w.t.Helper()
	w.must(w.service.Close())
	st := b.store.Copy()
	_, err := exchange.BeginEpoch(context.Background(), st, exchange.Renewal{Known: known, Now: syncengine.UnixMilli(w.now.UnixMilli())})
	w.must(err)
	w.store = st
	w.serve()
	w.verify()
}

// shown gives what a phone shows of every record, by id.
func (p *phone) shown() map[string]string {
	p.w.t.Helper()
	out := map[string]string{}
	for _, kind := range kinds {
		records, err := p.List(client.Query{Kind: kind, Deleted: true})
		p.w.must(err)
		for _, rec := range records {
			m, err := rec.Message()
			p.w.must(err)
			out[rec.ID.String()] = fmt.Sprint(rec.Deleted, m)
		}
	}
	return out
}

// wantShown fails unless a phone shows exactly what it showed before.
func (p *phone) wantShown(when string, before map[string]string) {
	p.w.t.Helper()
	now := p.shown()
	for id, text := range before {
		if now[id] != text {
			p.w.t.Errorf("%s: %s shows of %s\n  %s\nand showed\n  %s", when, p.name, id, now[id], text)
		}
	}
	for id := range now {
		if _, ok := before[id]; !ok {
			p.w.t.Errorf("%s: %s shows %s, which it did not", when, p.name, id)
		}
	}
}

// lostDay is a story's middle: after a backup both work on, disagree, agree, and
// hand all of it in.
func lostDay(t *testing.T) (w *world, ann, bob *phone, b backup) {
	t.Helper()
	w, ann, bob, door, visit := pair(t)
	b = w.backup()
	ann.edit(door, `{"rooms":4}`)
	ann.edit(visit, `{"note":"安写的"}`)
	bob.edit(visit, `{"note":"白写的"}`)
	second := bob.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	bob.sync()
	ann.sync()
	bob.sync()
	bob.edit(door, `{"rooms":5,"name":"小院"}`)
	bob.sync()
	ann.sync()
	ann.edit(second, `{"grade":"red"}`)
	ann.add("visit", `{"premises_ids":["`+second+`"],"note":"第二家"}`)
	ann.sync()
	bob.sync()
	return w, ann, bob, b
}

func TestRestore_PhonesHealTheServerInAnyOrder(t *testing.T) {
	for _, first := range []string{"安", "白"} {
		t.Run(first+" comes back first", func(t *testing.T) {
			w, ann, bob, b := lostDay(t)
			before, digest, open := ann.shown(), ann.status().Digest, ann.contradictions()
			bob.wantShown("before", before)
			w.later(24 * time.Hour)
			w.restore(b)
			order := []*phone{ann, bob}
			if first == bob.name {
				slices.Reverse(order)
			}
			for _, p := range order {
				missing := p.Changes() - int(p.sharedChanges(w, b))
				// The last change that the backup has is shown again, so that it is known for what it is.
				compared := min(1, int(p.sharedChanges(w, b)))
				if report := p.sync(); report.Pushed != missing+compared || !report.CaughtUp {
					t.Errorf("%s comes back with %+v", p.name, report)
				}
				if s := p.status(); s.Pending != 0 || s.Epoch != 2 {
					t.Errorf("%s stands at %+v", p.name, s)
				}
			}
			w.settle()
			for _, p := range order {
				p.wantShown("healed", before)
				if s := p.status(); s.Digest != digest {
					t.Errorf("%s has digest %s, had %s", p.name, s.Digest, digest)
				}
			}
			if again := ann.contradictions(); len(open) != 1 || !slices.Equal(again, open) {
				t.Errorf("what is in conflict was %v and is %v", open, again)
			}
		})
	}
}

// contradictions lists what is in conflict with its values. A value that somebody
// wrote over in full sight may be listed as kept after a restore: who had been
// shown what is lost with the history in which it was.
func (p *phone) contradictions() (out []string) {
	p.w.t.Helper()
	for _, c := range p.conflicts() {
		if c.Kind != "kept" {
			out = append(out, fmt.Sprint(c.ID, c.Kind, string(c.Shown.JSON), len(c.Others)))
		}
	}
	return out
}

// sharedChanges counts the phone's changes that a backup holds.
func (p *phone) sharedChanges(w *world, b backup) (n int64) {
	w.t.Helper()
	for _, c := range p.written(1) {
		err := b.store.View(w.t.Context(), func(r store.Reader) error {
			return r.Entries(0, func(e store.Entry) bool {
				if string(e.Body) == string(c.Body) {
					n++
				}
				return true
			})
		})
		w.must(err)
	}
	return n
}

func TestRestore_AnEditNeverLeavesItsAuthorsScreen(t *testing.T) {
	w, ann, bob, b := lostDay(t)
	before := ann.shown()
	mine := map[string]string{}
	for _, c := range ann.written(1) {
		mine[c.RecordID] = before[c.RecordID]
	}
	w.restore(b)
	// One small page a call; after each answer the app is closed and opened.
	ann.page, bob.page = 1, 1
	ann.restart()
	for range 40 {
		ann.line.loseRequest = 0
		ann.line.seen = func(*syncv1.ExchangeResponse) { ann.line.loseRequest = 1 }
		_, err := ann.Sync(t.Context())
		ann.restart()
		now := ann.shown()
		for id := range mine {
			if now[id] == "" && !ann.lists(id) {
				t.Fatalf("%s is gone from the screen while the phone heals the server", id)
			}
		}
		if err == nil {
			break
		}
	}
	ann.line.seen, ann.line.loseRequest = nil, 0
	w.settle()
	ann.wantShown("healed", before)
}

// lists reports that the phone lists a change of a record as quarantined.
func (p *phone) lists(record string) bool {
	p.w.t.Helper()
	list, err := p.Quarantined()
	p.w.must(err)
	return slices.ContainsFunc(list, func(q *client.Quarantined) bool { return q.RecordID == record })
}

func TestRestore_TwiceFromOneBackupAndFromOneBetween(t *testing.T) {
	for name, later := range map[string]func(w *world, first backup) backup{
		"the same backup again": func(_ *world, first backup) backup { return first },
		"one made between":      func(w *world, _ backup) backup { return w.backup() },
	} {
		t.Run(name, func(t *testing.T) {
			w, ann, bob, b := lostDay(t)
			before, digest := ann.shown(), ann.status().Digest
			w.restore(b)
			bob.sync()
			next := later(w, b)
			ann.sync()
			w.restore(next, syncengine.Fork{Epoch: 2, At: b.at.Seq, Parent: 1})
			for _, p := range []*phone{ann, bob} {
				p.sync()
				if s := p.status(); s.Pending != 0 || s.Epoch != 3 {
					t.Errorf("%s stands at %+v", p.name, s)
				}
			}
			w.settle()
			for _, p := range []*phone{ann, bob} {
				p.wantShown("healed twice", before)
				if s := p.status(); s.Digest != digest {
					t.Errorf("%s has digest %s, had %s", p.name, s.Digest, digest)
				}
			}
		})
	}
}

func TestRestore_APhoneThatHadSeenNoMoreGoesOn(t *testing.T) {
	w, ann, bob, _, door := threeDoors(t)
	b := w.backup()
	bob.edit(door, `{"rooms":7}`)
	bob.sync()
	w.restore(b)
	if report := ann.sync(); report.Pulled != 0 || report.Gone != 0 {
		t.Errorf("a phone that had seen no more than the backup is filled again: %+v", report)
	}
	if report := bob.sync(); report.Pushed != 1 || report.Pulled == 0 {
		t.Errorf("a phone that had seen more: %+v", report)
	}
	if report := ann.sync(); report.Pulled != 1 {
		t.Errorf("what was brought back comes as news: %+v", report)
	}
	ann.shows(door, map[string]any{"rooms": 7})
	w.settle()
}

func threeDoors(t *testing.T) (w *world, ann, bob *phone, doors []string, door string) {
	t.Helper()
	w, ann, bob, door, _ = pair(t)
	for i := range 3 {
		doors = append(doors, ann.add("premises", fmt.Sprintf(`{"address":"民主路%d号","territory":"%s"}`, 20+i, gridA)))
	}
	ann.sync()
	bob.sync()
	return w, ann, bob, doors, door
}

func TestRestore_AnEditOfARecordThatIsNotBackYetWaitsForIt(t *testing.T) {
	w, ann, bob, _, _ := pair(t)
	b := w.backup()
	door := ann.add("premises", `{"address":"民主路8号","territory":"`+gridA+`"}`)
	ann.sync()
	bob.sync()
	bob.edit(door, `{"rooms":3}`)
	bob.sync()
	w.later(time.Hour)
	ann.sync()
	ann.edit(door, `{"rooms":2}`)
	ann.sync()
	bob.sync()
	before, digest := ann.shown(), ann.status().Digest
	w.later(time.Hour)
	w.restore(b)
	if report := bob.sync(); report.Quarantined != 1 {
		t.Errorf("bob comes back first: %+v", report)
	}
	ann.sync()
	w.settle()
	for _, p := range []*phone{ann, bob} {
		p.wantShown("healed", before)
		if s := p.status(); s.Digest != digest || s.Quarantined != 0 {
			t.Errorf("%s stands at %+v", p.name, s)
		}
	}
}

// TestRestore_WhatWaitedIsMergedByTheGrantsItWasMadeUnder has carl help out in the other grid for a day: when the door
// that he edited there is back, he still counts as who had read what he wrote over. The restored server knows of his
// moves from elsewhere.
func TestRestore_WhatWaitedIsMergedByTheGrantsItWasMadeUnder(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridB)
	carl.sync()
	b := w.backup()
	door := ann.add("premises", `{"address":"民主路8号","rooms":2,"territory":"`+gridA+`"}`)
	ann.sync()
	w.moveUser(carl.user, gridA)
	carl.sync()
	carl.edit(door, `{"rooms":3}`)
	carl.sync()
	w.moveUser(carl.user, gridB)
	carl.sync()
	w.later(time.Hour)
	w.restore(b)
	w.moveUser(carl.user, gridA)
	w.moveUser(carl.user, gridB)
	if report := carl.sync(); report.Quarantined != 1 {
		t.Errorf("carl comes back first: %+v", report)
	}
	ann.sync()
	w.settle()
	ann.shows(door, map[string]any{"rooms": 3})
	if open := ann.contradictions(); len(open) != 0 {
		t.Errorf("carl had read what he wrote over, and it stands beside it: %v", open)
	}
}

func TestRestore_OlderThanReportedStillDrainsEveryOutbox(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	old := w.backup()
	for i := range 4 {
		ann.edit(door, fmt.Sprintf(`{"rooms":%d}`, i+1))
		bob.edit(visit, fmt.Sprintf(`{"note":"第%d次"}`, i+1))
		ann.sync()
		bob.sync()
		ann.sync()
		w.backup()
		ann.sync()
		bob.sync()
	}
	if ann.written(1)[0].DeviceSeq == 1 {
		t.Fatal("ann's journal was never cleared")
	}
	w.restore(old)
	for _, p := range []*phone{bob, ann} {
		p.edit(visit, `{"outcome":"seen"}`)
		p.sync()
		if s := p.status(); s.Pending != 0 {
			t.Errorf("%s has %d changes pending", p.name, s.Pending)
		}
	}
	for range 2 {
		ann.sync()
		bob.sync()
	}
	ann.shows(visit, map[string]any{"note": "第4次", "outcome": "SEEN"})
	ann.shows(door, map[string]any{"rooms": 4})
	w.verify()
}

func TestRestore_ADecisionOfTheServerIsLostAndTheChangeWaitsAgain(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	w.moveUser(ann.user, gridB)
	ann.sync()
	ann.add("premises", `{"address":"民主路78号","territory":"`+gridA+`"}`)
	ann.sync()
	waiting := ann.quarantinedStates()
	b := w.backup()
	w.releaseAll()
	ann.sync()
	if got := ann.quarantinedStates(); slices.Equal(got, waiting) {
		t.Fatalf("nothing was released: %v", got)
	}
	w.restore(b)
	ann.sync()
	if got := ann.quarantinedStates(); !slices.Equal(got, waiting) {
		t.Errorf("after the restore %v, before the release %v", got, waiting)
	}
	w.releaseAll()
	w.settle()
}

func (p *phone) quarantinedStates() (out []string) {
	p.w.t.Helper()
	list, err := p.Quarantined()
	p.w.must(err)
	for _, q := range list {
		out = append(out, fmt.Sprint(q.DeviceSeq, q.Reason, q.State))
	}
	return out
}

// releaseAll releases what waits in quarantine.
func (w *world) releaseAll() {
	w.t.Helper()
	var waiting []syncengine.Seq
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		return w.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
			waiting = append(waiting, q.Seq)
			return true
		})
	}))
	for _, seq := range waiting {
		w.must(w.service.Release(w.t.Context(), seq, syncengine.ID{}, "查实"))
	}
}

func TestRestore_AChangeThatWasQuarantinedIsJudgedAnew(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	b := w.backup()
	w.moveUser(ann.user, gridB)
	ann.sync()
	wrong := ann.add("premises", `{"address":"民主路78号","territory":"`+gridA+`"}`)
	ann.sync()
	if s := ann.status(); s.Quarantined != 1 {
		t.Fatalf("ann's work outside of her grid: %+v", s)
	}
	w.moveUser(ann.user, gridA)
	ann.sync()
	// The restored server has never heard of it, and the work is allowed.
	w.restore(b)
	ann.sync()
	if s := ann.status(); s.Quarantined != 0 || s.Pending != 0 {
		t.Errorf("after the restore %+v", s)
	}
	ann.shows(wrong, map[string]any{"sync_state": "synced"})
	ann.shows(door, map[string]any{"sync_state": "synced"})
	w.settle()
}

func TestRestore_AChangeThatIsAllowedNowIsOnTheScreenBeforeTheFillIsThrough(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	b := w.backup()
	w.moveUser(ann.user, gridB)
	ann.sync()
	other := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridB)
	other.sync()
	for _, number := range []string{"1", "2", "3"} {
		other.add("premises", `{"address":"和平路`+number+`号","territory":"`+gridB+`"}`)
	}
	other.sync()
	wrong := ann.add("premises", `{"address":"民主路78号","territory":"`+gridA+`"}`)
	ann.page = 1
	ann.restart()
	// One answer brings the outcome and the first of several pages: base does not move.
	ann.oneAnswer()
	if !ann.lists(wrong) {
		t.Fatal("ann's work outside of her grid does not wait")
	}
	w.moveUser(ann.user, gridA)
	ann.oneAnswer()
	w.restore(b)
	healed := false
	for range 40 {
		err := ann.oneAnswer()
		healed = healed || ann.status().Quarantined == 0
		if ann.shown()[wrong] == "" && !ann.lists(wrong) {
			t.Fatal("the change is allowed in the new epoch, and its author does not see it")
		}
		if err == nil {
			break
		}
	}
	ann.line.seen, ann.line.loseRequest = nil, 0
	w.settle()
	ann.shows(wrong, map[string]any{"sync_state": "synced"})
}

// oneAnswer takes one answer: what the phone asks next is lost.
func (p *phone) oneAnswer() error {
	p.line.loseRequest = 0
	p.line.seen = func(*syncv1.ExchangeResponse) { p.line.loseRequest = 1 }
	_, err := p.Sync(p.w.t.Context())
	return err
}

func TestRestore_ACopiedPhoneComesBackToo(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	b := w.backup()
	ann.edit(door, `{"rooms":1}`)
	ann.sync()
	twin := ann.copyOf()
	ann.edit(door, `{"rooms":2}`)
	ann.sync()
	twin.edit(door, `{"name":"副本写的"}`)
	w.restore(b)
	ann.sync()
	twin.sync()
	w.settle()
	ann.shows(door, map[string]any{"rooms": 2, "name": "副本写的"})
	twin.shows(door, map[string]any{"rooms": 2, "name": "副本写的"})
}

func TestRestore_AnotherChangeUnderTheNumberOfALostOneIsNotTakenForIt(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	copied := ann.copyOf()
	saved := w.backup()
	copied.edit(visit, `{"note":"副本写的"}`)
	copied.sync()
	w.restore(saved)
	ann.edit(door, `{"rooms":7}`)
	ann.sync()
	copied.sync()
	for _, p := range []*phone{ann, bob, copied} {
		p.sync()
		p.sync()
		p.shows(visit, map[string]any{"note": "副本写的"})
		p.shows(door, map[string]any{"rooms": 7})
	}
	w.settle()
}

// Both copies have written under one name before the server is put back to a state
// that knows of neither: whoever comes back second has nothing new to send, and
// must not take the other's numbers for its own.
func TestRestore_BothCopiesOfAPhoneBringBackWhatTheyHandedIn(t *testing.T) {
	for _, written := range [][2]int{{1, 1}, {1, 3}, {3, 1}} {
		t.Run(fmt.Sprint(written), func(t *testing.T) {
			w, ann, bob, door, _ := pair(t)
			b := w.backup()
			twin := ann.copyOf()
			var made []string
			add := func(p *phone, n int) {
				for i := range n {
					made = append(made, p.add("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":"%s的第%d次"}`, door, p.name, i)))
				}
				p.sync()
			}
			add(twin, written[0])
			w.restore(b)
			add(ann, written[1])
			twin.sync()
			for _, p := range []*phone{ann, twin, bob, ann} {
				p.sync()
			}
			for _, id := range made {
				for _, p := range []*phone{ann, bob, twin} {
					if _, shown := p.shown()[id]; !shown {
						t.Errorf("%s does not show %s of %v", p.name, id, made)
					}
				}
			}
			if ann.Self().Incarnation == twin.Self().Incarnation {
				t.Error("two databases have one name")
			}
			w.verify()
		})
	}
}

func TestRestore_ACopyBringsWhatItSharedWithOneThatIsGone(t *testing.T) {
	for _, returns := range []bool{false, true} {
		t.Run(fmt.Sprint("the first copy returns: ", returns), func(t *testing.T) {
			w, ann, bob, door, _ := pair(t)
			b := w.backup()
			shared := ann.add("visit", `{"premises_ids":["`+door+`"],"note":"两个副本都有"}`)
			ann.sync()
			twin := ann.copyOf()
			ann.edit(shared, `{"outcome":"seen"}`)
			ann.sync()
			own := twin.add("visit", `{"premises_ids":["`+door+`"],"note":"副本自己的"}`)
			twin.sync()
			w.restore(b)
			phones := []*phone{twin, bob, twin}
			if returns {
				phones = append(phones, ann, twin, bob, ann)
			}
			for _, p := range phones {
				p.sync()
			}
			for _, p := range phones {
				p.shows(shared, map[string]any{"note": "两个副本都有"})
				p.shows(own, map[string]any{"note": "副本自己的"})
			}
			w.verify()
		})
	}
}

func TestFork_WhatWasSharedStaysOnTheCopysScreen(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	twin := ann.copyOf()
	ann.edit(door, `{"rooms":2}`)
	ann.sync()
	twin.edit(door, `{"name":"副本写的"}`)
	twin.page = 1
	twin.restart()
	for range 20 {
		twin.line.loseRequest = 0
		twin.line.seen = func(*syncv1.ExchangeResponse) { twin.line.loseRequest = 1 }
		_, err := twin.Sync(t.Context())
		twin.shows(door, map[string]any{"name": "副本写的"})
		if err == nil {
			break
		}
	}
	twin.line.seen, twin.line.loseRequest = nil, 0
	w.settle()
	ann.shows(door, map[string]any{"rooms": 2, "name": "副本写的"})
}

func TestRestore_AStampIsWhatItWasAlsoWhereThePhonesClockWasSetMeanwhile(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	b := w.backup()
	ann.edit(visit, `{"note":"先写的"}`)
	w.later(time.Minute)
	bob.edit(visit, `{"note":"后写的"}`)
	for _, p := range []*phone{ann, bob, ann} {
		p.sync()
	}
	ann.shows(visit, map[string]any{"note": "后写的"})
	w.later(24 * time.Hour)
	w.restore(b)
	// What the server measures now says that everything of this phone happened two hours later.
	ann.skew = -2 * time.Hour
	for _, p := range []*phone{ann, bob, ann} {
		p.sync()
	}
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": "后写的"})
	}
}

// putBack copies a backup over the server's store as a file manager does, and says nothing of it.
func (w *world) putBack(b backup) {
	w.t.Helper()
	w.must(w.service.Close())
	w.store = b.store.Copy()
	w.serve()
}

func (w *world) epoch() (e syncengine.Epoch) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		e = r.Head().Epoch
		return nil
	}))
	return e
}

func TestPutBack_APhoneRevealsItAndTheServerIsHealed(t *testing.T) {
	for _, first := range []string{"安", "白"} {
		t.Run(first+" comes back first", func(t *testing.T) {
			w, ann, bob, b := lostDay(t)
			before, digest := ann.shown(), ann.status().Digest
			w.putBack(b)
			order := []*phone{ann, bob}
			if first == bob.name {
				slices.Reverse(order)
			}
			order[0].sync()
			if w.epoch() != 2 {
				t.Fatalf("epoch %d after a phone came that had seen more than there is", w.epoch())
			}
			order[1].sync()
			w.settle()
			for _, p := range order {
				p.wantShown("healed", before)
				if s := p.status(); s.Digest != digest || s.Epoch != 2 {
					t.Errorf("%s stands at %+v, had digest %s", p.name, s, digest)
				}
			}
		})
	}
}

// TestPutBack_TwoHistoriesUnderOneNumberOverwriteNothing has a phone work on the
// log that was put back before one comes that knows the lost one: what they wrote
// stands under the same numbers.
func TestPutBack_TwoHistoriesUnderOneNumberOverwriteNothing(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridA)
	carl.sync()
	b := w.backup()
	ann.edit(visit, `{"note":"安写的"}`)
	ann.sync()
	bob.sync()
	bob.edit(visit, `{"note":"白看过安的"}`)
	bob.edit(door, `{"rooms":8}`)
	bob.sync()
	w.putBack(b)
	carl.edit(visit, `{"note":"陈写的"}`)
	carl.edit(door, `{"rooms":3}`)
	carl.sync()
	if w.epoch() != 1 {
		t.Fatal("a phone that had seen no more than there is began an epoch")
	}
	// Bob's edit, made offline, has a base that the lost history numbered like Carl's work.
	bob.edit(door, `{"name":"小院"}`)
	bob.edit(visit, `{"outcome":"SEEN"}`)
	bob.sync()
	ann.sync()
	if w.epoch() != 2 {
		t.Fatalf("epoch %d", w.epoch())
	}
	w.settle()
	for _, p := range []*phone{ann, bob, carl} {
		for _, c := range []string{visit, door} {
			if !slices.ContainsFunc(p.conflicts(), func(k *client.Conflict) bool { return k.RecordID == c && k.Kind == "conflict" }) {
				t.Errorf("%s lists no conflict at %s: %v", p.name, c, p.contradictions())
			}
		}
	}
}

// TestPutBack_WhatWasOnTheScreenInTheLostHistoryIsNotKnown has bob see ann's value,
// then carl's over it, and write over that. Of what he has seen only the first is
// proven: ann's value is kept, not gone.
func TestPutBack_WhatWasOnTheScreenInTheLostHistoryIsNotKnown(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	ann.edit(visit, `{"note":"门锁着"}`)
	ann.sync()
	bob.sync()
	b := w.backup()
	carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridA)
	carl.sync()
	carl.edit(visit, `{"note":"门开着"}`)
	carl.sync()
	bob.sync()
	w.putBack(b)
	bob.edit(visit, `{"note":"没有人"}`)
	bob.sync()
	if !slices.ContainsFunc(bob.conflicts(), func(c *client.Conflict) bool {
		return c.RecordID == visit && slices.ContainsFunc(c.Others, func(v client.Value) bool { return string(v.JSON) == `"门锁着"` })
	}) {
		t.Errorf("ann's note is gone, written over by who had carl's before his eyes: %v", bob.contradictions())
	}
	w.settle()
}

// TestPutBack_WhatWasProvenInTheEpochBeforeCountsInTheSharedPart has ann's only proof
// stand in the epoch before: the two histories of the next one both go on from there.
func TestPutBack_WhatWasProvenInTheEpochBeforeCountsInTheSharedPart(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	bob.edit(visit, `{"note":"门锁着"}`)
	bob.sync()
	ann.sync()
	w.restore(w.backup())
	b := w.backup()
	bob.edit(door, `{"rooms":8}`)
	bob.sync()
	ann.sync()
	w.putBack(b)
	ann.edit(visit, `{"note":"没有人"}`)
	ann.sync()
	for _, c := range ann.conflicts() {
		if c.RecordID == visit && c.Kind != "kept" {
			t.Errorf("bob's note stands beside the one that was written over it: %v", ann.contradictions())
		}
	}
	ann.shows(visit, map[string]any{"note": "没有人"})
	w.settle()
}

func TestPutBack_AnEpochThatTheFileDoesNotKnowIsRevealedToo(t *testing.T) {
	w, ann, bob, b := lostDay(t)
	before := ann.shown()
	w.restore(b)
	ann.sync()
	bob.sync()
	ann.sync()
	w.putBack(b)
	bob.sync()
	if w.epoch() != 3 {
		t.Errorf("epoch %d, phones know the second", w.epoch())
	}
	ann.sync()
	w.settle()
	ann.wantShown("healed", before)
	bob.wantShown("healed", before)
}

func TestPutBack_AReceiptRevealsItWhereThereIsNoCursor(t *testing.T) {
	w, ann, _, b := lostDay(t)
	w.putBack(b)
	w.must(ann.Refill())
	ann.sync()
	if w.epoch() != 2 {
		t.Errorf("epoch %d", w.epoch())
	}
	w.settle()
}

// TestPutBack_AReceiptRevealsItWhereTheCursorIsOlder has ann hear what became of her
// edit in an answer that brought no page: her cursor stands where the file does.
func TestPutBack_AReceiptRevealsItWhereTheCursorIsOlder(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	ann.sync()
	b := w.backup()
	ann.edit(visit, `{"note":"安写的"}`)
	ann.heardWithoutPage()
	w.putBack(b)
	bob.edit(door, `{"rooms":8}`)
	bob.sync()
	ann.edit(visit, `{"outcome":"SEEN"}`)
	ann.sync()
	if w.epoch() != 2 {
		t.Errorf("epoch %d, and ann has a receipt for what the log has not", w.epoch())
	}
	w.settle()
	ann.shows(visit, map[string]any{"note": "安写的", "outcome": "SEEN"})
}

// TestPutBack_AReceiptRevealsItAlsoWhereThereIsNothingToSend has ann ask for a page and no more:
// without the receipt the log would look to her as it should, and lack her door.
func TestPutBack_AReceiptRevealsItAlsoWhereThereIsNothingToSend(t *testing.T) {
	w, ann, _, _, _ := pair(t)
	ann.sync()
	b := w.backup()
	door := ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`)
	ann.heardWithoutPage()
	w.putBack(b)
	ann.sync()
	if w.epoch() != 2 {
		t.Errorf("epoch %d, and ann has a receipt for what the log has not", w.epoch())
	}
	w.settle()
	ann.shows(door, map[string]any{"address": "民主路9号", "sync_state": "synced"})
}

// TestPutBack_WhatTheOtherCopySawIsNotHeldForSeen has ann's twin work on in the history that replaces hers, under the name
// that both still have: what it saw there she has not.
func TestPutBack_WhatTheOtherCopySawIsNotHeldForSeen(t *testing.T) {
	w, ann, bob, door, visit := pair(t)
	carl := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridA)
	carl.sync()
	ann.sync()
	twin := ann.copyOf()
	b := w.backup()
	bob.edit(visit, `{"note":"白写的"}`)
	bob.sync()
	ann.sync()
	ann.edit(visit, `{"note":"安看过白的"}`)
	w.putBack(b)
	carl.edit(visit, `{"note":"陈写的"}`)
	carl.sync()
	for _, rooms := range []string{"1", "2"} {
		twin.sync()
		twin.edit(door, `{"rooms":`+rooms+`}`)
	}
	twin.sync()
	bob.sync()
	if w.epoch() != 2 {
		t.Fatalf("epoch %d after a phone came that had seen more than there is", w.epoch())
	}
	ann.sync()
	w.settle()
	carls := func(v client.Value) bool { return string(v.JSON) == `"陈写的"` }
	if !slices.ContainsFunc(carl.conflicts(), func(c *client.Conflict) bool {
		return c.RecordID == visit && (carls(c.Shown) || slices.ContainsFunc(c.Others, carls))
	}) {
		t.Error("ann has never seen carl's note, and hers replaced it")
	}
}

// TestPutBack_ACopyWithANewNameRevealsIt has a copy be given a name of its own and hear no more: no cursor and no receipt is of
// that name. What it wrote is on a place of the log that the file lacks, and is not held for ahead of what it was served.
func TestPutBack_ACopyWithANewNameRevealsIt(t *testing.T) {
	for lost, epoch := range map[string]syncengine.Epoch{"of the epoch of the file": 1, "of an epoch that the file does not know": 2} {
		t.Run(lost, func(t *testing.T) {
			w, ann, _, door, _ := pair(t)
			b := w.backup()
			if epoch > 1 {
				w.restore(b)
			}
			ann.edit(door, `{"rooms":2}`)
			ann.sync()
			ann.sync()
			twin := ann.copyOf()
			ann.edit(door, `{"rooms":3}`)
			ann.sync()
			twin.edit(door, `{"name":"副本写的"}`)
			twin.line.failAfter = 1 // the answer that gives the new name is the only one
			if _, err := twin.Sync(t.Context()); err == nil || twin.Self().Incarnation == ann.Self().Incarnation {
				t.Fatalf("no new name, %v", err)
			}
			w.putBack(b)
			twin.line.failAfter = 0
			if report := twin.sync(); report.Quarantined != 0 || w.epoch() != epoch+1 {
				t.Errorf("report %+v in epoch %d", report, w.epoch())
			}
			w.settle()
			for _, p := range []*phone{ann, twin} {
				p.shows(door, map[string]any{"rooms": 3, "name": "副本写的"})
			}
		})
	}
}

func TestPutBack_AForgedCursorBeginsNoEpoch(t *testing.T) {
	w, ann, bob, _ := lostDay(t)
	w.must(ann.Spoil())
	ann.sync()
	bob.sync()
	if w.epoch() != 1 {
		t.Errorf("epoch %d", w.epoch())
	}
	w.settle()
}

func TestRestore_APhoneThatWasEnrolledSinceIsKnownAgainByItsOwnProof(t *testing.T) {
	for name, forget := range map[string]bool{"its user is known": false, "its user is lost too": true} {
		t.Run(name, func(t *testing.T) {
			w, ann, _, door, _ := pair(t)
			var user syncengine.ID
			if !forget {
				user = w.user("杨", recordv1.Role_ROLE_GRID_WORKER, gridA)
			}
			b := w.backup()
			if forget {
				user = w.user("杨", recordv1.Role_ROLE_GRID_WORKER, gridA)
			}
			yang := w.phoneOf("杨", user)
			yang.sync()
			yang.edit(door, `{"rooms":6}`)
			yang.add("visit", `{"premises_ids":["`+door+`"],"note":"新来的写的"}`)
			yang.sync()
			ann.sync()
			before := yang.shown()
			w.restore(b)
			if report := yang.sync(); report.Applied+report.Merged != 2 {
				t.Errorf("the phone comes back with %+v", report)
			}
			w.settle()
			yang.wantShown("healed", before)
			ann.shows(door, map[string]any{"rooms": 6})
		})
	}
}

func TestRestore_ACopyThatWasMadeSinceComesBackBeforeItsParent(t *testing.T) {
	w, ann, door := solo(t)
	ann.sync()
	b := w.backup()
	ann.edit(door, `{"rooms":1}`)
	ann.sync()
	twin := ann.copyOf()
	ann.edit(door, `{"rooms":2}`)
	ann.sync()
	twin.edit(door, `{"name":"副本写的"}`)
	twin.sync()
	twin.sync()
	w.restore(b)
	twin.sync()
	w.verify()
	ann.sync()
	w.settle()
	for _, p := range []*phone{ann, twin} {
		p.shows(door, map[string]any{"rooms": 2, "name": "副本写的"})
	}
}

func TestRestore_GrantsThatTheRealmHasSignedAreTakenUpAgain(t *testing.T) {
	w, ann, bob, door, _ := pair(t)
	b := w.backup()
	w.moveUser(ann.user, gridB)
	ann.sync()
	there := ann.add("premises", `{"address":"长水路1号","territory":"`+gridB+`"}`)
	ann.sync()
	w.restore(b)
	if report := ann.sync(); report.Quarantined != 0 {
		t.Errorf("work under the lost grants: %+v", report)
	}
	ann.shows(there, map[string]any{"sync_state": "synced"})
	if seen := ann.ids(client.Query{Kind: "premises"}); len(seen) != 1 || seen[door] {
		t.Errorf("ann sees %v", seen)
	}
	// What the operator grants next stands above what came back.
	w.moveUser(ann.user, community)
	ann.sync()
	if seen := ann.ids(client.Query{Kind: "premises"}); len(seen) != 2 || !seen[door] {
		t.Errorf("ann sees %v", seen)
	}
	bob.sync()
	w.settle()
}

func TestRestore_APhoneEnrolledSinceTheBackupComesBackBeforeItEverSynced(t *testing.T) {
	w := newWorld(t)
	user := w.user("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	b := w.backup()
	ann := w.phoneOf("安", user)
	w.restore(b)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	if report := ann.sync(); report.Applied != 1 {
		t.Errorf("report %+v", report)
	}
	ann.shows(door, map[string]any{"address": "民主路3号", "sync_state": "synced"})
	w.settle()
}

func TestRestore_ACopyNamedSinceTheBackupComesBackBeforeItWasAnsweredAgain(t *testing.T) {
	w, ann, _, door, _ := pair(t)
	twin := ann.copyOf()
	b := w.backup()
	ann.edit(door, `{"rooms":2}`)
	ann.sync()
	twin.edit(door, `{"rooms":3}`)
	twin.line.failAfter = 1 // the answer that gives the new name is the only one
	if _, err := twin.Sync(t.Context()); err == nil || twin.Self().Incarnation == ann.Self().Incarnation {
		t.Fatalf("no new name, %v", err)
	}
	w.restore(b)
	twin.line.failAfter = 0
	if report := twin.sync(); report.Pushed != 1 || report.Quarantined != 0 {
		t.Errorf("report %+v", report)
	}
	w.settle()
}
