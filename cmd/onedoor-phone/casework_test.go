package main_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// table writes a file of rules.
func table(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const clinicHeader = "version,effective_from,clinic,term,warn_minutes,follow_up_days,extension_days,extensions,pause_days,brings_in,district_sees,source\n"

// TestStory_AnImportedTableCountsAtTheServerAndOnEveryPhone: the district shortens the specialist clinic and names hours for the
// round. The next sync brings it to both phones, and server and phones show the same minute.
func TestStory_AnImportedTableCountsAtTheServerAndOnEveryPhone(t *testing.T) {
	w := serving(t)
	op := at(w)
	district := op.as(op.hire("区", "district", "530702"))
	desk := op.hire("受", "reception", "530702001")
	withKey(t, 7)
	first, second := op.equip(desk), op.equip(op.hire("分", "dispatcher", "530702001"))
	id := first.json("begin", "dispute", "accept", `{"title":"装修工钱","territory":"530702001001"}`).text("id")
	first.json("sync")
	second.json("sync")
	second.json("step", id, "triage", "--fields", `{"clinic":"SPECIALIST"}`)
	second.json("sync")
	first.json("sync")
	before := first.json("case", id).text("deadline")

	today := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	clinics := table(t, clinicHeader+"district-1,"+today+",SPECIALIST,10d,60,,5,1,5,mediator,figures,区政法委〔2026〕3号\n")
	if out, err := op.as(desk).try("rules", "import", "clinics", clinics); err == nil {
		t.Errorf("the desk imports: %s", out)
	}
	imported := district.run("rules", "import", "clinics", clinics)
	district.run("rules", "import", "shifts", table(t,
		"version,effective_from,morning,afternoon,evening,door_minutes,stair_minutes,source\nx,"+today+",,,18:30-21:00,6,10,通知\n"))
	if imported.text("imported") != "clinics" {
		t.Errorf("%v", imported)
	}
	first.json("sync")
	second.json("sync")
	server := op.as(desk).run("case", "show", id).text("deadline")
	for _, p := range []*phone{first, second} {
		if got := p.json("case", id).text("deadline"); got != server || got == before {
			t.Errorf("the phone says %s, the server %s, and before the import it was %s", got, server, before)
		}
		sheet, at := p.json("rules"), op.run("rules", "show")
		if sheet.text("version") != at.text("version") || sheet.at("shift", "evening") != "18:30-21:00" || sheet.at("clinics", 1, "term") != "10d" {
			t.Errorf("the phone works by %v, the server by %v", sheet, at.text("version"))
		}
	}
	listed := op.run("rules", "list")
	if listed.at("tables", 0, "name") != "区" || listed.at("tables", 1, "table") != "shifts" || listed.at("tables", 2) != nil {
		t.Errorf("%v", listed)
	}
	if out := op.run("rules", "list", "--text", "2"); out.text("text") == "" {
		t.Errorf("%v", out)
	}
	if said, err := op.try("rules", "import", "year", table(t, "date,day,name\n2027-01-01,sometimes,元旦\n")); err == nil {
		t.Errorf("a wrong table is taken: %s", said)
	}
	first.json("sync")
	if r := first.run("rules"); r.code != done {
		t.Errorf("%+v", r)
	}
}

// TestStory_AStepThatLostWhatItNeededIsFlagged: the mediator begins to work with both parties' consent, offline, while the desk
// notes that one of them has changed their mind. Both are kept; the case says what it lacks, at the server and on the phones, until
// it is made good.
func TestStory_AStepThatLostWhatItNeededIsFlagged(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	deskUser, mediatorUser := op.hire("受", "reception", "530702001"), op.hire("调", "mediator", "530702001")
	desk, dispatch, mediator := op.equip(deskUser), op.equip(op.hire("分", "dispatcher", "530702001")), op.equip(mediatorUser)
	id := desk.json("begin", "dispute", "accept",
		`{"title":"漏水","territory":"530702001001","parties":{"甲方":{"consent":"AGREED"},"乙方":{"consent":"AGREED"}}}`).text("id")
	desk.json("sync")
	dispatch.json("sync")
	dispatch.json("step", id, "triage", "--fields", `{"clinic":"SPECIALIST"}`)
	dispatch.json("step", id, "assign", "--fields", `{"mediator":"`+mediatorUser+`"}`)
	dispatch.json("sync")
	mediator.json("sync")
	desk.json("sync")

	if flags := mediator.json("step", id, "handle").list("flags"); len(flags) != 0 {
		t.Errorf("before anybody disagrees: %v", flags)
	}
	desk.json("edit", id, `{"parties":{"乙方":{"consent":"REFUSED"}}}`)
	desk.json("sync")
	if got := mediator.json("sync"); got.number("quarantined") != 0 || got.number("pushed") != 2 {
		t.Errorf("something was refused: %v", got)
	}
	desk.json("sync")
	const rule = "dispute.worked_without_consent"
	for name, p := range map[string]*phone{"mediator": mediator, "desk": desk} {
		if c := p.json("case", id); c.text("state") != "HANDLING" || c.at("flags", 0, "rule") != rule || c.at("flags", 0, "field") != "parties" {
			t.Errorf("%s: %v", name, c)
		}
	}
	atDesk := op.as(deskUser)
	if c := atDesk.run("case", "show", id); c.at("flags", 0, "rule") != rule || c.at("flags", 1) != nil || c.text("state") != "HANDLING" {
		t.Errorf("at the server: %v", c)
	}
	for name, c := range map[string]object{"server": atDesk.run("case", "show", id), "phone": desk.json("case", id)} {
		if c.at("brings_in", 0, "role") != "mediator" || c.at("brings_in", 0, "joined") != true || c.at("brings_in", 1, "role") != "department" ||
			c.at("brings_in", 1, "joined") != false || c.at("brings_in", 2) != nil {
			t.Errorf("whom the clinic brings in, by the %s: %v", name, c["brings_in"])
		}
	}
	if list := atDesk.run("case", "list", "--inbox", "flagged"); list.number("total") != 1 || list.at("cases", 0, "flags", 0, "rule") != rule {
		t.Errorf("the inbox: %v", list)
	}
	desk.json("edit", id, `{"parties":{"乙方":{"consent":"AGREED"}}}`)
	desk.json("sync")
	mediator.json("sync")
	if c := mediator.json("case", id); len(c.list("flags")) != 0 {
		t.Errorf("made good: %v", c)
	}
	if list := atDesk.run("case", "list", "--inbox", "flagged"); list.number("total") != 0 {
		t.Errorf("the inbox, made good: %v", list)
	}
}

// TestStory_AStepInARoleThatMayNotIsTakenAndFlagged: a grid worker's phone, which is not asked who may, sends a case to a clinic and
// notes a re-check that is the officer's to supervise; both arrive, the centre sees who took them, and the flag goes once somebody who
// may has taken the step, or who may has closed the work.
func TestStory_AStepInARoleThatMayNotIsTakenAndFlagged(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	worker := op.equip(op.hire("格", "grid_worker", gridA))
	helper := op.equip(op.hire("微", "helper", gridA))
	centre, officer := op.as(op.hire("分", "dispatcher", "530702001")), op.as(op.hire("警", "police_officer", "530702001001"))
	id := worker.json("begin", "dispute", "register", `{"title":"漏水","territory":"`+gridA+`"}`).text("id")
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	worker.json("sync")
	helper.json("sync")
	hazard := helper.json("begin", "hazard", "find", `{"premises_id":"`+door+`","code":"GAS"}`).text("id")
	helper.json("step", hazard, "rectify")
	helper.json("sync")
	if list := centre.run("case", "list", "--inbox", "flagged"); list.number("total") != 0 {
		t.Errorf("before anything: %v", list)
	}
	centre.run("case", "accept", id)
	worker.json("sync")

	worker.json("edit", id, `{"state":"TRIAGED","clinic":"GENERAL"}`)
	helper.json("edit", hazard, `{"state":"RECHECKED"}`)
	if got := worker.json("sync"); got.number("quarantined") != 0 {
		t.Errorf("something was refused: %v", got)
	}
	helper.json("sync")
	const ofCase, ofHazard = "dispute.step_role", "hazard.step_role"
	if c := centre.run("case", "show", id); c.text("state") != "TRIAGED" || c.at("flags", 0, "rule") != ofCase ||
		c.at("flags", 0, "zh") != "“分诊”由社区网格员办理，应由分流员、街道督办办理，请有权限的人重新办理。" {
		t.Errorf("the case: %v", c)
	}
	if z := officer.run("hazard", "show", hazard); z.text("state") != "RECHECKED" || z.at("flags", 0, "rule") != ofHazard {
		t.Errorf("the hazard: %v", z)
	}
	if list := centre.run("case", "list", "--inbox", "flagged"); list.number("total") != 1 || list.at("cases", 0, "flags", 0, "rule") != ofCase {
		t.Errorf("the dispatcher's inbox: %v", list)
	}
	if list := officer.run("hazard", "list", "--inbox", "flagged"); list.number("total") != 1 || list.at("cases", 0, "flags", 0, "rule") != ofHazard {
		t.Errorf("the officer's inbox: %v", list)
	}

	centre.run("case", "triage", id, "--clinic", "general")
	if c := centre.run("case", "show", id); len(c.list("flags")) != 0 {
		t.Errorf("triaged by who may: %v", c["flags"])
	}
	officer.run("hazard", "close", hazard)
	if z := officer.run("hazard", "show", hazard); len(z.list("flags")) != 0 {
		t.Errorf("closed by who may: %v", z["flags"])
	}
	for _, inbox := range []*operator{centre, officer} {
		if list := inbox.run("case", "list", "--inbox", "flagged"); list.number("total") != 0 {
			t.Errorf("made good, and listed: %v", list)
		}
	}
}

// TestStory_AHazardIsRuledHandedOverAcknowledgedAndClosedAtDesks: what a grid worker finds is ruled by the officer, handed over to a
// department, which finds it in its inbox beside the disputes routed to it, acknowledges it and closes it.
func TestStory_AHazardIsRuledHandedOverAcknowledgedAndClosedAtDesks(t *testing.T) {
	w := serving(t)
	op := at(w)
	withKey(t, 7)
	worker := op.equip(op.hire("格", "grid_worker", gridA))
	officer := op.as(op.hire("警", "police_officer", "530702001001"))
	builder := op.run("user", "add", "--name", "住", "--role", "department", "--department", "住建局").text("user_id")
	fireman := op.run("user", "add", "--name", "消", "--role", "department", "--department", "消防大队").text("user_id")
	builders, fire := op.as(builder), op.as(fireman)
	door := worker.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	id := worker.json("begin", "hazard", "find", `{"premises_id":"`+door+`","code":"STRUCT","severity_found":"SERIOUS"}`).text("id")
	worker.json("sync")

	if out, err := officer.try("hazard", "rule", id); err == nil {
		t.Errorf("ruled without a severity: %s", out)
	}
	ruled := officer.run("hazard", "rule", id, "--severity", "major")
	if ruled.text("severity_ruled") != "MAJOR" || ruled.at("timeline", 0, "what") != "severity_ruled" || ruled.text("state") != "FOUND" {
		t.Errorf("%v", ruled)
	}
	if out, err := officer.try("hazard", "hand-over", id); err == nil {
		t.Errorf("handed over to nobody: %s", out)
	}
	officer.run("hazard", "hand-over", id, "--to", "住建局", "--reason", "承重墙开洞")
	if list := fire.run("case", "list", "--inbox", "department"); list.number("total") != 0 {
		t.Errorf("another department's inbox: %v", list)
	}
	list := builders.run("case", "list", "--inbox", "department")
	if list.number("total") != 1 || list.at("cases", 0, "kind") != "hazard" || list.at("cases", 0, "state") != "HANDED_OVER" {
		t.Errorf("the department's inbox: %v", list)
	}
	if out, err := builders.try("hazard", "close", id); err == nil {
		t.Errorf("closed before it was acknowledged: %s", out)
	}
	// Who has to put it right finds the door, and reads no more of it; another department reads nothing.
	phone := op.equip(builder)
	for name, c := range map[string]object{
		"list": list.list("cases")[0], "desk": builders.run("hazard", "show", id), "phone": phone.json("show", id),
	} {
		if c.text("door_address") != "民主路3号" || c.text("door_territory") != gridA {
			t.Errorf("where the door is, on the %s: %v", name, c)
		}
	}
	if phone.count("premises") != 0 || op.equip(fireman).count("hazard") != 0 {
		t.Error("a department holds a door, or another one's hazard")
	}
	builders.run("hazard", "acknowledge", id)
	closed := builders.run("hazard", "close", id, "--reason", "已加固")
	if closed.text("state") != "CLOSED" || closed.at("timeline", 3, "what") != "closed" || closed["door_address"] != nil {
		t.Errorf("%v", closed)
	}
	worker.json("sync")
	if c := worker.json("case", id); c.text("state") != "CLOSED" || len(c.list("timeline")) != 4 || len(c.list("flags")) != 0 {
		t.Errorf("the phone shows %v", c)
	}

	// The same is wrong again at that door: both are linked, on the desk and on the phone, and nobody has to say so.
	again := worker.json("begin", "hazard", "find", `{"premises_id":"`+door+`","code":"STRUCT"}`).text("id")
	worker.json("sync")
	for name, c := range map[string]object{"desk": officer.run("hazard", "show", again), "phone": worker.json("case", again)} {
		if c.at("repeats", "id") != id || c.at("repeats", "put_right") == nil || c["repeated_by"] != nil {
			t.Errorf("what came back, on the %s: %v", name, c)
		}
	}
	for name, c := range map[string]object{"desk": officer.run("hazard", "show", id), "phone": worker.json("case", id)} {
		if c.at("repeated_by", 0, "id") != again || c["repeats"] != nil {
			t.Errorf("what it came back as, on the %s: %v", name, c)
		}
	}
	if c := builders.run("hazard", "show", id); c["repeated_by"] != nil {
		t.Errorf("a department is told of a hazard that it does not read: %v", c)
	}
	worker.json("step", again, "rectify")
	worker.json("sync")
	officer.run("hazard", "recheck", again)

	notified := officer.run("hazard", "notify", "--door", door, "--code", "gas", "--deadline", "2099-03-10T18:00:00+08:00")
	if notified.text("deadline") != "2099-03-10T18:00:00+08:00" || notified.at("tasks", 0, "why") != "rule recheck" {
		t.Errorf("%v", notified)
	}
	if list := officer.run("hazard", "list"); list.number("total") != 1 {
		t.Errorf("%v", list)
	}
	worker.json("sync")
	if got := worker.json("alarms").list("alarms"); len(got) != 1 || got[0]["made"] != true || got[0].text("task_id") != notified.at("tasks", 0, "id") {
		t.Errorf("the phone's alarms: %v", got)
	}
	if c := officer.run("hazard", "recheck", notified.text("id")); c.text("state") != "RECHECKED" {
		t.Errorf("%v", c)
	}
	if out, err := officer.try("case", "show", notified.text("id")); err != nil {
		t.Errorf("%s", out)
	}
}
