package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Stories that take days, told through the real commands. Phones and server go by a clock that the story turns.

// turning gives a served realm with its clock, at ten in the morning.
func turning(t *testing.T) (*operator, *clock) {
	t.Helper()
	withKey(t, 7)
	today := time.Now().In(time.FixedZone("", 8*3600))
	c := &clock{at: time.Date(today.Year(), today.Month(), today.Day(), 10, 0, 0, 0, today.Location())}
	return at(servingBy(t, c)), c
}

// holdsText reports whether any file of a phone's folder holds a text in the open.
func (p *phone) holdsText(text string) (found bool) {
	p.t.Helper()
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func TestStory_ALeaseEndsInFlightModeAndNothingIsLost(t *testing.T) {
	o, day := turning(t)
	staff, worker := o.hire("和主任", "community_staff", community), o.hire("木林", "grid_worker", gridA)
	p := o.equip(worker)
	door := p.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`","headcount":2}`)
	p.json("sync")

	// Nine days in flight mode he works on; on the eleventh the phone shows and takes nothing, and says what to do.
	day.later(9)
	visit := p.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN","note":"租客已换"}`)
	day.later(2)
	for _, args := range [][]string{{"show", door}, {"list", "premises"}, {"search", "福慧"}, {"plan"}, {"add", "visit", `{"premises_ids":["` + door + `"]}`}, {"edit", door, `{"headcount":3}`}} {
		p.run(args...).wantLine(t, failed, "sync, and what you may still see comes back")
	}
	p.run("show", door, "--lang", "zh").wantLine(t, failed, "离线使用期已到")
	if s := p.json("status"); s["pending"] != 1.0 || s.text("barred") != "LEASE_ENDED" {
		t.Errorf("the phone says %v", s)
	}

	// A sync sends the work of those days, and everything is back.
	if got := p.json("sync"); got["pushed"] != 1.0 || got["quarantined"] != 0.0 {
		t.Errorf("the sync: %v", got)
	}
	if p.json("show", visit).text("note") != "租客已换" || p.json("show", door)["headcount"] != 2.0 || p.json("status").text("barred") != "" {
		t.Error("after the sync the phone does not show what it held")
	}

	// What comes more than a fortnight after the lease's end is kept aside until somebody who knows the door decides.
	p.json("edit", door, `{"headcount":4}`)
	day.later(25)
	if got := p.json("sync"); got["quarantined"] != 1.0 {
		t.Errorf("five weeks later the sync says %v", got)
	}
	desk := o.as(staff)
	waiting := desk.run("quarantine", "list").list("items")
	if len(waiting) != 1 || waiting[0].text("reason") != "lease_ended" || waiting[0].text("author") != "木林" {
		t.Fatalf("the desk sees %v", waiting)
	}
	desk.run("quarantine", "release", waiting[0].text("id"), "--reason", "属实")
	p.json("sync")
	if items := p.json("quarantine").list("items"); len(items) != 1 || items[0].text("state") != "released" || p.json("show", door)["headcount"] != 4.0 {
		t.Errorf("his phone says %v and shows %v", items, p.json("show", door)["headcount"])
	}
}

func TestStory_AMonthWithoutASyncDestroysWhatThePhoneHeldAndKeepsTheWork(t *testing.T) {
	o, day := turning(t)
	staff, worker := o.hire("和主任", "community_staff", community), o.hire("木林", "grid_worker", gridA)
	p := o.equip(worker)
	door := p.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	p.json("sync")
	visit := p.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN","note":"租客已换"}`)

	// In his drawer: locked after a fortnight, empty after a month. The visit is there, sealed, and the phone cannot read it.
	day.later(15)
	if s := p.json("status"); s.text("barred") == "" || s["sealed"] != 0.0 {
		t.Errorf("after a fortnight: %v", s)
	}
	day.later(16)
	p.run("show", visit).wantLine(t, failed, "has not synced for 30 days and what it held is destroyed")
	p.run("show", visit, "--lang", "zh").wantLine(t, failed, "已有30天未同步")
	if s := p.json("status"); s["pending"] != 1.0 || s["sealed"] != 1.0 || s["records"] != 0.0 || s.text("barred") != "DESTROYED" {
		t.Errorf("after a month: %v", s)
	}
	if p.holdsText("租客已换") || p.holdsText("福慧路") {
		t.Error("a text of the phone can be read in its files")
	}

	// He finds it: the sync hands the sealed visit in, too late to be taken without a look, and fetches the rest anew.
	if got := p.json("sync"); got["pushed"] != 1.0 || got["quarantined"] != 1.0 {
		t.Errorf("the sync: %v", got)
	}
	if p.json("show", door).text("address") != "福慧路1号" || p.json("status").text("barred") != "" {
		t.Error("the phone was not filled again")
	}
	desk := o.as(staff)
	waiting := desk.run("quarantine", "list").list("items")
	if len(waiting) != 1 {
		t.Fatalf("the desk sees %v", waiting)
	}
	desk.run("quarantine", "release", waiting[0].text("id"), "--reason", "属实")
	p.json("sync")
	if got := p.json("show", visit); got.text("note") != "租客已换" || got.text("registered_by") != worker {
		t.Errorf("the visit: %v", got)
	}
}

func TestStory_AStolenPhoneHandsInItsWorkAndWipesItself(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("HOME", config)
	t.Setenv("ONEDOOR_PHONE_KEY", "")
	o := at(serving(t))
	officer, worker, auditor := o.hire("赵警官", "police_officer", community), o.hire("木林", "grid_worker", gridA), o.hire("审计", "auditor", "530702")
	p := o.equip(worker)
	door := p.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`","contact":{"name":"和老五","phone":"13800138000"}}`)
	p.json("sync")
	his := o.equip(officer)
	visit := p.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN","note":"租客已换"}`)
	self := p.json("status")
	key, device := self.text("key_file"), self.text("device_id")
	if _, err := os.Stat(key); err != nil {
		t.Fatal(err)
	}

	// It is stolen. The order says what was on it, and the auditor derives whose data that was.
	said := o.run("device", "wipe", "--device", device, "--reason", "手机在集市被盗")
	if said.text("state") != "wiping" || said.at("loss", "records", "premises") != 1.0 || said.at("loss", "contacts") != 1.0 {
		t.Errorf("the order says %v", said)
	}
	incident := o.as(auditor).run("privacy", "incident", "add", "--what", "手机被盗", "--device", device, "--measures", "已下令清除")
	if affected := incident.list("affected"); len(affected) != 1 || affected[0].text("record_id") != door {
		t.Errorf("affected: %v", incident)
	}

	// The thief lets it find a network: it hands in what was unsent, gets nothing, and destroys itself with its key.
	p.run("sync").wantLine(t, failed, "ordered this phone to be wiped")
	left, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if strings.Contains(f.Name(), "db") || strings.Contains(f.Name(), "sqlite") {
			t.Errorf("%s is still in the phone's folder", f.Name())
		}
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("the phone's key is still there")
	}
	p.run("list", "premises").wantLine(t, failed, "ask the operator for a new join code")
	p.run("sync", "--lang", "zh").wantLine(t, failed, "管理员已下令清除本机")
	for _, d := range o.run("device", "list").list("devices") {
		if d.text("id") == device && d.text("state") != "wiped" {
			t.Errorf("the operator's list says %v", d)
		}
	}

	// What the officer sees: the door as before, the worker's last visit waiting with its words, and in the record once released.
	desk := o.as(officer)
	waiting := desk.run("quarantine", "list").list("items")
	if len(waiting) != 1 || waiting[0].text("reason") != "revoked" || waiting[0].text("author") != "木林" {
		t.Fatalf("the officer sees %v", waiting)
	}
	shown := desk.run("quarantine", "show", waiting[0].text("id"))
	if !strings.Contains(string(jsonOf(t, shown)), "租客已换") {
		t.Errorf("the officer reads %v", shown)
	}
	desk.run("quarantine", "release", waiting[0].text("id"), "--reason", "本人确认")
	his.json("sync")
	if got := his.json("show", visit); got.text("note") != "租客已换" || got.text("registered_by") != worker || his.count("premises") != 1 {
		t.Errorf("on the officer's phone: %v", got)
	}

	// With a new code and another folder the worker goes on where the server stands.
	again := o.equip(worker)
	if again.count("premises") != 1 || again.json("show", visit).text("note") != "租客已换" {
		t.Errorf("the new phone holds %d doors", again.count("premises"))
	}
}

func TestStory_AVolunteerLeavesAndTheirLastVisitIsNotLost(t *testing.T) {
	o, day := turning(t)
	staff, helper := o.hire("和主任", "community_staff", community), o.hire("志愿者", "helper", gridA)
	desk := o.equip(staff)
	near := desk.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`"}`)
	far := desk.add("premises", `{"address":"新华街2号","territory":"`+gridB+`"}`)
	desk.json("sync")

	// For three days the volunteer helps at a door of the next grid; then that ends by itself, in flight mode.
	until := day.now().AddDate(0, 0, 3).Format(time.DateOnly)
	if said := o.run("assign", "set", "--doors", far, "--worker", helper, "--until", until); said["until"] == nil {
		t.Errorf("lent: %v", said)
	}
	p := o.equip(helper)
	if p.count("premises") != 2 {
		t.Fatalf("the phone holds %d doors", p.count("premises"))
	}
	there := p.add("visit", `{"premises_ids":["`+far+`"],"outcome":"SEEN","note":"代班走访"}`)
	day.later(4)
	p.run("show", far).wantLine(t, failed, "the time for which this record was shared with you has ended")
	if p.count("premises") != 1 {
		t.Errorf("after the help the phone lists %d doors", p.count("premises"))
	}
	if got := p.json("sync"); got["quarantined"] != 0.0 || got["pushed"] != 1.0 {
		t.Errorf("the sync after the help: %v", got)
	}
	desk.json("sync")
	if desk.json("show", there).text("note") != "代班走访" {
		t.Error("the visit of the days of help is not there")
	}

	// Then the volunteer leaves for good, with a visit unsent. It waits for a decision; the phone gets nothing more.
	last := p.add("visit", `{"premises_ids":["`+near+`"],"outcome":"NOBODY","note":"最后一次走访"}`)
	o.run("user", "close", helper)
	p.run("sync", "--lang", "zh").wantLine(t, failed, "已被停用")
	waiting := o.as(staff).run("quarantine", "list").list("items")
	if len(waiting) != 1 || waiting[0].text("record_id") != last {
		t.Fatalf("the desk sees %v", waiting)
	}
	o.as(staff).run("quarantine", "release", waiting[0].text("id"), "--reason", "交接时确认")
	desk.json("sync")
	if got := desk.json("show", last); got.text("note") != "最后一次走访" || got.text("registered_by") != helper {
		t.Errorf("the last visit: %v", got)
	}
}

func TestStory_AResidentAsksWhatIsHeldAndToBeForgotten(t *testing.T) {
	withKey(t, 7)
	o := at(serving(t))
	staff, worker, helper := o.hire("和主任", "community_staff", community), o.hire("木林", "grid_worker", gridA), o.hire("张组长", "helper", gridA)
	p := o.equip(worker)
	door := p.add("premises", `{"address":"福慧路1号","territory":"`+gridA+`","contact":{"name":"和美玲","phone":"13987654321"}}`)
	p.json("sync")
	second := o.equip(staff)
	group := o.equip(helper)
	if second.json("show", door).at("contact", "name") != "和美玲" || group.json("show", door)["contact"] != nil {
		t.Fatal("the contact is not where it belongs")
	}

	// At the desk: what is held, why, and which phones have the record; the helper's has it without the contact.
	desk := o.as(staff)
	told := desk.run("privacy", "access", "--record", door, "--identity", "当面核对身份证件")
	if told.at("records", 0, "cells", 0, "field") != "contact" || len(told.list("records")[0].list("copies")) != 3 {
		t.Errorf("told: %v", told)
	}

	// The resident asks to be forgotten. An old edit of a phone that was offline does not bring the number back.
	p.json("edit", door, `{"contact":{"name":"和美玲","phone":"13987654320"},"headcount":2}`)
	erased := desk.run("privacy", "erase", "--record", door, "--identity", "当面核对身份证件", "--reason", "本人请求")
	if erased.text("decision") != "done" || erased.at("phones_pending") == nil {
		t.Errorf("erased: %v", erased)
	}
	for _, phone := range []*phone{p, second, group, p, second, group} {
		phone.json("sync")
	}
	for _, phone := range []*phone{p, second} {
		got := phone.json("show", door)
		if got["contact"] != nil || got.text("address") != "福慧路1号" {
			t.Errorf("a phone shows %v", got)
		}
		if found := phone.json("search", "和美玲").list("records"); len(found) != 0 {
			t.Errorf("a phone finds %v by the name", found)
		}
	}
	left := desk.run("privacy", "requests", "--number", numberText(erased["number"]))
	if left.at("items", 0, "phones_confirmed") != 3.0 || left.at("items", 0, "phones_pending") != nil {
		t.Errorf("after the phones have called: %v", left.at("items", 0))
	}
	if p.json("show", door)["headcount"] != 2.0 {
		t.Error("what does not name the resident is gone from the late edit")
	}
}
