package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
)

// mainStdio is a person's terminal or a script's pipes.
func mainStdio(terminal bool) command.Stdio {
	return command.Stdio{In: strings.NewReader(""), Terminal: terminal}
}

// clash is a world in which two phones wrote one field without seeing each other.
type clash struct {
	*world
	// door is the id of the record.
	door string
	// lead is the file of a token that may read it.
	lead string
}

func clashing(t *testing.T) *clash {
	w := serving(t).withGrids()
	one := w.phone(w.user("木林", "grid_worker", gridA))
	door := one.door(gridA, "福慧路1号")
	one.sync()
	one.sync() // Now it has seen its own door at its place in the log.
	other := w.phone(w.user("和丽", "grid_worker", gridA))
	one.edit(door, &recordv1.Premises{Rooms: proto.Uint32(2)})
	other.edit(door, &recordv1.Premises{Rooms: proto.Uint32(5)})
	one.sync()
	other.sync()
	return &clash{world: w, door: door.String(), lead: w.token(w.user("何主任", "street_lead", "530702001"))}
}

func TestConflicts_ShowValuesToWhoMayReadThem(t *testing.T) {
	c := clashing(t)
	lead := c.as(c.lead, "conflicts")
	if lead.list("conflicts") != 1 || lead.text("conflicts", 0, "kind") != "conflict" || lead.text("conflicts", 0, "record_id") != c.door ||
		lead.text("conflicts", 0, "record_kind") != "premises" || lead.text("conflicts", 0, "field") != "rooms" || lead.text("conflicts", 0, "id") == "" {
		t.Fatalf("conflicts %v", lead)
	}
	values := []any{lead.at("conflicts", 0, "shown"), lead.at("conflicts", 0, "others", 0, "value")}
	if !(values[0] == 2.0 && values[1] == 5.0 || values[0] == 5.0 && values[1] == 2.0) {
		t.Errorf("values %v", values)
	}
	authors := lead.text("conflicts", 0, "author") + lead.text("conflicts", 0, "others", 0, "author")
	if !strings.Contains(authors, "木林") || !strings.Contains(authors, "和丽") || lead.text("conflicts", 0, "others", 0, "time") == "" {
		t.Errorf("authors %q of %v", authors, lead)
	}
	operator := c.json("conflicts")
	if operator.text("conflicts", 0, "field") != "rooms" || operator.at("conflicts", 0, "hidden") != true ||
		operator.at("conflicts", 0, "shown") != nil || operator.at("conflicts", 0, "others", 0, "value") != nil {
		t.Errorf("the operator sees %v", operator)
	}
	if out := c.run("conflicts").out; !strings.Contains(out, "rooms") || !strings.Contains(out, "(hidden)") {
		t.Errorf("as text: %s", out)
	}
}

func TestExplain_TellsWhyAndWhatLost(t *testing.T) {
	c := clashing(t)
	got := c.as(c.lead, "explain", c.door)
	if got.text("id") != c.door || got.text("kind") != "premises" || got.at("dead") != false || got.text("territories", 0) != gridA {
		t.Errorf("explain %v", got)
	}
	rooms := fieldNamed(t, got, "rooms")
	if rooms.text("rule") != "latest" || rooms.list("losing") != 1 || rooms.text("losing", 0, "author") == "" || rooms.text("open") != "conflict" {
		t.Errorf("rooms %v", rooms)
	}
	if address := fieldNamed(t, got, "address"); address.text("value") != "福慧路1号" || address.text("author") != "木林" || address.list("losing") != 0 {
		t.Errorf("address %v", address)
	}
	if territory := fieldNamed(t, got, "territory"); territory.text("value") != gridA {
		t.Errorf("territory %v", territory)
	}
	if got.list("history") != 3 || got.text("history", 0, "type") != "merged" || got.text("history", 2, "type") != "applied" {
		t.Errorf("history %v", got.at("history"))
	}
	if short := c.as(c.lead, "explain", c.door, "--history", "1"); short.list("history") != 1 || short.at("history_more_before") == nil {
		t.Errorf("a history of one: %v", short)
	}
	hidden := fieldNamed(t, c.json("explain", c.door), "address")
	if hidden.at("hidden") != true || hidden.at("value") != nil || hidden.text("author") != "木林" {
		t.Errorf("the operator sees %v", hidden)
	}
	text := run(t, "explain", c.door, "--server", c.addr, "--token-file", c.lead).out
	if !strings.Contains(lineOf(text, "address"), "福慧路1号") || !strings.Contains(text, "lost") {
		t.Errorf("as text:\n%s", text)
	}
	c.run("explain", "01890a5d-ac96-774b-bcce-b302099a8057").wantLine(t, failed, "no such record")
	c.run("explain").wantLine(t, usage, "accepts 1 arg")
}

// fieldNamed finds a field of an explanation.
func fieldNamed(t *testing.T, o object, name string) object {
	t.Helper()
	for i := range o.list("fields") {
		if f, _ := o.at("fields", i).(map[string]any); f["field"] == name {
			return f
		}
	}
	t.Fatalf("no field %s in %v", name, o)
	return nil
}

func TestLog_IsOneObjectALineDenseAndHidesValues(t *testing.T) {
	c := clashing(t)
	entries := func(args ...string) []object {
		r := run(t, append([]string{"log", "--json", "--server", c.addr}, args...)...)
		if r.code != done {
			t.Fatalf("log: %+v", r)
		}
		var out []object
		for line := range strings.Lines(r.out) {
			var o object
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			out = append(out, o)
		}
		return out
	}
	all := entries("--data", c.dir)
	for i, e := range all {
		if e.at("seq") != float64(i+1) {
			t.Fatalf("entry %d has seq %v", i+1, e.at("seq"))
		}
		if e.text("record_id") == c.door && e.at("cells", 0, "value") != nil {
			t.Errorf("the operator sees %v", e)
		}
	}
	last := len(all)
	tail := entries("--token-file", c.lead, "--after", jsonNumber(last-2), "--until", jsonNumber(last-1))
	if len(tail) != 1 || tail[0].at("seq") != float64(last-1) {
		t.Errorf("a part of the log: %v", tail)
	}
	var rooms []any
	for _, e := range entries("--token-file", c.lead) {
		if e.text("record_id") == c.door && e.text("cells", 0, "field") == "rooms" {
			rooms = append(rooms, e.at("cells", 0, "value"))
		}
	}
	if len(rooms) != 2 || rooms[0] != 2.0 || rooms[1] != 5.0 {
		t.Errorf("the lead reads rooms %v", rooms)
	}
	text := run(t, "log", "--server", c.addr, "--token-file", c.lead).out
	if strings.Count(text, "\n") != last || !strings.Contains(text, "rooms=5") {
		t.Errorf("as text:\n%s", text)
	}
}

func jsonNumber(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestQuarantine_SeveralAreDecidedAtOnceAndTheirAuthorReadsWhy(t *testing.T) {
	w := serving(t).withGrids()
	author := w.user("木林", "grid_worker", gridA)
	phone := w.phone(author)
	for _, address := range []string{"福慧路1号", "福慧路2号", "福慧路3号"} {
		phone.door(gridB, address)
	}
	phone.sync()
	lead := w.token(w.user("何主任", "street_lead", "530702001"))
	list := w.json("quarantine", "list", "--author", author)
	if list.list("items") != 3 || w.json("quarantine", "list", "--older-than", "72h").list("items") != 0 {
		t.Fatalf("quarantine %v", list)
	}
	first := list.text("items", 0, "id")
	if got := w.as(lead, "quarantine", "release", "--ids", first+",999999", "--reason", "同意"); got.list("decided") != 1 || got.list("refused") != 1 {
		t.Errorf("released %v", got)
	}
	if got := w.json("quarantine", "reject", "--author", author, "--reason", "不归本网格"); got.list("decided") != 0 || got.list("refused") != 2 {
		t.Errorf("the operator decided on %v", got)
	}
	if got := w.as(lead, "quarantine", "reject", "--author", author, "--reason", "不归本网格"); got.list("decided") != 2 || got.list("refused") != 0 {
		t.Errorf("rejected %v", got)
	}
	if left := w.json("quarantine", "list"); left.list("items") != 0 {
		t.Errorf("still waiting: %v", left)
	}
}

func TestQuarantine_IsShownReleasedAndRejected(t *testing.T) {
	w := serving(t).withGrids()
	phone := w.phone(w.user("木林", "grid_worker", gridA))
	first, second := phone.door(gridB, "福慧路1号").String(), phone.door(gridB, "福慧路2号").String()
	phone.sync()
	lead := w.token(w.user("何主任", "street_lead", "530702001"))
	list := w.json("quarantine", "list")
	if list.list("items") != 2 || list.text("items", 0, "kind") != "premises" || list.text("items", 0, "reason") != "out_of_scope" ||
		list.text("items", 0, "author") != "木林" || !isAge(list.at("items", 0, "age_s")) || list.text("items", 0, "record_id") != first {
		t.Fatalf("quarantine %v", list)
	}
	release, reject := list.text("items", 0, "id"), list.text("items", 1, "id")
	if shown := w.json("quarantine", "show", release); shown.at("cells", 0, "hidden") != true || shown.at("cells", 0, "value") != nil {
		t.Errorf("the operator sees %v", shown)
	}
	if shown := w.as(lead, "quarantine", "show", release); !strings.Contains(jsonText(t, shown), "福慧路1号") {
		t.Errorf("the lead sees %v", shown)
	}
	if text := run(t, "quarantine", "show", release, "--server", w.addr, "--token-file", lead).out; !strings.Contains(text, "福慧路1号") {
		t.Errorf("as text: %s", text)
	}
	w.run("quarantine", "reject", reject).wantLine(t, usage, "reason")
	w.run("quarantine", "release").wantLine(t, usage, "quarantine list")
	w.run("quarantine", "release", release, "--ids", reject).wantLine(t, usage, "not both")
	w.run("quarantine", "release", release).wantLine(t, failed, "who may read it decides")
	w.as(lead, "quarantine", "reject", reject, "--reason", "此楼不在本辖区")
	w.as(lead, "quarantine", "release", release, "--reason", "同意")
	if left := w.json("quarantine", "list"); left.list("items") != 0 {
		t.Errorf("still waiting: %v", left)
	}
	if got := w.as(lead, "explain", first); got.text("history", 0, "type") != "released" {
		t.Errorf("after the release: %v", got)
	}
	run(t, "explain", second, "--server", w.addr, "--token-file", lead).wantLine(t, failed, "no such record")
	run(t, "quarantine", "release", release, "--server", w.addr, "--token-file", lead).wantLine(t, failed, "list the quarantine again")
	w.run("quarantine", "show", "x").wantLine(t, usage, "quarantine list")
	if got := w.run("quarantine", "list").out; got != "nothing waits\n" {
		t.Errorf("as text: %q", got)
	}
}

// isAge reports seconds since a moment of this test.
func isAge(v any) bool {
	seconds, ok := v.(float64)
	return ok && seconds >= 0 && seconds < 3600
}

func jsonText(t *testing.T, o object) string {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestImport_DoorsAreAddedChangedAndProposedForVoid(t *testing.T) {
	w := serving(t).withGrids()
	const head = "external_ref,address,territory,rooms\n"
	var rows strings.Builder
	for i := range 40 {
		rows.WriteString("r" + jsonNumber(i) + ",福慧路" + jsonNumber(i) + "号," + gridA + ",2\n")
	}
	path := file(t, "doors.csv", head+rows.String())
	if got := w.json("import", "premises", path, "--dry-run"); got.at("added") != 40.0 {
		t.Errorf("dry run: %v", got)
	}
	if got := w.json("import", "premises", path); got.at("rows") != 40.0 || got.at("added") != 40.0 || got.list("problems") != 0 {
		t.Errorf("import: %v", got)
	}
	if got := w.json("import", "premises", path); got.at("unchanged") != 40.0 || got.at("added") != 0.0 {
		t.Errorf("the same again: %v", got)
	}
	lacking := file(t, "lacking.csv", head+strings.Replace(rows.String(), "r0,福慧路0号,"+gridA+",2\n", "", 1))
	if got := w.json("import", "premises", lacking, "--register"); got.list("proposed_void") != 1 {
		t.Errorf("a register that lacks a door: %v", got)
	}
	few := file(t, "few.csv", head+"r1,福慧路1号,"+gridA+",2\n")
	w.run("import", "premises", few, "--register").wantLine(t, failed, "without --register")
	// From standard input, as a script pipes it.
	piped := runWith(t, command.Stdio{In: strings.NewReader(head + "r1,福慧路1号," + gridA + ",3\n")}, w.with([]string{"import", "premises", "-", "--json"})...)
	if got := decode(t, piped.out); got.at("changed") != 1.0 {
		t.Errorf("piped: %v", got)
	}
}

func TestImport_ARealRegisterWithFewRowsIsRefused(t *testing.T) {
	w := serving(t)
	bad, sample := filepath.Join("..", "..", "testdata", "bad"), filepath.Join("..", "..", "testdata", "rentsafe")
	mapFile := file(t, "map.yaml", "columns:\n  external_ref: RSN\n  address: SITE_ADDRESS\ndefaults:\n  territory: \""+community+"\"\n  kind_of_premises: BUILDING\n")
	body, err := os.ReadFile(filepath.Join(sample, "registrations-2026-06-30.csv"))
	w.must(err)
	lines := strings.SplitAfter(string(body), "\n")
	// The sample has one door twice, which an import refuses.
	register := file(t, "register.csv", strings.Join(append(lines[:10:10], lines[11:]...), ""))
	if got := w.json("import", "premises", register, "--map", mapFile); got.at("added") != got.at("rows") || got.at("rows") == 0.0 {
		t.Fatalf("the register: %v", got)
	}
	before := w.run("log", "--json").out
	w.run("import", "premises", filepath.Join(bad, "registrations-few-rows.csv"), "--map", mapFile, "--register").wantLine(t, failed, "--register")
	w.run("import", "premises", filepath.Join(bad, "web-page.csv"), "--map", mapFile).wantLine(t, failed, "web page")
	w.run("import", "users", filepath.Join(bad, "web-page.csv")).wantLine(t, failed, "web page")
	w.run("import", "territory", filepath.Join(bad, "web-page.csv")).wantLine(t, failed, "web page")
	if after := w.run("log", "--json").out; after != before {
		t.Error("a refused file changed something")
	}
}

func TestImport_EveryBadRowIsNamedByItsLineAndNothingIsChanged(t *testing.T) {
	w := serving(t).withGrids()
	path := file(t, "doors.csv", "address,territory,rooms\n福慧路1号,"+gridA+",2\n,"+gridA+",2\n福慧路3号,99,2\n福慧路4号,"+gridA+",many\n")
	r := w.run("import", "premises", path)
	if r.code != failed || r.out != "" {
		t.Errorf("import: %+v", r)
	}
	for _, place := range []string{path + ":3: address: ", path + ":4: territory: ", path + ":5: rooms: "} {
		if !strings.Contains(r.err, place) {
			t.Errorf("no line %q in:\n%s", place, r.err)
		}
	}
	asJSON := w.run("import", "premises", path, "--json")
	if got := decode(t, asJSON.out); asJSON.code != failed || got.list("problems") != 3 || got.at("problems", 0, "line") != 3.0 || got.at("added") != 0.0 {
		t.Errorf("as JSON: %+v", asJSON)
	}
	if got := w.json("import", "premises", file(t, "good.csv", "address,territory\n福慧路1号,"+gridA+"\n")).at("added"); got != 1.0 {
		t.Errorf("the refused file left something behind: added %v", got)
	}
	w.run("import", "premises", path, "--map", file(t, "map.yaml", "colums: {}\n")).wantLine(t, failed, "map")
	w.run("import", "premises", "none.csv").wantLine(t, failed, "no such file")
	w.run("import", "premises").wantLine(t, usage, "accepts 1 arg")
}

func TestImport_UsersAndTerritories(t *testing.T) {
	w := serving(t).withGrids()
	path := file(t, "users.csv", "name,role,territory\n和丽,grid_worker,"+gridA+"\n木林,helper,"+gridB+"\n")
	got := w.json("import", "users", path)
	if got.list("users") != 2 || got.text("users", 0, "user_id") == "" || got.at("users", 1, "line") != 3.0 {
		t.Errorf("users %v", got)
	}
	if again := w.json("import", "users", path); again.list("users") != 0 || again.at("unchanged") != 2.0 {
		t.Errorf("the same again: %v", again)
	}
	more := file(t, "more.csv", "code,parent_code,level,name\n"+community+"003,"+community+",grid,文化三格\n"+gridA+","+community+",grid,文化一格\n530721,5307,county,玉龙\n")
	if got := w.json("import", "territory", more); got.at("added") != 1.0 || got.at("unchanged") != 1.0 || got.at("skipped") != 1.0 {
		t.Errorf("territories %v", got)
	}
	if phone := w.phone(w.user("杨阳", "helper", community+"003")); phone.places[community+"003"] == nil {
		t.Error("a phone was not sent the new grid")
	}
}

func TestServe_LogsNoRecordContent(t *testing.T) {
	c := clashing(t)
	c.run("quarantine", "show", "1", "--verbose")
	c.stop()
	token, err := os.ReadFile(c.lead)
	c.must(err)
	for _, secret := range []string{"福慧路", "木林", "和丽", strings.TrimSpace(string(token))} {
		if strings.Contains(c.log(), secret) {
			t.Errorf("the server's log holds %q", secret)
		}
	}
}
