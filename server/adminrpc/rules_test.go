package adminrpc_test

import (
	"strings"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
)

const year2027 = "date,day,name\n2027-01-01,off,元旦\n"

func TestImportRules_IsForTheDistrictAndOperatorsAndStandsInTheLedger(t *testing.T) {
	w := newWorld(t)
	req := &adminv1.ImportRulesRequest{Table: "year", Text: year2027, FileName: "/home/和/2027.csv"}
	lead := w.as(w.user("督", recordv1.Role_ROLE_STREET_LEAD, "530702001"))
	_, err := w.client.ImportRules(lead, req)
	w.refused("a street lead", err, adminv1.Reason_REASON_NOT_PERMITTED)
	district := w.as(w.user("区", recordv1.Role_ROLE_DISTRICT, "530702"))
	before := w.last()
	req.DryRun = true
	dry, err := w.client.ImportRules(district, req)
	if err != nil || dry.GetBrought() != "year 2027" || w.last() != before {
		t.Errorf("a dry run: %v, %v", dry, err)
	}
	req.DryRun = false
	out, err := w.client.ImportRules(district, req)
	w.must(err)
	if out.GetVersion() == 0 || out.GetVersion() != dry.GetVersion() {
		t.Errorf("%v after %v", out, dry)
	}
	entries := w.noted(before)
	if len(entries) != 1 || entries[0].Action != accessledger.RulesImport || entries[0].Place != "year 2027 2027.csv" || entries[0].Actor.Operator {
		t.Errorf("%+v", entries)
	}
	got, err := w.client.GetRules(lead, &adminv1.GetRulesRequest{})
	w.must(err)
	if got.GetVersion() != out.GetVersion() || len(got.GetTables()) != 1 || got.GetTables()[0].GetByName() != "区" || got.GetTables()[0].GetText() != year2027 {
		t.Errorf("%v", got)
	}
	again, err := w.client.ImportRules(w.operator, req)
	if err != nil || again.GetReplaced() != 1 {
		t.Errorf("an operator: %v, %v", again, err)
	}
}

func TestImportRules_AWrongTableIsRefusedWithItsLines(t *testing.T) {
	w := newWorld(t)
	before := w.last()
	for text, want := range map[string]string{"date,day,name\n2027-13-01,off,x\n": "line 2", "a,b\n": "the header is"} {
		_, err := w.client.ImportRules(w.operator, &adminv1.ImportRulesRequest{Table: "year", Text: text})
		w.refused(text, err, adminv1.Reason_REASON_INVALID)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err := w.client.ImportRules(w.operator, &adminv1.ImportRulesRequest{Table: "colours"})
	if err == nil || !strings.Contains(err.Error(), "clinics") {
		t.Errorf("%v", err)
	}
	if w.last() != before {
		t.Error("what was refused stands in the ledger")
	}
}
