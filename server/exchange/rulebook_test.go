package exchange_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain/casework"
	"onedoor/domain/table"
	"onedoor/server/exchange"
	"onedoor/server/store"
)

const year2027 = "date,day,name\n2027-01-01,off,元旦\n"

// imports adds a table to the rulebook.
func (w *world) imports(text string) error {
	return w.service.Update(w.t.Context(), func(tx store.Writer) error {
		_, _, err := exchange.AddRules(tx, &exchange.ImportedTable{RuleTable: casework.RuleTable{Name: casework.TableYear, Text: text}})
		return err
	})
}

func (w *world) tables() (out []exchange.ImportedTable) {
	w.t.Helper()
	w.must(w.service.View(w.t.Context(), func(r store.Reader) (err error) {
		out, err = exchange.ImportedTables(r)
		return err
	}))
	return out
}

// rulebookFor gives the rulebook of the reply to a phone that works by a version; nil for one without an imported table.
func (p *phone) rulebookFor(version *uint32) *syncv1.Rulebook {
	p.w.t.Helper()
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	body.RulesVersion = version
	resp := p.call(p.sign(body))
	p.take(resp)
	return resp.GetRulebook()
}

func TestExchange_BringsTheRulebookToPhonesThatWorkByAnother(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
	if got := p.rulebookFor(proto.Uint32(0)); got != nil {
		t.Errorf("nothing is imported and %v is brought", got)
	}
	if got := p.rulebookFor(proto.Uint32(7)); got == nil || len(got.GetTables()) != 0 {
		t.Errorf("a phone that works by tables of its own is told %v", got)
	}
	w.must(w.imports(year2027))
	want := casework.Rulebook{{Name: casework.TableYear, Text: year2027}}
	if got := p.rulebookFor(proto.Uint32(0)); len(got.GetTables()) != 1 || got.GetTables()[0].GetText() != year2027 {
		t.Errorf("%v", got)
	}
	if got := p.rulebookFor(proto.Uint32(want.Version())); got != nil {
		t.Errorf("it is brought again: %v", got)
	}
	if got := p.rulebookFor(nil); len(got.GetTables()) != 1 {
		t.Errorf("a phone without a table is brought %v", got)
	}
}

func TestAddRules_AWrongTableChangesNothingAndASpentOneGoes(t *testing.T) {
	w := newWorld(t)
	w.must(w.imports(year2027))
	if err := w.imports("date,day,name\n2027-13-01,off,x\n"); !errors.Is(err, table.ErrTable) {
		t.Errorf("%v", err)
	}
	if got := w.tables(); len(got) != 1 || got[0].Text != year2027 || got[0].Number != 1 {
		t.Errorf("%v", got)
	}
	w.must(w.imports("date,day,name\n2027-01-01,off,元旦\n2027-01-02,off,元旦\n"))
	if got := w.tables(); len(got) != 1 || got[0].Number != 2 || got[0].Brought != "year 2027" {
		t.Errorf("%v", got)
	}
}

func TestLedger_AnOlderStoreKeepsTheRulebook(t *testing.T) {
	w := newWorld(t)
	l := &memoryLedger{}
	w.keep(w.store, l)
	w.must(w.imports(year2027))
	old := w.copied()
	later := "date,day,name\n2027-01-01,off,元旦\n2027-01-02,off,元旦\n"
	w.must(w.imports(later))
	w.keep(old, l)
	if got := w.tables(); len(got) != 1 || got[0].Text != later {
		t.Errorf("rolled forward: %v", got)
	}
	l.refuses = errors.New("the place is full")
	if err := w.imports(year2027); !errors.Is(err, exchange.ErrLedger) {
		t.Errorf("an import that the ledger does not take: %v", err)
	}
}
