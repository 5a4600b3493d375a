package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"onedoor/server"
)

// Stories of people, told through the real commands: the operator's `onedoor`, built and run as a program, and phones.

// operator runs the operator's command against a world's server.
type operator struct {
	w     *world
	token string
}

var built struct {
	sync.Once
	path string
	err  error
}

// onedoor builds the operator's command once for all stories.
func onedoor(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		var dir string
		if dir, built.err = os.MkdirTemp("", "onedoor-stories"); built.err != nil {
			return
		}
		built.path = filepath.Join(dir, "onedoor")
		var out []byte
		if out, built.err = exec.Command("go", "build", "-o", built.path, "onedoor/cmd/onedoor").CombinedOutput(); built.err != nil {
			t.Log(string(out))
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
	os.Exit(code)
}

// at gives the operator of a served realm.
func at(w *world) *operator { return &operator{w, filepath.Join(w.dir, server.TokenFile)} }

// as gives somebody who holds a token of their own.
func (o *operator) as(user string) *operator {
	o.w.t.Helper()
	file := filepath.Join(o.w.t.TempDir(), "token")
	o.run("token", "--user", user, "--out", file)
	return &operator{o.w, file}
}

// run runs a command line that must succeed, and gives the JSON object that it prints.
func (o *operator) run(args ...string) object {
	o.w.t.Helper()
	out, err := o.try(args...)
	if err != nil {
		o.w.t.Fatalf("onedoor %v: %v: %s", args, err, out)
	}
	m := object{}
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		o.w.t.Fatalf("onedoor %v printed %q: %v", args, out, err)
	}
	return m
}

func (o *operator) try(args ...string) (out string, err error) {
	o.w.t.Helper()
	c := exec.CommandContext(o.w.t.Context(), onedoor(o.w.t), append(args, "--server", o.w.addr, "--token-file", o.token, "--json")...)
	var printed, said bytes.Buffer
	c.Stdout, c.Stderr = &printed, &said
	if err = c.Run(); err != nil {
		return said.String(), err
	}
	return printed.String(), nil
}

// hire adds a user, without a territory where none is given, and gives the id.
func (o *operator) hire(name, role, territory string) string {
	o.w.t.Helper()
	args := []string{"user", "add", "--name", name, "--role", role}
	if territory != "" {
		args = append(args, "--territory", territory)
	}
	return o.run(args...).text("user_id")
}

// equip gives a user a phone.
func (o *operator) equip(user string) *phone {
	o.w.t.Helper()
	p := newPhone(o.w.t)
	if o.w.clock != nil {
		p.now = o.w.clock.now
	}
	p.json("enrol", "--server", o.w.addr, "--code", o.run("device", "code", "--user", user).text("code"))
	return p
}

// at walks down an object by names and numbers of list elements.
func (o object) at(path ...any) any {
	var v any = map[string]any(o)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func (p *phone) count(kind string) int {
	p.t.Helper()
	return len(p.json("list", kind).list("records"))
}

func TestStory_ADoorIsHandedOverWhileItsWorkerIsOffline(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	staff, old, next := o.hire("和主任", "community_staff", community), o.hire("木林", "grid_worker", ""), o.hire("杨新", "grid_worker", "")
	desk := o.equip(staff)
	door := desk.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	task := desk.add("task", `{"what":"复查燃气","premises_id":"`+door+`","for_user":"`+old+`"}`)
	desk.json("sync")
	o.run("assign", "set", "--doors", door, "--worker", old)
	first := o.equip(old)
	first.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	first.json("sync")

	// Without a signal the old worker goes on, and meanwhile the door is handed over.
	late := first.add("visit", `{"premises_ids":["`+door+`"],"outcome":"NOBODY","note":"敲门无人"}`)
	plan := o.run("assign", "move", "--doors", door, "--to-user", next, "--dry-run")
	if plan.text("state") != "planned" || plan.at("plan", "open_tasks") != 1.0 || plan.at("plan", "people", 1, "visits_this_month") != 1.0 {
		t.Errorf("the plan: %v", plan)
	}
	moved := o.run("assign", "move", "--doors", door, "--to-user", next)
	if moved.text("state") != "moved" || moved.at("passed_on") != 1.0 || moved.at("after", "already") != 1.0 {
		t.Errorf("the handover: %v", moved)
	}

	// The worker's own count has what no server has seen yet.
	if counts := first.json("counts"); counts["visits"] != 2.0 || counts["seen"] != 1.0 {
		t.Errorf("the old worker's count before the sync: %v", counts)
	}

	// The late visit is taken and credited; the old phone keeps nothing of the door.
	if got := first.json("sync"); got["quarantined"] != 0.0 || got["pushed"] != 1.0 {
		t.Errorf("the old worker's sync: %v", got)
	}
	for _, kind := range []string{"premises", "visit", "task"} {
		if n := first.count(kind); n != 0 {
			t.Errorf("the old phone still holds %d records of kind %s", n, kind)
		}
	}
	second := o.equip(next)
	if second.count("premises") != 1 || second.count("visit") != 2 || second.json("show", task).text("for_user") != next || second.json("show", late).text("registered_by") != old {
		t.Errorf("the new phone holds %d doors and %d visits", second.count("premises"), second.count("visit"))
	}
	// Both people's own counts are those of the report, though the old phone holds none of the visits any more.
	for _, who := range []struct {
		name   string
		phone  *phone
		visits float64
	}{{"old", first, 2}, {"new", second, 0}} {
		counts := who.phone.json("counts")
		if counts["visits"] != who.visits || counts["calls"] != who.visits || counts["seen"] != who.visits/2 || counts["doors"] != who.visits/2 {
			t.Errorf("the %s worker's own count: %v", who.name, counts)
		}
	}
	back := o.run("assign", "move", "--doors", door, "--to-user", old, "--dry-run")
	if back.at("plan", "people", 0, "visits_this_month") != 2.0 || back.at("plan", "people", 1, "visits_this_month") != 0.0 {
		t.Errorf("who made the visits: %v", back.at("plan", "people"))
	}
}

func TestStory_AMediatorIsRecusedAndTheCaseIsSealed(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	staff, mediator, worker := o.hire("和主任", "community_staff", community), o.hire("李调解", "mediator", "530702001"), o.hire("木林", "grid_worker", gridA)
	desk := o.equip(staff)
	made := desk.json("add", "dispute", `{"title":"赡养纠纷","territory":"`+gridA+`","category":"FAMILY","description":"老人由谁照看","mediator":"`+mediator+`"}`)
	if made.at("proposals", 0, "rule") != "dispute.propose_seal" {
		t.Errorf("a family's case is not proposed to be sealed: %v", made)
	}
	id := made.text("id")
	desk.add("case_event", `{"case_id":"`+id+`","what":"NOTED","text":"亲属约谈"}`)
	desk.json("sync")
	hers, his := o.equip(mediator), o.equip(worker)
	if hers.count("dispute") != 1 || hers.count("case_event") != 1 || his.count("dispute") != 1 {
		t.Fatalf("before: the mediator has %d, the grid worker %d", hers.count("dispute"), his.count("dispute"))
	}

	// She is recused: from the next sync on she holds nothing of it, though she is its mediator.
	desk.json("edit", id, `{"recused":["`+mediator+`"]}`)
	desk.json("sync")
	hers.json("sync")
	if hers.count("dispute") != 0 || hers.count("case_event") != 0 || len(hers.json("search", "老人由谁").list("records")) != 0 {
		t.Errorf("the recused mediator still holds %d cases and %d events", hers.count("dispute"), hers.count("case_event"))
	}
	console := o.as(mediator)
	if out, err := console.try("explain", id); err == nil || strings.Contains(out, "老人") {
		t.Errorf("the console shows the recused mediator %s", out)
	}

	// It is sealed for the one who works it: the grid worker loses it, who sealed it keeps it.
	desk.json("edit", id, `{"mediator":"`+staff+`","sealed":true}`)
	desk.json("sync")
	his.json("sync")
	if his.count("dispute") != 0 || his.count("case_event") != 0 || desk.count("dispute") != 1 || desk.count("case_event") != 1 {
		t.Errorf("after the seal: the grid worker has %d, the mediator named in it %d with %d events", his.count("dispute"), desk.count("dispute"), desk.count("case_event"))
	}
}

func TestStory_ADoorAcrossTheBoundaryIsLookedUp(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	officer, near, helper := o.hire("赵警官", "police_officer", gridA), o.hire("木林", "grid_worker", gridB), o.hire("张组长", "helper", gridB)
	his := o.equip(officer)
	door := his.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`","contact":{"name":"和老五"},"police_note":"门锁已换"}`)
	his.json("sync")
	p := o.equip(near)
	seen := p.json("lookup", "--address", "福慧路1号", "--reason", "煤气泄漏找房主")
	if seen.text("id") != door || seen.at("contact", "name") != "和老五" || seen.at("police_note") != nil || seen.text("until") == "" {
		t.Errorf("looked up: %v", seen)
	}
	if p.count("premises") != 0 || len(p.json("search", "福慧路").list("records")) != 0 {
		t.Error("what was looked up stays on the phone")
	}
	p.json("sync")
	his.json("sync")
	if his.count("task") != 1 {
		t.Errorf("the officer has %d tasks", his.count("task"))
	}
	p.run("lookup", "--door", door, "--reason", "看").wantLine(t, failed, "4 to 200 characters")
	p.run("lookup", "--address", "福慧路", "--reason", "煤气泄漏找房主").wantLine(t, failed, "the whole address")
	p.run("lookup", "--door", door, "--reason", "煤气泄漏找房主", "--lang", "zh")
	o.equip(helper).run("lookup", "--door", door, "--reason", "煤气泄漏找房主").wantLine(t, failed, "your role")
	his.run("lookup", "--door", door, "--reason", "煤气泄漏找房主").wantLine(t, failed, "your own area")
	if got := o.as(near).run("lookup", "--door", door, "--reason", "煤气泄漏找房主"); got.at("contact", "name") != "和老五" {
		t.Errorf("from the console: %v", got)
	}
	his.json("sync")
	if his.count("task") != 1 {
		t.Errorf("a second look within the minutes told the officer anew: %d tasks", his.count("task"))
	}
}
