package client_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
)

// found gives the ids that a search finds.
func (p *phone) found(text string) (ids []string) {
	p.w.t.Helper()
	records, err := p.Search(text)
	p.w.must(err)
	for _, r := range records {
		ids = append(ids, r.ID.String())
	}
	return ids
}

func TestSearch_FindsEverySubstringAlsoOfWhatWasJustEdited(t *testing.T) {
	w, ann, door := solo(t)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"note":"二楼燃气软管老化 valve-7 漏水","contributions":{"x":"补充：电表箱"}}`)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	for _, p := range []*phone{ann, bob} {
		for _, text := range []string{"漏", "燃气", "软管老化", "valve", "VALVE-7", "电表"} {
			if !slices.Equal(p.found(text), []string{visit}) {
				t.Errorf("%s finds %v for %s", p.name, p.found(text), text)
			}
		}
		if !slices.Equal(p.found("民主路"), []string{door}) || len(p.found("煤气")) != 0 {
			t.Errorf("%s finds %v and %v", p.name, p.found("民主路"), p.found("煤气"))
		}
	}
	ann.edit(visit, `{"note":"已更换"}`)
	if len(ann.found("燃气")) != 0 || !slices.Equal(ann.found("更换"), []string{visit}) {
		t.Errorf("after the edit ann finds %v and %v", ann.found("燃气"), ann.found("更换"))
	}
	ann.sync()
	bob.sync()
	if len(bob.found("燃气")) != 0 || !slices.Equal(bob.found("更换"), []string{visit}) {
		t.Errorf("after the edit bob finds %v and %v", bob.found("燃气"), bob.found("更换"))
	}
	w.must(ann.DeleteRecord(visit))
	if len(ann.found("更换")) != 0 {
		t.Error("a deleted visit is found")
	}
	if _, err := ann.Search("ab"); !errors.Is(err, client.ErrQueryShort) {
		t.Errorf("a short search: %v", err)
	}
}

func TestList_FiltersByGridStateAndOwn(t *testing.T) {
	w, ann, door := solo(t)
	other := ann.add("premises", `{"address":"社区级","territory":"`+community+`"}`)
	task := ann.add("task", `{"what":"带整改通知","for_user":"`+ann.user.String()+`","premises_id":"`+door+`"}`)
	idle := ann.add("task", `{"what":"看电表","premises_id":"`+door+`"}`)
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"gas"}`)
	ann.edit(hazard, `{"state":"rectified"}`)
	for _, c := range []struct {
		name string
		q    client.Query
		want []string
	}{
		{"one grid", client.Query{Kind: "premises", Grid: gridA}, []string{door}},
		{"the community and all within", client.Query{Kind: "premises", Grid: community}, []string{door, other}},
		{"what follows a door stands in its grid", client.Query{Kind: "hazard", Grid: gridA}, []string{hazard}},
		{"another grid", client.Query{Kind: "hazard", Grid: gridB}, nil},
		{"state", client.Query{Kind: "hazard", State: "Rectified"}, []string{hazard}},
		{"another state", client.Query{Kind: "hazard", State: "found"}, nil},
		{"mine", client.Query{Kind: "task", Mine: true}, []string{task}},
		{"all", client.Query{Kind: "task"}, []string{idle, task}},
	} {
		got := ann.ids(c.q)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for _, id := range c.want {
			if !got[id] {
				t.Errorf("%s: %s is missing", c.name, id)
			}
		}
	}
	for name, q := range map[string]client.Query{
		"unknown kind": {Kind: "house"}, "unknown grid": {Kind: "visit", Grid: "53"}, "unknown state": {Kind: "hazard", State: "lost"},
		"kind without states": {Kind: "case_event", State: "x"}, "kind without dates": {Kind: "visit", Due: true},
	} {
		if _, err := ann.List(q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	w.settle()
}

func TestList_DueIsWhatHasToBeDoneToday(t *testing.T) {
	w, ann, door := solo(t)
	seen := ann.add("premises", `{"address":"刚走访过","territory":"`+gridA+`","grade":"orange"}`)
	ann.add("premises", `{"address":"已注销","territory":"`+gridA+`","status":"void"}`)
	visit := ann.add("visit", `{"premises_ids":["`+seen+`"],"outcome":"seen"}`)
	if got := ann.ids(client.Query{Kind: "premises", Due: true}); len(got) != 1 || !got[door] {
		t.Errorf("due today: %v, want the door that was never seen", got)
	}
	ann.edit(visit, `{"exceptions":{"`+seen+`":"nobody"}}`)
	if got := ann.ids(client.Query{Kind: "premises", Due: true}); !got[seen] {
		t.Error("a door that nobody opened counts as seen")
	}
	ann.edit(visit, `{"exceptions":null}`)
	w.later(8 * 24 * time.Hour)
	if got := ann.ids(client.Query{Kind: "premises", Due: true}); len(got) != 2 {
		t.Errorf("eight days later: %v", got)
	}
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"gas","deadline":"`+w.now.Add(30*time.Hour).Format(time.RFC3339)+`"}`)
	if got := ann.ids(client.Query{Kind: "hazard", Due: true}); len(got) != 0 {
		t.Errorf("due before its day: %v", got)
	}
	w.later(30 * time.Hour)
	if got := ann.ids(client.Query{Kind: "hazard", Due: true}); !got[hazard] {
		t.Error("a hazard is not due on its day")
	}
	ann.edit(hazard, `{"state":"rectified"}`)
	ann.edit(hazard, `{"state":"rechecked"}`)
	if got := ann.ids(client.Query{Kind: "hazard", Due: true}); len(got) != 0 {
		t.Errorf("due after its re-check: %v", got)
	}
}

func TestDrafts_StayOnThePhoneWithTheirSchema(t *testing.T) {
	w, ann, door := solo(t)
	id, err := ann.SaveDraft(&client.Draft{Kind: "visit", RecordID: door, Text: `{"note":"身份证…"}`})
	w.must(err)
	w.later(time.Minute)
	_, err = ann.SaveDraft(&client.Draft{ID: id, Kind: "visit", Text: `{"note":"改过"}`})
	w.must(err)
	ann.sync()
	ann.restart()
	drafts, err := ann.Drafts()
	w.must(err)
	if len(drafts) != 1 || drafts[0].ID != id || drafts[0].Text != `{"note":"改过"}` || drafts[0].Schema != int(schema.Load().Engine.Version) || drafts[0].Kind != "visit" {
		t.Errorf("drafts %+v", drafts)
	}
	w.must(ann.DiscardDraft(id))
	if err := ann.DiscardDraft(id); !errors.Is(err, client.ErrNoDraft) {
		t.Errorf("discarded twice: %v", err)
	}
	if _, err := ann.SaveDraft(&client.Draft{Kind: "house"}); !errors.Is(err, client.ErrUnknownKind) {
		t.Errorf("a draft of no kind: %v", err)
	}
}

// teller counts what a watcher is told.
type teller struct {
	edited  []string
	changed int
}

func (t *teller) RecordEdited(id string) { t.edited = append(t.edited, id) }
func (t *teller) RecordsChanged()        { t.changed++ }

func TestWatcher_IsToldAfterEditsAndSyncs(t *testing.T) {
	w, ann, _ := solo(t)
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	bob.sync()
	told := &teller{}
	bob.AddWatcher(told)
	door := bob.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	if !slices.Equal(told.edited, []string{door}) {
		t.Errorf("told of %v", told.edited)
	}
	ann.sync()
	bob.sync()
	if told.changed == 0 {
		t.Error("a sync that brought a door was not told")
	}
	before := told.changed
	bob.sync()
	if told.changed != before {
		t.Error("a sync that brought nothing was told")
	}
	bob.RemoveWatcher(told)
	bob.edit(door, `{"rooms":1}`)
	if len(told.edited) != 1 {
		t.Error("a removed watcher was told")
	}
}
