package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// jsonLines runs a command with --json and reads an object a line.
func (w *world) jsonLines(tokenFile string, args ...string) (out []object) {
	w.t.Helper()
	r := run(w.t, append(args, "--json", "--server", w.addr, "--token-file", tokenFile)...)
	if r.code != done {
		w.t.Fatalf("onedoor %s: %s", strings.Join(args, " "), r.err)
	}
	for line := range strings.Lines(r.out) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func TestLedger_TellsTheAuditorWhoSawWhom(t *testing.T) {
	w := serving(t).withGrids()
	one := w.phone(w.user("木林", "grid_worker", gridA))
	door := one.door(gridA, "福慧路1号")
	one.edit(door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String("和大姐的名字"), Phone: proto.String("13800138000")}})
	one.sync()
	reader := w.user("和丽", "grid_worker", gridA)
	other := w.phone(reader)
	other.sync()
	auditor := w.token(w.user("审计", "auditor", "530702"))

	seen := w.jsonLines(auditor, "ledger", "--record", door.String(), "--action", "sync")
	if len(seen) != 1 || seen[0].text("user") != "和丽" || seen[0].text("reason") != "sync" || seen[0].text("records", 0, "ids", 0) != door.String() ||
		seen[0].text("records", 0, "kind") != "premises" || seen[0].text("records", 0, "fields", 0) != "contact" || seen[0].text("time") == "" {
		t.Errorf("who saw the door: %v", seen)
	}
	affected := w.jsonLines(auditor, "ledger", "--affected", "--user", reader)
	if len(affected) != 1 || affected[0].text("record_id") != door.String() || affected[0].at("times") != 1.0 || affected[0].at("written") != nil {
		t.Errorf("the reader's account concerns %v", affected)
	}
	device := seen[0].text("device_id")
	if got := w.jsonLines(auditor, "ledger", "--affected", "--device", device, "--until", "2020-01-01"); len(got) != 0 {
		t.Errorf("before the phone was there it had seen %v", got)
	}
	all := w.jsonLines(auditor, "ledger")
	for i, e := range all {
		if e.at("number") != float64(i+1) {
			t.Errorf("entry %d stands at place %d", int(e.at("number").(float64)), i+1)
		}
	}
	text := run(t, "ledger", "--server", w.addr, "--token-file", auditor).out
	if strings.Contains(text, "和大姐") || strings.Contains(text, "13800138000") || !strings.Contains(text, "token_mint") ||
		!strings.Contains(lineOf(text, " sync "), "和丽") || !strings.Contains(lineOf(text, " sync "), "(contact)") {
		t.Errorf("as text:\n%s", text)
	}
	if got := run(t, "ledger", "--affected", "--device", device, "--server", w.addr, "--token-file", auditor).out; !strings.Contains(got, "shown 1 times") {
		t.Errorf("affected as text:\n%s", got)
	}
	as := func(file string, args ...string) ran {
		return run(t, append(args, "--server", w.addr, "--token-file", file)...)
	}
	as(w.token(reader), "ledger").wantLine(t, failed, "role")
	as(auditor, "ledger", "--affected").wantLine(t, usage, "--affected wants")
	as(auditor, "ledger", "--action", "gossip").wantLine(t, usage, "no such action")
	as(auditor, "ledger", "--since", "yesterday").wantLine(t, usage, "not a time")
	as(auditor, "ledger", "--record", "x").wantLine(t, usage, "--record")
}
