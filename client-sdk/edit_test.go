package client_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// solo is a story's beginning: one grid worker with one door.
func solo(t testing.TB) (w *world, ann *phone, door string) {
	t.Helper()
	w = newWorld(t)
	ann = w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	return w, ann, ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
}

func TestEdit_RefusalsSayWhatToDoAndChangeNothing(t *testing.T) {
	w, ann, door := solo(t)
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"gas"}`)
	dai := w.phone("戴", recordv1.Role_ROLE_HELPER, gridA)
	dai.sync()
	for _, c := range []struct {
		name string
		p    *phone
		edit func(*phone) error
		rule string
	}{
		{"a door without an address", ann, adding("premises", `{"territory":"`+gridA+`"}`), "record.required"},
		{"a visit to nowhere", ann, adding("visit", `{"note":"x"}`), "record.required_any"},
		{"a text that is too long", ann, adding("visit", `{"territory":"`+gridA+`","note":"`+strings.Repeat("长", 2001)+`"}`), "text.too_long"},
		{"too many reasons", ann, editing(door, `{"grade_reasons":["1","2","3","4","5","6","7","8","9","10","11"]}`), "field.too_many"},
		{"too many parties", ann, adding("dispute", `{"title":"x","territory":"`+gridA+`","party_contacts":{`+parties(21)+`}}`), "field.too_many"},
		{"an identity number in a note", ann, adding("visit", `{"territory":"`+gridA+`","note":"身份证11010519491231002X"}`), "text.identity_number"},
		{"a phone number in a note", ann, editing(hazard, `{"note":"请打13812345678"}`), "text.phone_number"},
		{"a deadline before the finding", ann, editing(hazard, `{"deadline":"2020-01-01T00:00:00+08:00"}`), "hazard.deadline_before_found"},
		{"a step that is not declared", ann, editing(hazard, `{"state":"closed"}`), "state.step"},
		{"a move", ann, editing(door, `{"territory":"`+gridB+`"}`), "record.moved_by_server"},
		{"a field of the police", ann, editing(door, `{"police_note":"x"}`), "role.field"},
		{"a ruling by a grid worker", ann, editing(hazard, `{"severity_ruled":"major"}`), "role.field"},
		{"a door by a helper", dai, adding("premises", `{"address":"x","territory":"`+gridA+`"}`), "role.kind"},
		{"a territory by anybody", ann, adding("territory", `{"code":"53","level":"province","name":"x"}`), "role.kind"},
		{"a colleague by anybody", ann, adding("staff", `{"name":"x","role":"helper"}`), "role.kind"},
	} {
		before := c.p.Changes()
		err := c.edit(c.p)
		var refusal *client.Refusal
		if !errors.As(err, &refusal) || refusal.Complaints[0].Rule != c.rule {
			t.Errorf("%s: %v, want rule %s", c.name, err, c.rule)
			continue
		}
		for _, lang := range []client.Language{client.Chinese, client.English} {
			if says := client.Explain(err, lang); says == "" || strings.Contains(says, "\n") {
				t.Errorf("%s: said in %s: %q", c.name, lang, says)
			}
		}
		if c.p.Changes() != before {
			t.Errorf("%s: a refused edit made a change", c.name)
		}
	}
	w.settle()
}

// parties gives contacts under n aliases.
func parties(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`"甲方%d":{"name":"x"}`, i)
	}
	return strings.Join(out, ",")
}

func adding(kind, text string) func(*phone) error {
	return func(p *phone) error {
		_, err := p.AddJSON(kind, text)
		return err
	}
}

func editing(id, text string) func(*phone) error {
	return func(p *phone) error { return p.EditJSON(id, text) }
}

func TestEdit_NamesWhatIsNotThere(t *testing.T) {
	_, ann, door := solo(t)
	none := syncengine.ID{9}.String()
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"unknown record":    {ann.EditJSON(none, `{"rooms":1}`), client.ErrNotFound},
		"no id":             {ann.EditJSON("door", `{"rooms":1}`), client.ErrNotFound},
		"nothing":           {ann.EditJSON(door, `{}`), client.ErrNothing},
		"unknown kind":      {adding("house", `{}`)(ann), client.ErrUnknownKind},
		"unknown place":     {adding("premises", `{"address":"x","territory":"530702001099099"}`)(ann), client.ErrUnknownPlace},
		"another kind's id": {adding("visit", `{"id":"`+door+`","territory":"`+gridA+`"}`)(ann), client.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func TestGroup_IsSavedAsAWholeOrNotAtAll(t *testing.T) {
	w, ann, door := solo(t)
	id := mustParse(t, door)
	before := ann.Changes()
	err := ann.Group(func(g *client.Group) error {
		if _, err := g.Add(&recordv1.Visit{PremisesIds: [][]byte{id[:]}}); err != nil {
			return err
		}
		_, err := g.Add(&recordv1.Hazard{PremisesId: id[:]})
		return err
	})
	var refusal *client.Refusal
	if !errors.As(err, &refusal) || ann.Changes() != before || len(ann.ids(client.Query{Kind: "visit"})) != 0 {
		t.Errorf("half a group: %v", err)
	}
	var visit, hazard syncengine.ID
	w.must(ann.Group(func(g *client.Group) (err error) {
		if visit, err = g.Add(&recordv1.Visit{PremisesIds: [][]byte{id[:]}}); err != nil {
			return err
		}
		if hazard, err = g.Add(&recordv1.Hazard{
			PremisesId: id[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), VisitId: visit[:],
			State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
		}); err != nil {
			return err
		}
		// Put right on the spot, in the same form.
		return g.Edit(hazard, &recordv1.Hazard{
			State: recordv1.HazardState_HAZARD_STATE_RECTIFIED.Enum(), Disposal: recordv1.Disposal_DISPOSAL_FIXED_ON_THE_SPOT.Enum(),
		})
	}))
	ann.shows(hazard.String(), map[string]any{"state": "RECTIFIED", "visit_id": visit})
	if report := ann.sync(); report.Quarantined != 0 {
		t.Errorf("report %+v", report)
	}
	w.settle()
}

func TestEdit_ClearsAndRemoves(t *testing.T) {
	w, ann, door := solo(t)
	id, second := mustParse(t, door), mustParse(t, ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`))
	visit, err := ann.Add(&recordv1.Visit{
		PremisesIds: [][]byte{id[:], second[:]}, Note: proto.String("x"), Contributions: map[string]string{"a": "1", "b": "2"},
	})
	w.must(err)
	ann.sync()
	w.must(ann.Edit(visit, &recordv1.Visit{Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum()}, "note"))
	w.must(ann.Group(func(g *client.Group) error {
		if err := g.Remove(visit, "visit", "premises_ids", string(second[:])); err != nil {
			return err
		}
		return g.Remove(visit, "visit", "contributions", "a")
	}))
	got := &recordv1.Visit{}
	rec, err := ann.Get(visit)
	w.must(err)
	w.must(rec.Read(got))
	if got.Note != nil || got.GetOutcome() != recordv1.VisitOutcome_VISIT_OUTCOME_SEEN || len(got.GetPremisesIds()) != 1 || len(got.GetContributions()) != 1 {
		t.Errorf("the visit is %v", got)
	}
	w.settle()
}

func TestEdit_NeedsAUser(t *testing.T) {
	r, err := client.Open(t.TempDir(), make([]byte, client.KeyBytes), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := r.AddJSON("visit", `{"territory":"530702"}`); !errors.Is(err, client.ErrNotEnrolled) {
		t.Errorf("an edit without a user: %v", err)
	}
	if _, err := r.Sync(t.Context()); !errors.Is(err, client.ErrNotEnrolled) {
		t.Errorf("a sync without a user: %v", err)
	}
}

func TestEdit_ACellWhoseLastEditWasRefusedIsWrittenOnWhatIsSeen(t *testing.T) {
	_, ann, bob, door, _ := pair(t)
	ann.edit(door, `{"rooms":1}`)
	ann.line.seen = func(m *syncv1.ExchangeResponse) {
		if results := m.GetOutcomes().GetResults(); len(results) == 1 {
			results[0].Code = syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED
			results[0].Reason = syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE
		}
	}
	ann.sync()
	ann.line.seen = nil
	if q := ann.quarantined(); len(q) != 1 {
		t.Fatalf("quarantined %+v", q)
	}
	bob.edit(door, `{"rooms":2}`)
	bob.sync()
	ann.sync()
	ann.edit(door, `{"rooms":3}`)
	at := ann.status().Seq
	var base uint64
	ann.line.sent = func(m *syncv1.ExchangeBody) {
		for _, c := range m.GetBatch().GetChanges() {
			change, err := wire.DecodeChange(c.GetBody())
			if err != nil {
				t.Error(err)
				return
			}
			base = uint64(change.Base.Seq)
		}
	}
	ann.sync()
	if base != uint64(at) {
		t.Errorf("the edit stands on seq %d, its author saw %d", base, at)
	}
}
