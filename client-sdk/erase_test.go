package client_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// secretNote is what must be nowhere once it is erased. It has no two signs in common with what stays.
const secretNote = "租客王秀英称其子在外地务工"

const visitNote = 5

// erase erases the notes of visits at the server.
func (w *world) erase(visits ...string) {
	w.t.Helper()
	w.eraseCells(syncengine.Cells{Field: visitNote}, visits...)
}

func (w *world) eraseCells(cells syncengine.Cells, records ...string) {
	w.t.Helper()
	var list []exchange.Erasing
	for _, id := range records {
		list = append(list, exchange.Erasing{RecordID: mustParse(w.t, id), Cells: []syncengine.Cells{cells}})
	}
	_, err := w.service.Erase(w.t.Context(), syncengine.ID{}, "", list)
	w.must(err)
}

// holdsNone wants none of a text in the phone's files, freed pages and log included.
func (p *phone) holdsNone(text string) {
	p.w.t.Helper()
	if n := bytes.Count(p.plain(), []byte(text)); n > 0 {
		p.w.t.Errorf("%s holds what was erased %d times", p.name, n)
	}
}

// noted is a story's beginning: two workers of one grid have a visit with a note.
func noted(t *testing.T) (w *world, ann, bob *phone, visit string) {
	t.Helper()
	w = newWorld(t)
	ann, bob = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA), w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.doesAtOnce()
	bob.doesAtOnce()
	ann.sync()
	visit = ann.add("visit", `{"territory":"`+gridA+`","outcome":"seen","note":"`+secretNote+`"}`)
	ann.sync()
	bob.sync()
	return w, ann, bob, visit
}

// cutBehindBarrier has a phone sync until it is told of an erasure, and cuts its line there: what the pull goes on to bring
// does not come.
func (p *phone) cutBehindBarrier() {
	p.w.t.Helper()
	told := false
	p.line.seen = func(m *syncv1.ExchangeResponse) {
		if len(m.GetBarriers()) > 0 {
			told, p.line.failAfter = true, p.line.calls
		}
	}
	if _, err := p.Sync(p.w.t.Context()); err == nil || !told {
		p.w.t.Fatalf("the pull was to be cut off behind the barrier: told of it %v, %v", told, err)
	}
}

func TestErase_IsInNoPageOfAnyPhonesFilesAndNoSearch(t *testing.T) {
	w, ann, bob, visit := noted(t)
	if !bytes.Contains(ann.plain(), []byte(secretNote)) || !bytes.Contains(bob.plain(), []byte(secretNote)) ||
		!slices.Equal(bob.found("王秀英"), []string{visit}) {
		t.Fatal("the phones do not hold the note")
	}
	_, err := bob.SaveDraft(&client.Draft{Kind: "visit", RecordID: visit, Text: `{"note":"` + secretNote + `","outcome":"refused"}`})
	w.must(err)
	_, err = bob.SaveDraft(&client.Draft{Kind: "visit", RecordID: visit, Text: secretNote})
	w.must(err)
	w.erase(visit)
	for _, p := range []*phone{ann, bob} {
		p.sync()
		p.holdsNone(secretNote)
		p.holdsNone("王秀")
		p.shows(visit, map[string]any{"note": nil, "outcome": "SEEN"})
	}
	if got := bob.found("王秀英"); len(got) != 0 {
		t.Errorf("the search finds %v", got)
	}
	drafts, err := bob.Drafts()
	w.must(err)
	if len(drafts) != 1 || drafts[0].Text != `{"outcome":"refused"}` {
		t.Errorf("drafts %+v", drafts)
	}
	w.settle()
}

func TestErase_AnOwnChangeNotSentYetKeepsItsPlaceAndWhatElseItSays(t *testing.T) {
	w, ann, bob, visit := noted(t)
	bob.edit(visit, `{"note":"`+secretNote+`第二次"}`)
	bob.edit(visit, `{"note":"`+secretNote+`第三次","outcome":"refused"}`)
	bob.edit(visit, `{"purpose":"patrol"}`)
	w.erase(visit)
	// The request is on its way when the phone does not know yet: the server drops it.
	bob.losesReply()
	bob.holdsStill(visit)
	bob.sync()
	bob.holdsNone(secretNote)
	if got := bob.states(1); !slices.Equal(got, []string{"quarantined ERASED", "merged", "applied"}) && len(got) != 3 {
		t.Errorf("states %v", got)
	}
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": nil, "outcome": "REFUSED", "purpose": "PATROL"})
	}
	w.settle()
}

// holdsStill checks that a cut line has cost nothing.
func (p *phone) holdsStill(visit string) {
	p.w.t.Helper()
	p.shows(visit, map[string]any{"note": secretNote + "第三次"})
}

func TestErase_WhatAPhoneLearntBeforeItSentIsSentAsErased(t *testing.T) {
	w, ann, bob, visit := noted(t)
	w.erase(visit)
	// The barrier comes with a page of one record, while an edit waits in the outbox: the line is cut before it is sent.
	bob.edit(visit, `{"note":"`+secretNote+`第二次"}`)
	bob.batch = 1
	bob.restart()
	var erased []*syncv1.ErasedChange
	bob.line.sent = func(body *syncv1.ExchangeBody) {
		for _, c := range body.GetBatch().GetChanges() {
			if c.GetErased() != nil {
				erased = append(erased, c.GetErased())
			}
		}
	}
	bob.edit(visit, `{"note":"`+secretNote+`第三次"}`)
	bob.sync()
	if len(erased) != 1 || erased[0].GetDeviceSeq() != 2 {
		t.Errorf("sent as erased: %v", erased)
	}
	bob.holdsNone(secretNote)
	q := bob.quarantined()
	if len(q) != 2 || q[0].Reason != "ERASED" || q[1].Reason != "ERASED" {
		t.Errorf("quarantined %+v", q)
	}
	ann.sync()
	w.settle()
}

func TestErase_WhatIsWrittenAfterwardsStands(t *testing.T) {
	w, ann, bob, visit := noted(t)
	w.erase(visit)
	bob.sync()
	bob.edit(visit, `{"note":"经同意重新登记"}`)
	bob.sync()
	ann.sync()
	ann.shows(visit, map[string]any{"note": "经同意重新登记"})
	w.settle()
	ann.holdsNone(secretNote)
}

func TestErase_AFieldJustErasedIsWrittenAfterTheNextSyncOnly(t *testing.T) {
	w, _, bob, visit := noted(t)
	for range 4 {
		bob.add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	}
	bob.sync()
	w.erase(visit)
	ann := w.phones[0]
	for range 6 {
		ann.add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	}
	ann.sync()
	bob.page = 1
	bob.restart()
	bob.line.failAfter = bob.line.calls + 1
	if _, err := bob.Sync(t.Context()); err == nil {
		t.Fatal("the pull was not cut off")
	}
	bob.holdsNone(secretNote)
	if err := bob.EditJSON(visit, `{"note":"新"}`); err == nil {
		t.Error("the phone takes a note that the server will drop")
	}
	bob.edit(visit, `{"outcome":"refused"}`)
	bob.line.failAfter = 0
	bob.sync()
	bob.edit(visit, `{"note":"新"}`)
	bob.sync()
	bob.shows(visit, map[string]any{"note": "新", "outcome": "REFUSED"})
	w.settle()
}

func TestErase_ComesBackToARestoredServerWithAPhone(t *testing.T) {
	w, ann, bob, visit := noted(t)
	b := w.backup()
	bob.edit(visit, `{"note":"`+secretNote+`第二次","outcome":"refused"}`)
	bob.sync()
	ann.sync()
	w.erase(visit)
	ann.sync()
	bob.sync()
	ann.edit(visit, `{"note":"经同意重新登记"}`)
	ann.sync()
	w.restore(b)
	if !bytes.Contains(w.stored(), []byte(secretNote)) {
		t.Fatal("the backup does not hold the note")
	}
	seen := false
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		for _, rec := range m.GetPage().GetRecords() {
			seen = seen || bytes.Contains(rec.GetFields(), []byte(secretNote))
		}
	}
	ann.sync()
	if seen || bytes.Contains(w.stored(), []byte(secretNote)) {
		t.Errorf("after a phone handed the erasure back: told again %v, or the server still holds it", seen)
	}
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		p.holdsNone(secretNote)
		p.shows(visit, map[string]any{"note": "经同意重新登记", "outcome": "REFUSED"})
	}
	w.settle()
}

// TestErase_ReachesWhoHeldTheRecordInALogThatIsLostWithIt has bob, who has only read a visit, come after its note is erased in a
// log that does not know the visit any more.
func TestErase_ReachesWhoHeldTheRecordInALogThatIsLostWithIt(t *testing.T) {
	for name, erased := range map[string]func(w *world, ann *phone, b backup, visit string){
		"and ann brings the erasure back": func(w *world, ann *phone, b backup, visit string) {
			w.erase(visit)
			ann.sync()
			w.restore(b)
		},
		"and only then it is erased": func(w *world, _ *phone, b backup, visit string) {
			w.restore(b)
			w.erase(visit)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, ann, bob, _ := noted(t)
			b := w.backup()
			const text = "租客李秀兰的女儿在外地上学"
			visit := ann.add("visit", `{"territory":"`+gridA+`","outcome":"seen","note":"`+text+`"}`)
			ann.sync()
			bob.sync()
			erased(w, ann, b, visit)
			ann.sync()
			told := 0
			bob.line.seen = func(m *syncv1.ExchangeResponse) { told += len(m.GetBarriers()) }
			bob.sync()
			bob.holdsNone(text)
			bob.sync()
			if told != 1 {
				t.Errorf("bob is told of %d erasures, there was one", told)
			}
			w.settle()
		})
	}
}

// The answer to a batch may tell of an erasure without a page: the phone carries that one, too.
func TestErase_ThatCameWithOutcomesAloneIsCarriedLikeAnother(t *testing.T) {
	w, ann, _, _ := noted(t)
	b := w.backup()
	visit := ann.add("visit", `{"territory":"`+gridA+`","outcome":"seen","note":"租客李秀兰的女儿在外地上学"}`)
	w.erase(visit)
	ann.heardWithoutPage()
	if err := ann.EditJSON(visit, `{"note":"新"}`); err == nil {
		t.Error("the phone takes a note that the server will drop")
	}
	w.restore(b)
	ann.sync()
	var known []syncengine.Barrier
	w.must(w.service.View(t.Context(), func(r store.Reader) (err error) {
		known, err = exchange.Barriers(r, mustParse(t, visit))
		return err
	}))
	if len(known) != 1 {
		t.Errorf("the restored server knows of %d erasures, the phone carries one", len(known))
	}
	w.settle()
}

// inTheOtherHistory has a visit written and read after a backup, with a base that another log will number like an erasure; then
// the backup is copied back, and the visit's note erased before anybody notices.
func inTheOtherHistory(t *testing.T, text string) (w *world, ann, bob *phone, visit string) {
	t.Helper()
	w, ann, bob, first := noted(t)
	b := w.backup()
	for range 3 {
		ann.edit(first, `{"note":"一切正常"}`)
		ann.sync()
	}
	w.erase(first)
	ann.sync()
	visit = ann.add("visit", `{"territory":"`+gridA+`","outcome":"seen","note":"`+text+`"}`)
	ann.sync()
	bob.sync()
	w.putBack(b)
	w.erase(visit)
	return w, ann, bob, visit
}

// Ann wrote the note before anybody had erased it, though her base has a greater number than the erasure: that is of another
// history. Bob has taken in that history's erasures up to a greater number, too.
func TestErase_WhileAFileCopiedBackServesReachesWhoStoodInTheOtherHistory(t *testing.T) {
	const text = "租客李秀兰的女儿在外地上学"
	for _, first := range []string{"安", "白"} {
		t.Run(first+" comes back first", func(t *testing.T) {
			w, ann, bob, visit := inTheOtherHistory(t, text)
			order := []*phone{ann, bob}
			if first == bob.name {
				slices.Reverse(order)
			}
			told := map[string]int{}
			for _, p := range order {
				p.line.seen = func(m *syncv1.ExchangeResponse) {
					for _, b := range m.GetBarriers() {
						if id := mustParse(t, visit); bytes.Equal(b.GetRecordId(), id[:]) {
							told[p.name]++
						}
					}
				}
				p.sync()
				p.holdsNone(text)
			}
			if w.epoch() != 2 {
				t.Fatalf("epoch %d: nobody has noticed that the file was put back", w.epoch())
			}
			for _, p := range order {
				p.sync()
				if told[p.name] != 1 {
					t.Errorf("%s is told of %d erasures, there was one", p.name, told[p.name])
				}
			}
			ann.edit(visit, `{"note":"经同意重新登记"}`)
			w.settle()
			bob.shows(visit, map[string]any{"note": "经同意重新登记", "outcome": "SEEN"})
		})
	}
}

// A number of an epoch with two histories does not show that the phone has caught up with the erasure either.
func TestErase_OfAnotherHistoryIsCaughtUpWithByTheNextSyncOnly(t *testing.T) {
	w, ann, _, visit := inTheOtherHistory(t, "租客李秀兰的女儿在外地上学")
	ann.page = 1
	ann.restart()
	ann.cutBehindBarrier()
	if err := ann.EditJSON(visit, `{"note":"新"}`); err == nil {
		t.Error("the phone takes a note that the server will drop")
	}
	ann.line.failAfter, ann.line.seen = 0, nil
	ann.sync()
	ann.edit(visit, `{"note":"新"}`)
	ann.sync()
	ann.shows(visit, map[string]any{"note": "新"})
	w.settle()
}

func TestErase_RaisedOnceMoreByARestoredServerLeavesWhatWasWrittenSinceOnTheScreen(t *testing.T) {
	w, ann, bob, visit := noted(t)
	for range 4 {
		ann.add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	}
	ann.sync()
	b := w.backup()
	w.erase(visit)
	bob.sync()
	bob.edit(visit, `{"note":"经同意重新登记"}`)
	bob.sync()
	w.restore(b)
	w.erase(visit)
	bob.page = 1
	bob.restart()
	bob.cutBehindBarrier()
	bob.shows(visit, map[string]any{"note": "经同意重新登记"})
	bob.holdsNone(secretNote)
	bob.line.failAfter, bob.line.seen = 0, nil
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": "经同意重新登记"})
		p.holdsNone(secretNote)
	}
	w.settle()
}

// Whoever first synced after the erasure was told of none: there was nothing to erase. What they write stands behind it all
// the same, also when a phone brings the erasure back to a log that has lost it.
func TestErase_RaisedOnceMoreSparesWhatAPhoneWroteThatWasNeverToldOfTheFirst(t *testing.T) {
	w, ann, _, visit := noted(t)
	b := w.backup()
	w.erase(visit)
	ann.sync()
	carol := w.phone("陈", recordv1.Role_ROLE_GRID_WORKER, gridA)
	carol.doesAtOnce()
	carol.sync()
	w.restore(b)
	ann.sync()
	told := false
	carol.line.seen = func(m *syncv1.ExchangeResponse) {
		if len(m.GetBarriers()) > 0 && !told {
			told = true
			carol.edit(visit, `{"note":"经同意重新登记"}`)
		}
	}
	carol.sync()
	carol.line.seen = nil
	if !told {
		t.Fatal("the phone was not told of the erasure")
	}
	carol.sync()
	ann.sync()
	for _, p := range []*phone{ann, carol} {
		p.shows(visit, map[string]any{"note": "经同意重新登记"})
		p.holdsNone(secretNote)
	}
	w.settle()
}

func TestErase_ASecondTimeDestroysWhatWasWrittenSinceTheFirst(t *testing.T) {
	w, _, bob, visit := noted(t)
	w.erase(visit)
	bob.sync()
	const anew = "陈桂芳改口称另有住处"
	bob.edit(visit, `{"note":"`+anew+`"}`)
	bob.sync()
	for range 4 {
		w.phones[0].add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	}
	w.phones[0].sync()
	w.erase(visit)
	bob.page = 1
	bob.restart()
	bob.line.failAfter = bob.line.calls + 1
	if _, err := bob.Sync(t.Context()); err == nil {
		t.Fatal("the pull was not cut off")
	}
	bob.holdsNone(anew)
	bob.line.failAfter = 0
	bob.sync()
	bob.holdsNone(anew)
	w.settle()
}

func TestErase_ACopyOfAPhoneFromBeforeLosesItToo(t *testing.T) {
	w, _, bob, visit := noted(t)
	old := bob.copyOf()
	old.doesAtOnce()
	w.erase(visit)
	bob.sync()
	old.edit(visit, `{"note":"`+secretNote+`副本"}`)
	old.sync()
	old.holdsNone(secretNote)
	if bytes.Contains(w.stored(), []byte(secretNote)) {
		t.Error("a copy from before the erasure has brought it back")
	}
	w.settle()
}

func TestErase_WhoeverLostTheAreaWithWorkUnsentLosesItToo(t *testing.T) {
	w, ann, bob, visit := noted(t)
	bob.edit(visit, `{"note":"`+secretNote+`第二次"}`)
	w.moveUser(bob.user, gridB)
	w.erase(visit)
	bob.sync()
	bob.holdsNone(secretNote)
	ann.sync()
	w.settle()
}

func TestErase_ACaughtUpSyncStaysSmall(t *testing.T) {
	w, _, bob, visit := noted(t)
	w.erase(visit)
	bob.sync()
	bob.sync()
	w.later(time.Hour)
	report := bob.sync()
	if report.BytesUp > 200 || report.BytesDown > 200 || report.RoundTrips != 1 {
		t.Errorf("with nothing new: %d bytes up, %d down in %d trips", report.BytesUp, report.BytesDown, report.RoundTrips)
	}
}

func TestErase_ARevokedPhoneIsToldNothing(t *testing.T) {
	w, _, bob, visit := noted(t)
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error { return identity.RevokeDevice(tx, bob.incarnation()) }))
	w.erase(visit)
	told := 0
	bob.line.seen = func(m *syncv1.ExchangeResponse) { told += len(m.GetBarriers()) }
	_, _ = bob.Sync(t.Context())
	if told != 0 {
		t.Errorf("a revoked phone is told %d erasures", told)
	}
}

// incarnation is the name under which the phone speaks.
func (p *phone) incarnation() (id syncengine.ID) {
	p.w.t.Helper()
	before := p.line.sent
	p.line.sent = func(body *syncv1.ExchangeBody) { id = syncengine.ID(body.GetIncarnation()) }
	p.sync()
	p.line.sent = before
	return id
}

// stored gives the bytes of everything that the server's store holds of records.
func (w *world) stored() (out []byte) {
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		w.must(r.Records(func(rec store.Record) bool { out = append(out, rec.Body...); return true }))
		return r.Entries(0, func(e store.Entry) bool {
			out = append(append(append(out, e.Salt...), e.Body...), e.Extra...)
			return true
		})
	}))
	return out
}
