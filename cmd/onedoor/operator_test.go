package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"onedoor/server"
)

func TestInit_PrintsWhatItMadeAndRefusesASecondTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "realm")
	r := run(t, "init", "--data", dir, "--realm", "530702", "--json")
	got := decode(t, r.out)
	if r.code != done || got.at("realm") != 530702.0 || got.text("name") != "古城区" || got.at("skipped") == 0.0 || got.text("token_file") != filepath.Join(dir, "admin.token") {
		t.Errorf("init: %+v", r)
	}
	info, err := os.Stat(got.text("token_file"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, error %v", info, err)
	}
	run(t, "init", "--data", dir, "--realm", "530702").wantLine(t, failed, "choose another folder")
}

func TestInit_TakesATerritoryFile(t *testing.T) {
	const rows = "53,,province,云南省\n5307,53,prefecture,丽江市\n530702,5307,county,古城区\n530721,5307,county,玉龙\n"
	path := file(t, "t.csv", "code,parent_code,level,name\n"+rows)
	r := run(t, "init", "--data", t.TempDir(), "--realm=530702", "--territory", path, "--json")
	if got := decode(t, r.out); got.at("territories") != 3.0 || got.at("skipped") != 1.0 {
		t.Errorf("init: %+v", r)
	}
}

func TestInit_BadInputChangesNothing(t *testing.T) {
	blocked := file(t, "a-file", "")
	web := filepath.Join("..", "..", "testdata", "bad", "web-page.csv")
	cases := []struct {
		name string
		code int
		says string
		args []string
	}{
		{"a realm that is not in the file", failed, "give a territory file", []string{"--data", "DIR", "--realm", "999999"}},
		{"a street for a realm", usage, "six digits", []string{"--data", "DIR", "--realm", "530702001"}},
		{"a word for a realm", usage, "six digits", []string{"--data", "DIR", "--realm", "lijiang"}},
		{"no realm", usage, "realm", []string{"--data", "DIR"}},
		{"a web page for territories", failed, "web page", []string{"--data", "DIR", "--realm", "530702", "--territory", web}},
		{"no such file", failed, "no such file", []string{"--data", "DIR", "--realm", "530702", "--territory", "none.csv"}},
		{"a folder for a file", failed, "is a folder", []string{"--data", "DIR", "--realm", "530702", "--territory", "."}},
		{"a file where the folder should be", failed, "it is a file", []string{"--data", blocked, "--realm", "530702"}},
		{"an argument too many", usage, "unknown command", []string{"--data", "DIR", "--realm", "530702", "now"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "realm")
			args := []string{"init"}
			for _, a := range c.args {
				args = append(args, strings.Replace(a, "DIR", dir, 1))
			}
			run(t, args...).wantLine(t, c.code, c.says)
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("a folder stays: %v", err)
			}
		})
	}
}

func TestServe_StopsInOrderAndServesAgain(t *testing.T) {
	w := serving(t)
	if got := w.json("user", "list").list("users"); got != 0 {
		t.Errorf("%d users in a new realm", got)
	}
	user := w.user("和丽", "grid_worker", community)
	if code := w.stop(); code != done {
		t.Errorf("serve ended with %d", code)
	}
	w.run("user", "list").wantLine(t, failed, "start `onedoor serve`")
	w.serve()
	if got := w.json("user", "list").text("users", 0, "id"); got != user {
		t.Errorf("after a restart the user is %q, was %q", got, user)
	}
}

func TestServe_RefusesWithOneLine(t *testing.T) {
	w := serving(t)
	truncated := founded(t)
	path := filepath.Join(truncated, server.DatabaseFile)
	body, err := os.ReadFile(path)
	w.must(err)
	w.must(os.WriteFile(path, body[:len(body)/2], 0o600))
	keyless := founded(t)
	w.must(os.Remove(filepath.Join(keyless, server.SecretsFile)))
	cases := []struct {
		name, says string
		code       int
		args       []string
	}{
		{"nothing there", "onedoor init", failed, []string{"--data", filepath.Join(w.dir, "none")}},
		{"a file where the folder should be", "is a file", failed, []string{"--data", path}},
		{"a truncated database", "restore the newest backup", failed, []string{"--data", truncated, "--listen", "127.0.0.1:0"}},
		{"no secrets", "backup", failed, []string{"--data", keyless, "--listen", "127.0.0.1:0"}},
		{"a realm that is served already", "stop the other server", failed, []string{"--data", w.dir, "--listen", "127.0.0.1:0"}},
		{"plain text for everyone", "--tls-cert", failed, []string{"--data", w.dir, "--listen", "0.0.0.0:0"}},
		{"an address that is taken", "choose another address", failed, []string{"--data", founded(t), "--listen", w.addr}},
		{"a certificate without a key", "tls-key", usage, []string{"--data", w.dir, "--tls-cert", "c.pem"}},
		{"no folder named", "data", usage, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			run(t, append([]string{"serve"}, c.args...)...).wantLine(t, c.code, c.says)
		})
	}
}

func TestVerify_FindsNothingOnARunningAndAStoppedServer(t *testing.T) {
	w := serving(t)
	w.user("和丽", "grid_worker", community)
	for _, state := range []string{"running", "stopped"} {
		r := run(t, "verify", "--json", "--data", w.dir)
		got := decode(t, r.out)
		if r.code != done || got.at("ok") != true || got.at("seq") == 0.0 || got.at("epoch") != 1.0 || got.list("problems") != 0 {
			t.Errorf("%s: %+v", state, r)
		}
		w.stop()
	}
}

func TestVerify_DamageIsListedAndFails(t *testing.T) {
	dir := founded(t)
	path := filepath.Join(dir, server.DatabaseFile)
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body[:len(body)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "verify", "--data", dir, "--json")
	if got := decode(t, r.out); r.code != failed || got.at("ok") != false || got.list("problems") < 1 || !strings.Contains(r.err, "restore the newest backup") {
		t.Errorf("verify: %+v", r)
	}
	run(t, "verify", "--data", t.TempDir()).wantLine(t, failed, "onedoor init")
}

func TestUser_IsAddedListedClosedAndOpened(t *testing.T) {
	w := serving(t)
	id := w.user("和丽", "Grid-Worker", community)
	user := w.json("user", "list")
	want := map[string]string{"id": id, "name": "和丽", "role": "grid_worker", "territory": community, "state": "active"}
	for field, value := range want {
		if got := user.text("users", 0, field); got != value {
			t.Errorf("%s is %q, want %q", field, got, value)
		}
	}
	phone := w.phone(id)
	token := w.token(id)
	if got := w.json("user", "close", id).text("state"); got != "closed" {
		t.Errorf("closed: %q", got)
	}
	if got := w.json("device", "list").text("devices", 0, "state"); got != "revoked" {
		t.Errorf("the device of a closed user is %q", got)
	}
	run(t, "conflicts", "--server", w.addr, "--token-file", token).wantLine(t, failed, "ask the operator for a new token")
	w.run("device", "code", "--user", id).wantLine(t, failed, "closed")
	if got := w.json("user", "open", id).text("state"); got != "active" {
		t.Errorf("opened: %q", got)
	}
	_ = phone
}

func TestUser_BadInputIsRefused(t *testing.T) {
	w := serving(t)
	cases := []struct {
		name, says string
		code       int
		args       []string
	}{
		{"an unknown role", "give one of helper", usage, []string{"user", "add", "--name", "x", "--role", "boss"}},
		{"no name", "name", usage, []string{"user", "add", "--role", "helper"}},
		{"an empty name", "name", failed, []string{"user", "add", "--name", "", "--role", "helper", "--territory", community}},
		{"an unknown territory", "import the territory first", failed, []string{"user", "add", "--name", "x", "--role", "helper", "--territory", "530702099"}},
		{"a misspelt id", "UUID", usage, []string{"user", "close", "x"}},
		{"an unknown user", "list the users", failed, []string{"user", "close", "01890a5d-ac96-774b-bcce-b302099a8057"}},
		{"no subcommand", "name one of", usage, []string{"user"}},
		{"an unknown subcommand", "unknown command", usage, []string{"user", "remove"}},
		{"an unknown flag", "unknown flag", usage, []string{"user", "list", "--colour"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { w.run(c.args...).wantLine(t, c.code, c.says) })
	}
}

func TestTeam_GrantsItsTerritories(t *testing.T) {
	w := serving(t).withGrids()
	officer, worker, helper := w.user("和军", "police_officer", ""), w.user("木林", "grid_worker", ""), w.user("杨阳", "helper", "")
	id := w.json("team", "put", "--name", "文化一格", "--territories", gridA, "--officer", officer, "--worker", worker, "--helpers", helper).text("team_id")
	got := w.json("team", "list")
	if got.text("teams", 0, "id") != id || got.text("teams", 0, "officer") != officer || got.text("teams", 0, "worker") != worker ||
		got.text("teams", 0, "helpers", 0) != helper || got.text("teams", 0, "territories", 0) != gridA {
		t.Errorf("teams %v", got)
	}
	phone := w.phone(helper)
	phone.door(gridA, "福慧路1号")
	phone.sync()
	w.json("team", "put", "--id", id, "--name", "文化二格", "--territories", gridB, "--helpers", helper)
	if got := w.json("team", "list"); got.list("teams") != 1 || got.text("teams", 0, "name") != "文化二格" || got.at("teams", 0, "officer") != nil {
		t.Errorf("after the replacement: %v", got)
	}
	w.run("team", "put", "--name", "x", "--territories", gridA, "--officer", worker).wantLine(t, failed, "role")
	w.run("team", "put", "--name", "x").wantLine(t, usage, "territories")
}

func TestAssign_GivesDoorsToSomebody(t *testing.T) {
	w := serving(t).withGrids()
	phone := w.phone(w.user("木林", "grid_worker", gridA))
	door := phone.door(gridA, "福慧路1号").String()
	phone.sync()
	officer, helper := w.user("和军", "police_officer", gridA), w.user("杨阳", "helper", gridB)
	if got := w.json("assign", "set", "--doors", door, "--officer", officer); got.at("changed") != 1.0 || got.at("grant_version") != 1.0 {
		t.Errorf("officer: %v", got)
	}
	if got := w.json("assign", "set", "--doors", door, "--worker", helper); got.at("changed") != 1.0 || got.at("grant_version") != 2.0 {
		t.Errorf("helper outside the territory: %v", got)
	}
	w.run("assign", "set", "--doors", door).wantLine(t, usage, "officer")
	w.run("assign", "set", "--doors", door, "--officer", officer, "--worker", helper).wantLine(t, usage, "officer")
	w.run("assign", "set", "--doors", door, "--officer", helper).wantLine(t, failed, "role")
	w.run("assign", "set", "--doors", officer, "--officer", officer).wantLine(t, failed, "no such record")
}

func TestDevice_CodeEnrolsOnceAndTheDeviceIsListedAndRevoked(t *testing.T) {
	w := serving(t)
	user := w.user("和丽", "grid_worker", community)
	code := w.json("device", "code", "--user", user).text("code")
	phone, err := w.enrol(code)
	w.must(err)
	if _, err := w.enrol(code); err == nil || !strings.Contains(err.Error(), "has been used") {
		t.Errorf("a used code: %v", err)
	}
	if got := w.json("device", "list"); got.at("devices", 0, "last_contact") != nil {
		t.Errorf("before its first sync: %v", got)
	}
	phone.sync()
	got := w.json("device", "list")
	if got.text("devices", 0, "id") != phone.incarnation.String() || got.text("devices", 0, "user_id") != user || got.text("devices", 0, "user") != "和丽" ||
		got.text("devices", 0, "state") != "active" || got.at("devices", 0, "pending") != 0.0 || !strings.Contains(got.text("devices", 0, "last_contact"), "T") {
		t.Errorf("devices %v", got)
	}
	if got := w.json("device", "revoke", phone.incarnation.String()).text("state"); got != "revoked" {
		t.Errorf("revoked: %q", got)
	}
	phone.door(community, "福慧路1号")
	phone.exchange()
	if got := w.json("quarantine", "list").text("items", 0, "reason"); got != "revoked" {
		t.Errorf("what a revoked device sends is %q", got)
	}
}

func TestDevice_CodeIsDrawnForAPersonAndNotForAScript(t *testing.T) {
	w := serving(t)
	user := w.user("和丽", "grid_worker", community)
	args := w.with([]string{"device", "code", "--user", user, "--json"})
	for _, terminal := range []bool{true, false} {
		stdio := mainStdio(terminal)
		r := runWith(t, stdio, args...)
		decode(t, r.out)
		if drawn := strings.Contains(r.err, "█"); drawn != terminal {
			t.Errorf("terminal %v: drawn %v, %q", terminal, drawn, r.err)
		}
	}
}

func TestToken_IsAUsersOwnAndIsListedAndRevoked(t *testing.T) {
	w := serving(t)
	user := w.user("何主任", "street_lead", "530702001")
	path := filepath.Join(t.TempDir(), "lead.token")
	got := w.json("token", "--user", user, "--out", path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || got.text("file") != path {
		t.Errorf("token file %v, error %v, output %v", info, err, got)
	}
	w.run("token", "--user", user, "--out", path).wantLine(t, failed, "choose another name")
	mine := w.as(path, "token", "list")
	if mine.list("tokens") != 1 || mine.text("tokens", 0, "user_id") != user || mine.text("events", 0, "action") != "minted" {
		t.Errorf("the user sees %v", mine)
	}
	if all := w.json("token", "list"); all.list("tokens") != 2 {
		t.Errorf("the operator sees %v", all)
	}
	run(t, "user", "add", "--name", "x", "--role", "helper", "--server", w.addr, "--token-file", path).wantLine(t, failed, "whose role may")
	w.json("token", "revoke", got.text("token_id"))
	run(t, "token", "list", "--server", w.addr, "--token-file", path).wantLine(t, failed, "new token")
}

func TestRemote_TokenAndServerComeFromFlagsFolderOrEnvironment(t *testing.T) {
	w := serving(t)
	admin := filepath.Join(w.dir, server.TokenFile)
	forged := file(t, "forged", "onedoor_"+strings.Repeat("A", 43)+"\n")
	run(t, "user", "list").wantLine(t, usage, "no token")
	run(t, "user", "list", "--server", w.addr, "--token-file", forged).wantLine(t, failed, "server "+w.addr+": token is not known here")
	run(t, "user", "list", "--server", w.addr, "--token-file", file(t, "empty", "")).wantLine(t, failed, "holds no token")
	run(t, "user", "list", "--server", w.addr, "--token-file", "none").wantLine(t, failed, "no such file")
	run(t, "user", "list", "--server", "127.0.0.1:1", "--token-file", admin).wantLine(t, failed, "cannot reach a server at 127.0.0.1:1")
	t.Setenv("ONEDOOR_SERVER", w.addr)
	t.Setenv("ONEDOOR_TOKEN_FILE", admin)
	if r := run(t, "user", "list"); r.code != done {
		t.Errorf("from the environment: %+v", r)
	}
	t.Setenv("ONEDOOR_TOKEN_FILE", forged)
	if r := run(t, "user", "list", "--data", w.dir); r.code != done {
		t.Errorf("--data above the environment: %+v", r)
	}
	if r := run(t, "user", "list", "--token-file", admin, "--data", t.TempDir()); r.code != done {
		t.Errorf("--token-file above --data: %+v", r)
	}
}

func TestTables_AreAlignedWithChineseNamesAndSafeForATerminal(t *testing.T) {
	w := serving(t)
	for i, name := range []string{"和丽", "欧阳晓晓", "Tom", "a\x1b[31mb"} {
		w.user(name, "grid_worker", community)
		if lines := strings.Count(w.run("user", "list").out, "\n"); lines != i+2 {
			t.Errorf("%d lines for %d users", lines, i+1)
		}
	}
	out := w.run("user", "list").out
	if strings.Contains(out, "\x1b") {
		t.Errorf("a name steers the terminal: %q", out)
	}
	columns := map[int]bool{}
	for line := range strings.Lines(out) {
		before, _, _ := strings.Cut(line, community)
		if before != line {
			columns[uniseg.StringWidth(before)] = true
		}
	}
	if len(columns) != 1 {
		t.Errorf("the territories stand in columns %v:\n%s", columns, out)
	}
}

func TestHelp_EveryCommandTeachesWithAnExample(t *testing.T) {
	var walk func(path ...string)
	walk = func(path ...string) {
		r := run(t, append(path, "--help")...)
		if r.code != done || r.err != "" {
			t.Errorf("%v --help: %+v", path, r)
		}
		children := 0
		_, list, _ := strings.Cut(r.out, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for line := range strings.Lines(list) {
			if name := strings.Fields(line); len(name) > 0 && name[0] != "help" && name[0] != "completion" {
				walk(append(append([]string{}, path...), name[0])...)
				children++
			}
		}
		if children == 0 && !strings.Contains(r.out, "Examples:\n  onedoor "+strings.Join(path, " ")) {
			t.Errorf("onedoor %s has no example", fmt.Sprint(path))
		}
	}
	walk()
}

func TestUserAdd_SaysOnStandardErrorWhoSeesNothingYet(t *testing.T) {
	w := serving(t)
	for _, test := range []struct{ role, given, value, want string }{
		{"helper", "", "", "新来的 sees nothing yet: helper works in a territory and none was given: give doors with `onedoor assign set` or `onedoor team put`"},
		{"police_officer", "", "", "sees nothing yet: police_officer works in a territory"},
		{"department", "", "", "sees nothing yet: department reads what is routed to a department and none was given: add the user with --department"},
		{"helper", "--territory", community, ""},
		{"department", "--department", "住建局", ""},
		{"district", "", "", ""},
		{"lawyer", "", "", ""},
	} {
		args := []string{"user", "add", "--name", "新来的", "--role", test.role, "--json"}
		if test.given != "" {
			args = append(args, test.given, test.value)
		}
		r := w.run(args...)
		if r.code != done || decode(t, r.out).text("user_id") == "" || !strings.Contains(r.err, test.want) || (test.want == "") != (r.err == "") || strings.Count(r.err, "\n") > 1 {
			t.Errorf("%v: exit %d, printed %q, said %q, want %q", args, r.code, r.out, r.err, test.want)
		}
	}
}
