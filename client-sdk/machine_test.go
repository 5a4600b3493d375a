package client_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// TestReplica_ItsUserSeesWhatANaiveModelSays has one user work on a phone with a
// bad line, beside a colleague who writes to the same records, and after every
// step compares what the phone shows with what its user must see.
func TestReplica_ItsUserSeesWhatANaiveModelSays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := newMachine(t, r)
		r.Repeat(map[string]func(*rapid.T){
			"add a door":    func(r *rapid.T) { m.addDoor(r, gridA) },
			"add elsewhere": func(r *rapid.T) { m.addDoor(r, gridB) },
			"add a visit":   m.addVisit,
			"edit":          m.edit,
			"delete":        m.delete,
			"group":         m.group,
			"half a group":  m.halfGroup,
			"save a draft":  m.saveDraft,
			"drop a draft":  m.dropDraft,
			"sync":          m.sync,
			"sync again":    m.sync,
			"restart":       m.reopen,
			"colleague":     m.colleague,
			"":              m.check,
		})
		m.end()
	})
}

// drawnTB lets the world of the stories fail, clean up and make folders for one
// drawn case, instead of for the whole test.
type drawnTB struct {
	testing.TB
	drawn *rapid.T
}

func (d drawnTB) Error(args ...any)            { d.drawn.Error(args...) }
func (d drawnTB) Errorf(f string, args ...any) { d.drawn.Errorf(f, args...) }
func (d drawnTB) Fatal(args ...any)            { d.drawn.Fatal(args...) }
func (d drawnTB) Fatalf(f string, args ...any) { d.drawn.Fatalf(f, args...) }
func (d drawnTB) Fail()                        { d.drawn.Fail() }
func (d drawnTB) FailNow()                     { d.drawn.FailNow() }
func (d drawnTB) Failed() bool                 { return d.drawn.Failed() }
func (d drawnTB) Cleanup(f func())             { d.drawn.Cleanup(f) }

// TempDir gives a folder that goes with the case.
func (d drawnTB) TempDir() string {
	dir, err := os.MkdirTemp(d.TB.TempDir(), "case")
	if err != nil {
		d.Fatal(err)
	}
	d.drawn.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// machine is the phone under test, its colleague, and the model.
type machine struct {
	*world
	ann, bob *phone
	// records holds what ann has made and not deleted, and what she deleted.
	records map[string]*modelRecord
	drafts  map[string]string
	// answered is the device_seq of the last change whose outcome has reached her.
	answered int
	words    int
}

// modelRecord is what ann must see of a record that she has made.
type modelRecord struct {
	kind string
	// texts holds what she wrote last in each field.
	texts map[string]string
	// written is the device_seq of that write.
	written map[string]int
	// shared are the fields that her colleague has written too.
	shared map[string]bool
	// created is the device_seq of the creation; outside tells that the server will set it aside.
	created int
	outside bool
	deleted bool
}

func newMachine(t *testing.T, r *rapid.T) *machine {
	m := &machine{world: newWorld(drawnTB{t, r}), records: map[string]*modelRecord{}, drafts: map[string]string{}}
	m.ann = m.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	m.bob = m.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	m.ann.sync()
	m.bob.sync()
	m.ann.line.seen = func(resp *syncv1.ExchangeResponse) {
		if o := resp.GetOutcomes(); o != nil {
			m.answered = max(m.answered, int(o.GetFirstDeviceSeq())+len(o.GetResults())-1)
		}
	}
	return m
}

// word gives a text that stands nowhere else.
func (m *machine) word() string {
	m.words++
	return fmt.Sprintf("第%04d号", m.words)
}

// made notes a successful edit: it is one change, or two when its cells have two bases.
func (m *machine) made(r *rapid.T, before int, err error) {
	if err != nil {
		r.Fatalf("ann works: %v", err)
	}
	if n := m.ann.Changes() - before; n < 1 || n > 2 {
		r.Fatalf("one edit made %d changes", n)
	}
}

func (m *machine) addDoor(r *rapid.T, grid string) {
	address, before := m.word(), m.ann.Changes()
	id, err := m.ann.AddJSON("premises", `{"address":"`+address+`","territory":"`+grid+`"}`)
	m.made(r, before, err)
	m.note(id, "premises", "address", address, grid == gridB)
}

// note takes a new record into the model.
func (m *machine) note(id, kind, field, text string, outside bool) {
	n := m.ann.Changes()
	m.records[id] = &modelRecord{
		kind: kind, texts: map[string]string{field: text}, written: map[string]int{field: n}, shared: map[string]bool{}, created: n, outside: outside,
	}
}

// known draws a record that ann has on her screen and may edit; "" when there is none.
func (m *machine) known(r *rapid.T, kind string) string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(m.records)) {
		if rec := m.records[id]; !rec.deleted && !m.setAside(rec) && (kind == "" || rec.kind == kind) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		r.Skip("there is no such record")
	}
	return rapid.SampledFrom(ids).Draw(r, "record")
}

// setAside reports that ann has heard of the record's quarantine.
func (m *machine) setAside(rec *modelRecord) bool { return rec.outside && rec.created <= m.answered }

func (m *machine) addVisit(r *rapid.T) {
	door, note, before := m.known(r, "premises"), m.word(), m.ann.Changes()
	id, err := m.ann.AddJSON("visit", `{"premises_ids":["`+door+`"],"note":"`+note+`"}`)
	m.made(r, before, err)
	m.note(id, "visit", "note", note, false)
}

// fieldOf is the field of a kind that is edited.
func fieldOf(kind string) string {
	return map[string]string{"premises": "name", "visit": "note"}[kind]
}

func (m *machine) edit(r *rapid.T) {
	id := m.known(r, "")
	rec, text, before := m.records[id], m.word(), m.ann.Changes()
	field := fieldOf(rec.kind)
	m.made(r, before, m.ann.EditJSON(id, `{"`+field+`":"`+text+`"}`))
	rec.texts[field], rec.written[field] = text, m.ann.Changes()
}

func (m *machine) delete(r *rapid.T) {
	id, before := m.known(r, "visit"), m.ann.Changes()
	m.made(r, before, m.ann.DeleteRecord(id))
	m.records[id].deleted = true
}

// group adds a visit and edits its door in one commit.
func (m *machine) group(r *rapid.T) {
	door, note, name, before := m.known(r, "premises"), m.word(), m.word(), m.ann.Changes()
	var visit syncengine.ID
	m.must(m.ann.Group(func(g *client.Group) (err error) {
		visit, err = m.visitAndName(g, door, note, name)
		return err
	}))
	if n := m.ann.Changes() - before; n < 2 || n > 3 {
		r.Fatalf("a group of two edits made %d changes", n)
	}
	m.note(visit.String(), "visit", "note", note, false)
	m.records[door].texts["name"], m.records[door].written["name"] = name, m.ann.Changes()
}

func (m *machine) visitAndName(g *client.Group, door, note, name string) (syncengine.ID, error) {
	id := mustParse(m.t, door)
	visit, err := g.Add(&recordv1.Visit{PremisesIds: [][]byte{id[:]}, Note: &note})
	return visit, errors.Join(err, g.Edit(id, &recordv1.Premises{Name: &name}))
}

// halfGroup has a group fail at its last edit: nothing of it may stay.
func (m *machine) halfGroup(r *rapid.T) {
	door, note, before := m.known(r, "premises"), m.word(), m.ann.Changes()
	err := m.ann.Group(func(g *client.Group) error {
		if _, err := m.visitAndName(g, door, note, note); err != nil {
			return err
		}
		return g.Edit(syncengine.ID{1}, &recordv1.Premises{Name: &note})
	})
	if !errors.Is(err, client.ErrNotFound) || m.ann.Changes() != before || len(m.ann.found(note)) != 0 {
		r.Fatalf("half a group: %v, %d changes, found %v", err, m.ann.Changes()-before, m.ann.found(note))
	}
}

func (m *machine) saveDraft(r *rapid.T) {
	d := &client.Draft{Kind: "visit", Text: m.word()}
	if len(m.drafts) > 0 && rapid.Bool().Draw(r, "again") {
		d.ID = rapid.SampledFrom(slices.Sorted(maps.Keys(m.drafts))).Draw(r, "draft")
	}
	id, err := m.ann.SaveDraft(d)
	m.must(err)
	m.drafts[id] = d.Text
}

func (m *machine) dropDraft(r *rapid.T) {
	if len(m.drafts) == 0 {
		r.Skip("there is no draft")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.drafts))).Draw(r, "draft")
	m.must(m.ann.DiscardDraft(id))
	delete(m.drafts, id)
}

func (m *machine) sync(r *rapid.T) {
	m.later(time.Minute)
	switch rapid.SampledFrom([]string{"", "", "lose reply", "lose request"}).Draw(r, "line") {
	case "lose reply":
		m.ann.line.loseReply = 1
	case "lose request":
		m.ann.line.loseRequest = 1
	}
	if _, err := m.ann.Sync(m.t.Context()); err != nil && !errors.Is(err, errLine) {
		r.Fatalf("ann syncs: %v", err)
	}
}

// colleague has bob sync and write to a record of ann's, and perhaps sync again.
func (m *machine) colleague(r *rapid.T) {
	m.later(time.Minute)
	id := m.known(r, "")
	if rapid.Bool().Draw(r, "sync before") {
		m.bob.sync()
	}
	field := fieldOf(m.records[id].kind)
	switch err := m.bob.EditJSON(id, `{"`+field+`":"`+m.word()+`"}`); {
	case err == nil:
		m.records[id].shared[field] = true
	case !errors.Is(err, client.ErrNotFound) && !errors.Is(err, client.ErrDeleted):
		r.Fatalf("bob works: %v", err)
	}
	if rapid.Bool().Draw(r, "sync after") {
		m.bob.sync()
	}
}

// reopen closes the app and opens it again: everything is as it was.
func (m *machine) reopen(r *rapid.T) {
	m.ann.page = rapid.SampledFrom([]int{0, 1, 400}).Draw(r, "page")
	before := m.screen()
	m.ann.restart()
	if after := m.screen(); after != before {
		r.Fatalf("opened again the phone shows\n%s\nand showed\n%s", after, before)
	}
}

// screen is all that the phone can show.
func (m *machine) screen() string {
	status, drafts := m.ann.status(), m.draftsShown()
	status.DatabaseBytes = 0
	out := fmt.Sprintf("%+v %v %v", *status, drafts, len(m.ann.quarantined()))
	for _, kind := range kinds {
		out += fmt.Sprint(m.dump(m.ann, kind))
	}
	return out
}

func (m *machine) draftsShown() map[string]string {
	drafts, err := m.ann.Drafts()
	m.must(err)
	out := map[string]string{}
	for _, d := range drafts {
		out[d.ID] = d.Text
	}
	return out
}

// check compares the phone with the model.
func (m *machine) check(r *rapid.T) {
	if s := m.ann.status(); s.Pending != m.ann.Changes()-m.answered || s.Drafts != len(m.drafts) {
		r.Fatalf("pending %d of %d changes, %d answered; %d drafts, want %d", s.Pending, m.ann.Changes(), m.answered, s.Drafts, len(m.drafts))
	}
	if got := m.draftsShown(); !maps.Equal(got, m.drafts) {
		r.Fatalf("drafts %v, want %v", got, m.drafts)
	}
	listed := m.ann.ids(client.Query{Kind: "premises"})
	maps.Copy(listed, m.ann.ids(client.Query{Kind: "visit"}))
	for id, rec := range m.records {
		onScreen := !rec.deleted && !m.setAside(rec)
		if listed[id] != onScreen {
			r.Fatalf("%s %s is listed: %v, deleted %v, set aside %v", rec.kind, id, listed[id], rec.deleted, m.setAside(rec))
		}
		if onScreen {
			m.checkTexts(r, id, rec)
		}
	}
	if len(listed) > len(m.records) {
		r.Fatalf("%d records are listed, %d were made", len(listed), len(m.records))
	}
}

// checkTexts is I8: what ann wrote stands on her screen while it is not
// answered, and for good where nobody else has written; and search finds it.
func (m *machine) checkTexts(r *rapid.T, id string, rec *modelRecord) {
	text, err := m.ann.ShowJSON(id)
	m.must(err)
	for field, want := range rec.texts {
		if rec.shared[field] && rec.written[field] <= m.answered {
			continue
		}
		if !strings.Contains(text, `"`+field+`":"`+want+`"`) {
			r.Fatalf("I8: %s should be %s in %s", field, want, text)
		}
		if got := m.ann.found(want); !slices.Equal(got, []string{id}) {
			r.Fatalf("%s of %s is found as %v by %s", field, id, got, want)
		}
	}
}

// end has everybody sync until all is quiet: everything was decided, and all agree.
func (m *machine) end() {
	m.ann.line.loseReply, m.ann.line.loseRequest = 0, 0
	m.settle()
	outside := 0
	for _, rec := range m.records {
		if rec.outside {
			outside++
		}
	}
	if got := len(m.ann.quarantined()); got < outside {
		m.t.Fatalf("%d changes are set aside, %d doors were outside of the area", got, outside)
	}
}
