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
