package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
)

// pair is a story's beginning: two workers of one grid, a door and a visit that
// both have on their phones.
func pair(t testing.TB) (w *world, ann, bob *phone, door, visit string) {
	t.Helper()
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob = w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door = ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit = ann.add("visit", `{"premises_ids":["`+door+`"],"note":"第一次"}`)
	ann.sync()
	bob.sync()
	return w, ann, bob, door, visit
}

// contested has both write the note without knowing of each other.
func contested(t *testing.T) (w *world, ann, bob *phone, visit string) {
	t.Helper()
	w, ann, bob, _, visit = pair(t)
	ann.edit(visit, `{"note":"安写的"}`)
	bob.edit(visit, `{"note":"白写的"}`)
	ann.sync()
	bob.sync()
	ann.sync()
	return w, ann, bob, visit
}

// theOnly gives the one conflict that a phone lists.
func (p *phone) theOnly(kind string) *client.Conflict {
	p.w.t.Helper()
	open := p.conflicts()
	if len(open) != 1 || open[0].Kind != kind {
		p.w.t.Fatalf("%s lists %d conflicts: %+v, want one %s", p.name, len(open), open, kind)
	}
	return open[0]
}

func TestConflict_BothPhonesListItUnderOneNameAndShowOneValue(t *testing.T) {
	w, ann, bob, visit := contested(t)
	a, b := ann.theOnly("conflict"), bob.theOnly("conflict")
	if a.ID != b.ID || a.RecordID != visit || a.Field != "note" {
		t.Errorf("ann lists %+v, bob %+v", a, b)
	}
	if string(a.Shown.JSON) != `"白写的"` || len(a.Others) != 1 || string(a.Others[0].JSON) != `"安写的"` || a.Others[0].AuthorID != ann.user.String() {
		t.Errorf("shown %s, others %+v", a.Shown.JSON, a.Others)
	}
	ann.shows(visit, map[string]any{"note": "白写的"})
	bob.shows(visit, map[string]any{"note": "白写的"})
	w.settle()
}

func TestConflict_EditsOfDifferentFieldsAreBothVisible(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	ann.edit(visit, `{"note":"安写的"}`)
	bob.edit(visit, `{"outcome":"seen"}`)
	ann.sync()
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": "安写的", "outcome": "SEEN"})
		if open := p.conflicts(); len(open) != 0 {
			t.Errorf("%s lists %+v", p.name, open)
		}
	}
	w.settle()
}

func TestRestore_PutsAnotherValueInPlaceAndClosesTheConflict(t *testing.T) {
	w, ann, bob, visit := contested(t)
	// An id without its hyphens, as earlier software wrote it, names the same.
	w.must(bob.Restore(strings.ReplaceAll(bob.theOnly("conflict").ID, "-", ""), 1))
	bob.shows(visit, map[string]any{"note": "安写的", "sync_state": "pending"})
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": "安写的"})
		if open := p.conflicts(); len(open) != 0 {
			t.Errorf("%s still lists %+v", p.name, open)
		}
	}
	w.settle()
}

func TestAcknowledge_ConfirmsTheValueThatStands(t *testing.T) {
	w, ann, bob, visit := contested(t)
	w.must(ann.Acknowledge(ann.theOnly("conflict").ID))
	ann.sync()
	bob.sync()
	for _, p := range []*phone{ann, bob} {
		p.shows(visit, map[string]any{"note": "白写的"})
		if open := p.conflicts(); len(open) != 0 {
			t.Errorf("%s still lists %+v", p.name, open)
		}
	}
	w.settle()
}

func TestKept_AValueCoveredUnseenIsListedAndCanBeRestored(t *testing.T) {
	w, ann, bob, visit := contested(t)
	// Bob writes over the conflict; ann's value was never on his screen as the one that stands.
	bob.edit(visit, `{"note":"第三版"}`)
	bob.sync()
	ann.sync()
	kept := ann.theOnly("kept")
	if string(kept.Shown.JSON) != `"第三版"` || string(kept.Others[0].JSON) != `"安写的"` {
		t.Errorf("kept: shown %s, others %+v", kept.Shown.JSON, kept.Others)
	}
	w.must(ann.Restore(kept.ID, 1))
	ann.sync()
	bob.sync()
	bob.shows(visit, map[string]any{"note": "安写的"})
	if open := bob.conflicts(); len(open) != 0 {
		t.Errorf("bob still lists %+v", open)
	}
	w.settle()
}

func TestAcknowledge_LetsAKeptValueGoWithoutWriting(t *testing.T) {
	w, ann, bob, visit := contested(t)
	bob.edit(visit, `{"note":"第三版"}`)
	bob.sync()
	ann.sync()
	w.must(ann.Acknowledge(ann.theOnly("kept").ID))
	if open := ann.conflicts(); len(open) != 0 {
		t.Errorf("ann still lists %+v", open)
	}
	ann.sync()
	bob.sync()
	bob.shows(visit, map[string]any{"note": "第三版"})
	w.settle()
}

func TestDeleteEdit_IsListedInEitherOrderAndCanBeRestored(t *testing.T) {
	for _, deleteFirst := range []bool{true, false} {
		w, ann, bob, _, visit := pair(t)
		w.must(ann.DeleteRecord(visit))
		bob.edit(visit, `{"note":"白补充"}`)
		first, second := ann, bob
		if !deleteFirst {
			first, second = bob, ann
		}
		first.sync()
		second.sync()
		first.sync()
		for _, p := range []*phone{ann, bob} {
			c := p.theOnly("delete_edit")
			if string(c.Shown.JSON) != "null" || string(c.Others[0].JSON) != `"白补充"` {
				t.Errorf("%s lists %s and %+v", p.name, c.Shown.JSON, c.Others)
			}
			if p.ids(client.Query{Kind: "visit"})[visit] {
				t.Errorf("%s lists the deleted visit", p.name)
			}
		}
		w.must(bob.Restore(bob.theOnly("delete_edit").ID, 1))
		bob.sync()
		ann.sync()
		for _, p := range []*phone{ann, bob} {
			p.shows(visit, map[string]any{"note": "白补充"})
			if open := p.conflicts(); len(open) != 0 || !p.ids(client.Query{Kind: "visit"})[visit] {
				t.Errorf("%s lists %+v after the restore", p.name, open)
			}
		}
		w.settle()
	}
}

func TestDeleteEdit_AcknowledgedTheDeletionStands(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	w.must(ann.DeleteRecord(visit))
	bob.edit(visit, `{"note":"白补充","outcome":"seen"}`)
	ann.sync()
	bob.sync()
	if open := bob.conflicts(); len(open) != 2 {
		t.Fatalf("bob lists %+v", open)
	}
	w.must(bob.Acknowledge(bob.conflicts()[0].ID))
	bob.sync()
	ann.sync()
	for _, p := range []*phone{ann, bob} {
		if open := p.conflicts(); len(open) != 0 || p.ids(client.Query{Kind: "visit"})[visit] {
			t.Errorf("%s lists %+v", p.name, open)
		}
	}
	w.settle()
}

func TestEdit_OfADeletedRecordIsRefused(t *testing.T) {
	w, ann, _, _, visit := pair(t)
	w.must(ann.DeleteRecord(visit))
	if err := ann.EditJSON(visit, `{"note":"x"}`); !errors.Is(err, client.ErrDeleted) {
		t.Errorf("an edit of a deleted visit: %v", err)
	}
	id, err := parse(visit)
	w.must(err)
	w.must(ann.Undelete(id))
	ann.edit(visit, `{"note":"x"}`)
	w.settle()
}

func TestWhy_NamesAuthorTimeAndRule(t *testing.T) {
	_, ann, bob, visit := contested(t)
	id, err := parse(visit)
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := ann.Why(id)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range reasons {
		if r.Field != "note" {
			continue
		}
		found = true
		if r.Rule != "latest" || r.Shown.AuthorID != bob.user.String() || r.Shown.Seq == 0 || len(r.Losing) != 1 ||
			r.Losing[0].Author != "安" || string(r.Losing[0].JSON) != `"安写的"` {
			t.Errorf("the note stands because %+v", r)
		}
	}
	if !found {
		t.Error("nothing is said of the note")
	}
}

func TestRestore_NamesWhatIsNotThere(t *testing.T) {
	_, ann, _, _ := contested(t)
	c := ann.theOnly("conflict")
	for name, err := range map[string]error{
		"value 0": ann.Restore(c.ID, 0), "value 2": ann.Restore(c.ID, 2),
	} {
		if !errors.Is(err, client.ErrNoChoice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"no id": ann.Restore("x", 1), "unknown id": ann.Acknowledge("00112233445566778899aabbccddeeff"),
	} {
		if !errors.Is(err, client.ErrConflictClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJointVisit_ThreePhonesMakeOneVisit(t *testing.T) {
	w, ann, bob, door, _ := pair(t)
	cao := w.phone("曹", recordv1.Role_ROLE_POLICE_OFFICER, community)
	cao.sync()
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"purpose":"joint","contributions":{"`+ann.user.String()+`":"安看了燃气"}}`)
	for _, p := range []*phone{bob, cao} {
		if id := p.add("visit", `{"id":"`+visit+`","premises_ids":["`+door+`"],"contributions":{"`+p.user.String()+`":"`+p.name+`也在"}}`); id != visit {
			t.Fatalf("%s made %s", p.name, id)
		}
	}
	for _, p := range []*phone{cao, ann, bob, cao, ann} {
		p.sync()
	}
	for _, p := range w.phones {
		if n := len(p.ids(client.Query{Kind: "visit"})); n != 2 {
			t.Errorf("%s lists %d visits", p.name, n)
		}
		rec, err := p.Get(mustParse(t, visit))
		w.must(err)
		v := &recordv1.Visit{}
		w.must(rec.Read(v))
		if len(v.GetContributions()) != 3 || v.GetContributions()[bob.user.String()] != "白也在" {
			t.Errorf("%s shows contributions %v", p.name, v.GetContributions())
		}
	}
	w.settle()
}

func TestEdit_ACellWithAnUnsentEditKeepsItsBase(t *testing.T) {
	w, ann, bob, _, visit := pair(t)
	bob.edit(visit, `{"note":"白写的"}`)
	bob.sync()
	// Ann writes while the reply with bob's value is on its way; then the line is cut.
	ann.line.seen = func(*syncv1.ExchangeResponse) {
		ann.edit(visit, `{"note":"安的第一稿"}`)
		ann.line.seen, ann.line.loseRequest = nil, 1
	}
	if _, err := ann.Sync(t.Context()); !errors.Is(err, errLine) {
		t.Fatal(err)
	}
	ann.shows(visit, map[string]any{"note": "安的第一稿", "sync_state": "pending"})
	if c := ann.theOnly("conflict"); string(c.Others[0].JSON) != `"白写的"` {
		t.Errorf("beside her own ann lists %+v", c.Others)
	}
	before := ann.Changes()
	ann.edit(visit, `{"note":"安的第二稿","outcome":"seen"}`)
	if n := ann.Changes() - before; n != 2 {
		t.Errorf("an edit of two bases makes %d changes", n)
	}
	ann.sync()
	bob.sync()
	c := bob.theOnly("conflict")
	if string(c.Shown.JSON) != `"安的第二稿"` || len(c.Others) != 1 || string(c.Others[0].JSON) != `"白写的"` {
		t.Errorf("bob sees %s over %+v", c.Shown.JSON, c.Others)
	}
	w.settle()
}

func TestJoint_ThreeWhoMakeOneVisitAreAskedNothing(t *testing.T) {
	w, ann, bob, door, _ := pair(t)
	cid := w.phone("陈", recordv1.Role_ROLE_HELPER, gridA)
	cid.sync()
	visit := w.id()
	for i, p := range []*phone{ann, bob, cid} {
		w.later(time.Minute)
		w.must(p.AddWithID(visit, &recordv1.Visit{
			PremisesIds: [][]byte{bytesOf(mustParse(t, door))}, Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_JOINT.Enum(),
			Contributions: map[string]string{p.user.String(): string(rune('甲' + i))},
		}))
	}
	// Who was there last comes first, so that each value meets the others in some other order.
	for _, p := range []*phone{cid, ann, bob, cid, ann} {
		p.sync()
	}
	for _, p := range []*phone{ann, bob, cid} {
		if open := p.conflicts(); len(open) != 0 || p.status().Conflicts != 0 {
			t.Errorf("%s is asked about %+v", p.name, open)
		}
		p.shows(visit.String(), map[string]any{"registered_by": ann.user.String()})
		reasons, err := p.Why(visit)
		w.must(err)
		for _, r := range reasons {
			if (r.Field == "registered_by" || r.Field == "occurred_at") && len(r.Losing) != 2 {
				t.Errorf("%s: beside %s of %s stand %d values, want the two others", p.name, r.Field, r.Shown.Author, len(r.Losing))
			}
		}
	}
	w.settle()
}
