package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	client "onedoor/client-sdk"
	"onedoor/domain/casework"
)

func TestImportRules_AYearMakesADeadlineFirmAndStaysAfterAReopen(t *testing.T) {
	w, reception, _, _ := centre(t)
	w.now = time.Date(2026, 12, 30, 2, 0, 0, 0, time.UTC) // A Wednesday; five working days reach into 2027.
	reception.sync()
	id, err := reception.BeginCase("dispute", "register", client.StepInput{Fields: `{"title":"押金","territory":"` + community + `"}`})
	w.must(err)
	if c := reception.caseOf(id.String()); shanghai(c.Deadline) != "2027-01-06 23:59" || len(c.Provisional) != 1 || c.Provisional[0] != 2027 {
		t.Errorf("due %s, provisional %v", shanghai(c.Deadline), c.Provisional)
	}
	brought, err := reception.ImportRules(casework.TableYear, "date,day,name\n2027-01-01,off,元旦\n")
	if err != nil || brought != "year 2027" {
		t.Fatalf("%q, %v", brought, err)
	}
	for range 2 {
		if c := reception.caseOf(id.String()); shanghai(c.Deadline) != "2027-01-07 23:59" || len(c.Provisional) != 0 {
			t.Errorf("due %s, provisional %v", shanghai(c.Deadline), c.Provisional)
		}
		w.must(reception.Close())
		reception.open()
	}
}

func TestImportRules_AClinicsRowHoldsFromItsDate(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	const header = "version,effective_from,clinic,term,warn_minutes,follow_up_days,extension_days,extensions,pause_days,brings_in,district_sees,source\n"
	brought, err := dispatcher.ImportRules("clinics", header+"street-2,2026-06-01,SPECIALIST,10d,60,,,,5,mediator,figures,街道办文件\n")
	if err != nil || brought != "clinics" {
		t.Fatalf("%q, %v", brought, err)
	}
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

func TestImportRules_RefusesATableWithAWrongRow(t *testing.T) {
	_, ann, _ := solo(t)
	for _, c := range []struct{ table, text, rule, says string }{
		{"year", "date,day,name\n2027-01-01,off,元旦\n2027-13-01,off,x\n", "rules.wrong_table", "line 3"},
		{"colours", "a,b\n", "rules.no_such_table", "clinics"},
		{"year", strings.Repeat("x", 300<<10), "rules.too_long", "262144"},
	} {
		_, err := ann.ImportRules(c.table, c.text)
		var refusal *client.Refusal
		if !errors.As(err, &refusal) || refusal.Complaints[0].Rule != c.rule || !strings.Contains(refusal.Complaints[0].EN, c.says) {
			t.Errorf("%s: %v", c.table, err)
		}
	}
}
