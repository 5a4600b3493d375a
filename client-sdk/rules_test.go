package client_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/server/exchange"
	"onedoor/server/store"
)

// imports adds a table to the realm's rulebook.
func (w *world) imports(name, text string) {
	w.t.Helper()
	w.must(w.service.Update(w.t.Context(), func(tx store.Writer) error {
		_, _, err := exchange.AddRules(tx, &exchange.ImportedTable{RuleTable: casework.RuleTable{Name: name, Text: text}})
		return err
	}))
}

// rulebooks counts the replies of a phone that bring a rulebook.
func (p *phone) rulebooks() *int {
	n := new(int)
	p.line.seen = func(m *syncv1.ExchangeResponse) {
		if m.GetRulebook() != nil {
			*n++
		}
	}
	return n
}

const year2027 = "date,day,name\n2027-01-01,off,元旦\n"

func TestRules_AnImportedYearMakesADeadlineFirmOnEveryPhoneAndStaysAfterAReopen(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	w.now = time.Date(2026, 12, 30, 2, 0, 0, 0, time.UTC) // A Wednesday; five working days reach into 2027.
	hand(reception, dispatcher)
	id, err := reception.BeginCase("dispute", "register", client.StepInput{Fields: `{"title":"押金","territory":"` + community + `"}`})
	w.must(err)
	hand(reception, dispatcher)
	for _, p := range []*phone{reception, dispatcher} {
		if c := p.caseOf(id.String()); shanghai(c.Deadline) != "2027-01-06 23:59" || len(c.Provisional) != 1 || c.Provisional[0] != 2027 {
			t.Errorf("%s: due %s, provisional %v", p.name, shanghai(c.Deadline), c.Provisional)
		}
	}
	w.imports(casework.TableYear, year2027)
	hand(reception, dispatcher)
	for _, p := range []*phone{reception, dispatcher} {
		for range 2 {
			if c := p.caseOf(id.String()); shanghai(c.Deadline) != "2027-01-07 23:59" || len(c.Provisional) != 0 {
				t.Errorf("%s: due %s, provisional %v", p.name, shanghai(c.Deadline), c.Provisional)
			}
			w.must(p.Close())
			p.open()
		}
	}
	w.must(w.service.View(w.t.Context(), func(r store.Reader) error {
		rules, err := w.service.Rules(r)
		if _, known := rules.Calendar.Working(20_819); !known { // 1 January 2027
			t.Error("the server does not know the year")
		}
		return err
	}))
}

func TestRules_ARulebookIsSentOnceAndAgainWhereItsReplyWasLost(t *testing.T) {
	w, reception, _, _ := centre(t)
	n := reception.rulebooks()
	reception.sync()
	w.imports(casework.TableYear, year2027)
	reception.line.loseReply = 1
	_, _ = reception.Sync(t.Context()) // The line is cut once.
	reception.sync()
	reception.sync()
	if rules, err := reception.Rules(); err != nil || len(rules.Tables) != 1 || rules.Version == 0 || *n != 1 {
		t.Errorf("%+v after %d rulebooks, %v", rules.Tables, *n, err)
	}
	w.restart()
	reception.sync()
	if *n != 1 {
		t.Errorf("%d rulebooks after a restart", *n)
	}
}

func TestRules_AClinicsRowHoldsFromItsDate(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	const header = "version,effective_from,clinic,term,warn_minutes,follow_up_days,extension_days,extensions,pause_days,brings_in,district_sees,source\n"
	w.imports("clinics", header+"street-2,2026-06-01,SPECIALIST,10d,60,,,,5,mediator,figures,街道办文件\n")
	id, err := reception.BeginCase("dispute", "accept", client.StepInput{Fields: `{"title":"装修工钱","territory":"` + community + `"}`})
	w.must(err)
	hand(reception, dispatcher)
	dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"SPECIALIST"}`})
	if c := dispatcher.caseOf(id.String()); shanghai(c.Deadline) != "2026-06-14 23:59" {
		t.Errorf("due %s", shanghai(c.Deadline))
	}
	if got := dispatcher.refused(id.String(), "extend", client.StepInput{Days: 1, Reason: "x"}); got != "dispute.no_extension" {
		t.Errorf("%s", got)
	}
}

func TestRules_CadencesAndShiftsComeWithSync(t *testing.T) {
	w, ann, _ := solo(t)
	doors := compound(ann, "2幢/1/101")
	ann.add("visit", `{"premises_ids":["`+doors[0]+`"],"outcome":"SEEN"}`)
	w.later(9 * 24 * time.Hour)
	if got := planned(ann.plan(client.PlanQuery{})); strings.Contains(got, "2幢/1/101") {
		t.Errorf("a rental is due after nine days: %s", got)
	}
	w.imports(policy.TableCadences, "version,effective_from,turn,days,source\nx,2026-01-01,rental_green,8,通知\n")
	w.imports(policy.TableShifts, "version,effective_from,morning,afternoon,evening,door_minutes,stair_minutes,source\nx,2026-01-01,,,19:00-21:00,6,10,通知\n")
	ann.sync()
	if got := planned(ann.plan(client.PlanQuery{})); !strings.Contains(got, "2幢/1/101 evening") {
		t.Errorf("the plan is %s", got)
	}
}

func TestRules_ATableThatIsTooNewIsKeptAndLeftOut(t *testing.T) {
	w, reception, _, _ := centre(t)
	w.imports(casework.TableYear, year2027)
	w.must(w.service.Update(t.Context(), func(tx store.Writer) error {
		b, err := proto.Marshal(&storedv1.RuleTable{Name: "colours", Text: "a,b\n1,2\n"})
		if err != nil {
			return err
		}
		return tx.PutDocument("rules", binary.BigEndian.AppendUint64(nil, 9), b)
	}))
	n := reception.rulebooks()
	reception.sync()
	reception.sync()
	rules, err := reception.Rules()
	if err != nil || len(rules.Tables) != 2 || len(rules.Unread) != 1 || rules.Unread[0].Table != 1 || *n != 1 {
		t.Errorf("%+v, %d rulebooks, %v", rules.Unread, *n, err)
	}
	if _, known := rules.Rules.Calendar.Working(20_819); !known {
		t.Error("the other table is lost with it")
	}
}

func TestRules_ARestoredServersOlderRulebookIsTakenBack(t *testing.T) {
	w, reception, _, _ := centre(t)
	w.imports(casework.TableYear, year2027)
	older := w.backup()
	w.imports(casework.TableYear, "date,day,name\n2027-01-01,off,元旦\n2027-01-02,off,元旦\n")
	reception.sync()
	w.restore(older)
	reception.sync()
	rules, err := reception.Rules()
	if err != nil || len(rules.Tables) != 1 || rules.Tables[0].Text != year2027 {
		t.Errorf("%+v, %v", rules.Tables, err)
	}
}
