package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// member gives a function that runs commands with the token of a new user.
func (w *world) member(role, territory string) (user string, run func(args ...string) ran) {
	w.t.Helper()
	user = w.json("user", "add", "--name", role, "--role", role, "--territory", territory).text("user_id")
	token := filepath.Join(w.t.TempDir(), role+".token")
	if r := w.run("token", "--user", user, "--out", token); r.code != done {
		w.t.Fatalf("token: %+v", r)
	}
	return user, func(args ...string) ran {
		w.t.Helper()
		return runCommand(w.t, append(args, "--server", w.addr, "--token-file", token)...)
	}
}

// runCommand is run under a name that tests may shadow.
func runCommand(t *testing.T, args ...string) ran {
	t.Helper()
	return run(t, args...)
}

// TestCase_TheInvestmentDisputeInOneDay is the walk-in of the source article: two people quarrel about money that one gave the
// other, agree at the centre, and have it confirmed.
func TestCase_TheInvestmentDisputeInOneDay(t *testing.T) {
	w := serving(t)
	_, desk := w.member("reception", "530702001")
	_, dispatch := w.member("dispatcher", "530702001")
	mediator, mediate := w.member("mediator", "530702001")
	must := func(r ran) object {
		t.Helper()
		if r.code != done {
			t.Fatalf("%+v", r)
		}
		return decode(t, r.out)
	}
	registered := must(desk("case", "register", "--title", "甲方与乙方投资款纠纷", "--territory", "530702001001", "--set",
		`{"category":"CONTRACT","source":"WALK_IN","people_count":2,"amount_fen":30000000,"party_contacts":{"甲方":{"name":"木某","phone":"13888800000"}}}`, "--json"))
	id := registered.text("id")
	if registered.text("state") != "REGISTERED" || registered.text("timeline", 0, "what") != "registered" || registered.text("deadline") == "" || registered.text("clock", "state") != "running" {
		t.Errorf("registered: %v", registered)
	}
	must(desk("case", "accept", id, "--json"))
	dispatch("case", "triage", id).wantLine(t, failed, "choose the clinic")
	mediate("case", "handle", id).wantLine(t, failed, "handle is possible when")
	triaged := must(dispatch("case", "triage", id, "--clinic", "specialist", "--json"))
	if triaged.text("clinic") != "SPECIALIST" || triaged.list("proposal", "reasons_zh") < 1 || triaged.text("phase") != "clinic" {
		t.Errorf("triaged: %v", triaged)
	}
	must(dispatch("case", "assign", id, "--mediator", mediator, "--json"))
	if inbox := must(mediate("case", "list", "--inbox", "mine", "--json")); inbox.at("total") != 1.0 || inbox.text("cases", 0, "id") != id || inbox.at("cases", 0, "party_contacts") != nil {
		t.Errorf("inbox: %v", inbox)
	}
	must(mediate("case", "handle", id, "--set", `{"parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`, "--json"))
	must(mediate("case", "agree", id, "--set", `{"agreement_form":"WRITTEN","agreement_text":"分三期归还。"}`, "--json"))
	must(mediate("case", "perform", id, "--set", `{"agreement_effective_on":"2026-06-01T00:00:00+08:00"}`, "--json"))
	must(desk("case", "confirm", id, "--set", `{"judicial_confirmation":"CONFIRMED"}`, "--json"))
	must(desk("case", "verify", id, "--set", `{"solved":true,"satisfaction":"SATISFIED"}`, "--json"))
	closed := must(desk("case", "close", id, "--set", `{"result":"SUCCESS"}`, "--json"))
	if closed.text("state") != "CLOSED" || closed.text("clock", "state") != "stopped" || closed.list("timeline") != 10 {
		t.Errorf("closed: %v", closed)
	}
	pdf, whole := filepath.Join(t.TempDir(), "case.pdf"), filepath.Join(t.TempDir(), "case.json")
	must(desk("case", "export", id, "--out", pdf, "--reason", "法院调阅", "--json"))
	if b, err := os.ReadFile(pdf); err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) {
		t.Errorf("the case as PDF: %.20q, %v", b, err)
	}
	desk("case", "export", id, "--out", pdf).wantLine(t, failed, "choose another name")
	must(mediate("case", "export", id, "--out", whole, "--json"))
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if exported := decode(t, string(text)); exported.list("people") != 2 || exported.text("people", 1, "relation") != "mediator" || exported.at("exported", "seq") == nil {
		t.Errorf("the case as JSON: %v", exported)
	}
	if ledger := w.run("ledger", "--action", "export", "--json"); ledger.code != done || !strings.Contains(ledger.out, "法院调阅") {
		t.Errorf("the ledger: %+v", ledger)
	}
	must(dispatch("case", "archive", id, "--json"))
	if r := desk("case", "show", id); r.code != done {
		t.Errorf("show: %+v", r)
	}
	w.run("case", "list").wantLine(t, failed, "may not do this")
	if r := run(t, "verify", "--data", w.dir, "--json"); r.code != done {
		t.Errorf("verify: %+v", r)
	}
}

func TestCase_BadInputIsALine(t *testing.T) {
	w := serving(t)
	_, desk := w.member("reception", "530702001")
	desk("case", "register", "--title", "x", "--territory", "999").wantLine(t, usage, "--territory")
	desk("case", "register", "--title", "x", "--set", "{").wantLine(t, usage, "--set")
	desk("case", "register", "--territory", "530702001001").wantLine(t, failed, "title")
	desk("case", "accept", "123").wantLine(t, usage, "an id is UUID text")
	desk("case", "accept", "01890a5d-ac96-774b-bcce-b302099a8057").wantLine(t, failed, "no such case")
	for range 2 {
		if r := desk("case", "register", "--title", "噪音", "--territory", "530702001001"); r.code != done {
			t.Errorf("register: %+v", r)
		}
	}
	if r := desk("case", "list", "--limit", "1"); r.code != done || !strings.Contains(r.out, "1 of 2; --skip") {
		t.Errorf("a list that is cut says so: %+v", r)
	}
	desk("case", "list", "--inbox", "attic").wantLine(t, failed, "no inbox")
	desk("case", "list", "--state", "attic").wantLine(t, usage, "--state")
	desk("case", "dance", "x").wantLine(t, usage, "dance")
}
