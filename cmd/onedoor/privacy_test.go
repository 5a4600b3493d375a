package main_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The resident of the stories.
const (
	residentName   = "和美玲"
	residentNumber = "13987654321"
	checked        = "当面核对身份证件"
)

// street is a realm with a door at which a resident is known to two workers.
type street struct {
	*world
	ledger                string
	one, two              *phone
	door                  syncengine.ID
	staff, far, auditor   string
	firstUser, secondUser string
}

func newStreet(t *testing.T) *street {
	ledger := t.TempDir()
	s := &street{world: serving(t, "--ledger", ledger), ledger: ledger}
	s.withGrids()
	s.firstUser, s.secondUser = s.user("木林", "grid_worker", gridA), s.user("和丽", "grid_worker", gridA)
	s.one = s.phone(s.firstUser)
	s.door = s.one.door(gridA, "福慧路1号")
	s.one.edit(s.door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(residentName), Phone: proto.String(residentNumber)}})
	s.one.sync()
	s.two = s.phone(s.secondUser)
	s.staff = s.token(s.user("社区", "community_staff", gridA[:12]))
	s.far = s.token(s.user("远", "grid_worker", gridB))
	s.auditor = s.token(s.user("审计", "auditor", "530702"))
	return s
}

// asking runs a command of the desk with something on standard input.
func (s *street) asking(in, token string, args ...string) ran {
	s.t.Helper()
	return runWith(s.t, command.Stdio{In: strings.NewReader(in)}, append(append([]string{"privacy"}, args...), "--json", "--server", s.addr, "--token-file", token)...)
}

func (s *street) asked(in, token string, args ...string) object {
	s.t.Helper()
	r := s.asking(in, token, args...)
	if r.code != done {
		s.t.Fatalf("privacy %v: exit %d, %s", args, r.code, r.err)
	}
	return decode(s.t, r.out)
}

// holds lists the files below a folder in which a text stands.
func holds(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if bytes.Contains(body, []byte(text)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPrivacy_AResidentAsksWhatIsHeldAndToBeForgotten(t *testing.T) {
	s := newStreet(t)

	// The resident comes to the desk and says a number. It is read from standard input.
	told := s.asked(residentNumber+"\n", s.staff, "access", "--phone", "-", "--identity", checked)
	if told.text("records", 0, "record_id") != s.door.String() || told.text("records", 0, "cells", 0, "field") != "contact" ||
		!strings.Contains(told.text("records", 0, "cells", 0, "why"), "contact") {
		t.Errorf("what is held: %v", told)
	}
	if told.list("records", 0, "copies") != 2 || told.text("records", 0, "copies", 0, "seen") == "" {
		t.Errorf("which phones hold it: %v", told.at("records", 0, "copies"))
	}
	if told.text("records", 0, "looks", 0, "user") != "和丽" || told.text("records", 0, "looks", 0, "purpose") != "sync" {
		t.Errorf("who looked: %v", told.at("records", 0, "looks"))
	}
	if told.text("request", "decision") != "done" || told.text("request", "deadline") == "" {
		t.Errorf("the request: %v", told.at("request"))
	}

	// The number was wrong by a digit: it is corrected, and the record's history says by whom.
	s.asked(`{"contact":{"name":"`+residentName+`","phone":"13987654320"}}`, s.staff,
		"correct", "--kind", "premises", "--record", s.door.String(), "--identity", checked, "--reason", "号码记错一位")
	if again := s.asked("139 8765 4320", s.staff, "access", "--phone", "-", "--identity", checked); again.text("records", 0, "record_id") != s.door.String() {
		t.Errorf("by the corrected number: %v", again)
	}

	// Then the resident asks to be forgotten. A backup was made this morning.
	backups := t.TempDir()
	monday := filepath.Join(backups, "monday.backup")
	if r := run(t, "backup", "--data", s.dir, "--out", monday); r.code != done {
		t.Fatal(r.err)
	}
	open := s.asked("", s.staff, "open", "--kind", "erase", "--record", s.door.String(), "--identity", checked)
	erased := s.asked("", s.staff, "erase", "--request", number(open.at("number")), "--reason", "本人请求")
	if erased.text("decision") != "done" || erased.list("phones_pending") != 2 || erased.list("erased_seqs") != 1 || erased.text("backups_until") == "" {
		t.Errorf("erased: %v", erased)
	}
	for _, text := range []string{residentName, residentNumber, "13987654320"} {
		if files := append(holds(t, s.dir, text), holds(t, s.ledger, text)...); len(files) > 0 || tells(t, s.dir, s.dir, text) {
			t.Errorf("%s still stands in %v, or can be opened", text, files)
		}
	}

	// The phones apply it when they call, and say so.
	s.one.sync()
	s.one.sync()
	s.two.sync()
	s.two.sync()
	left := s.asked("", s.staff, "requests", "--number", number(open.at("number")))
	if left.at("items", 0, "phones_confirmed") != 2.0 || left.at("items", 0, "phones_pending") != nil {
		t.Errorf("after the phones have called: %v", left)
	}

	// A phone that was offline with an old edit does not bring it back, and neither does the backup.
	if code := s.stop(); code != done {
		t.Fatalf("the server stopped with %d", code)
	}
	if len(holds(t, backups, residentName)) != 0 || !tells(t, unpacked(t, monday), s.dir, residentName) {
		t.Fatal("the backup holds the name in the open, or not at all")
	}
	if r := run(t, "restore", "--from", monday, "--data", s.dir, "--replace", "530702", "--ledger", s.ledger); r.code != done {
		t.Fatal(r.err)
	}
	s.serve("--ledger", s.ledger)
	s.stop()
	for _, text := range []string{residentName, "13987654320"} {
		if files := holds(t, s.dir, text); len(withoutReplaced(files)) > 0 || tells(t, s.dir, s.dir, text) {
			t.Errorf("after the restore %s stands in %v again, or can be opened", text, files)
		}
	}
	if r := run(t, "verify", "--data", s.dir, "--json"); r.code != done {
		t.Errorf("verify after the restore: %s%s", r.out, r.err)
	}
}

// tells reports that the realm in a folder holds a text for whoever has the contact
// key of the realm in keyOf: sealed bytes show nobody that it is gone.
func tells(t *testing.T, dir, keyOf, text string) (found bool) {
	t.Helper()
	st, err := server.OpenReader(t.Context(), server.Config{Dir: dir, ContactKey: keyOf + server.ContactKeySuffix})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = st.View(t.Context(), func(r store.Reader) error {
		err := r.Entries(0, func(e store.Entry) bool {
			found = found || bytes.Contains(e.Body, []byte(text))
			return !found
		})
		return errors.Join(err, r.Records(func(rec store.Record) bool {
			found = found || bytes.Contains(rec.Body, []byte(text))
			return !found
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unpacked gives a folder in which a backup lies as a realm's database does.
func unpacked(t *testing.T, backup string) string {
	t.Helper()
	dir := t.TempDir()
	body, err := os.ReadFile(backup)
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, server.DatabaseFile), body, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// withoutReplaced leaves out the realm that a restore moved aside.
func withoutReplaced(files []string) (out []string) {
	for _, f := range files {
		if !strings.Contains(f, "replaced-") {
			out = append(out, f)
		}
	}
	return out
}

// number writes a JSON number as a flag's value.
func number(v any) string {
	f, _ := v.(float64)
	return strconv.FormatInt(int64(f), 10)
}

func TestPrivacy_AsksForTheRightOfWhoAnswers(t *testing.T) {
	s := newStreet(t)
	operator := filepath.Join(s.dir, "admin.token")
	door := s.door.String()
	for name, c := range map[string]struct {
		token, says string
		args        []string
	}{
		"the operator":    {operator, "role", []string{"access", "--record", door, "--identity", checked}},
		"the auditor":     {s.auditor, "role", []string{"erase", "--record", door, "--identity", checked, "--reason", "审计"}},
		"another grid's":  {s.far, "territory", []string{"access", "--record", door, "--identity", checked}},
		"without a check": {s.staff, "--identity", []string{"access", "--record", door}},
		"a card's number": {s.staff, "identity", []string{"access", "--record", door, "--identity", "身份证11010519491231002X"}},
		"a number typed":  {s.staff, "standard input", []string{"access", "--phone", residentNumber, "--identity", checked}},
	} {
		if r := s.asking("", c.token, c.args...); r.code == done || !strings.Contains(r.err, c.says) {
			t.Errorf("%s: exit %d, %q, wanted it refused with %q", name, r.code, r.err, c.says)
		}
	}
	if r := s.asking(residentNumber, s.far, "access", "--phone", "-", "--identity", checked); r.code == done || strings.Contains(r.err, door) {
		t.Errorf("by number from another grid: %+v", r)
	}
	open := s.asked("", s.staff, "open", "--kind", "erase", "--record", door, "--identity", checked)
	seen := s.asked("", s.auditor, "requests", "--open")
	if seen.list("items") != 1 || seen.at("items", 0, "identity_check") != nil {
		t.Errorf("the auditor sees %v", seen)
	}
	refused := s.asked("", s.staff, "refuse", number(open.at("number")), "--reason", "案件尚在审理，依法保留")
	if refused.text("decision") != "refused" {
		t.Errorf("refused: %v", refused)
	}
	if r := s.asking("", s.staff, "refuse", number(open.at("number")), "--reason", "再次"); r.code == done {
		t.Error("a request is decided twice")
	}
}

func TestPrivacy_RegistersAndHolds(t *testing.T) {
	s := newStreet(t)
	door := s.door.String()
	s.asked("", s.staff, "share", "add", "--what", "门户联系方式", "--with", "街道司法所", "--purpose", "纠纷回访，单独同意", "--record", door)
	told := s.asked("", s.staff, "access", "--record", door, "--identity", checked)
	if told.text("records", 0, "shared", 0, "recipient") != "街道司法所" {
		t.Errorf("with whom it was shared: %v", told.at("records", 0, "shared"))
	}
	assessed := s.asked("", s.auditor, "assess", "add", "--what", "门户联系方式登记", "--finding", "必要且最小，风险低")
	if assessed.text("keep_until") == "" || s.asked("", s.auditor, "assess", "list").list("items") != 1 {
		t.Errorf("assessed: %v", assessed)
	}
	incident := s.asked("", s.auditor, "incident", "add", "--what", "手机遗失", "--user", s.secondUser)
	if incident.text("affected", 0, "record_id") != door || incident.text("records", 0) != door {
		t.Errorf("whom the incident concerns: %v", incident)
	}
	hold := func(args ...string) ran {
		return run(t, append(append([]string{"retention"}, args...), "--json", "--server", s.addr, "--token-file", s.staff)...)
	}
	if r := hold("hold", door, "--reason", "法院调取"); r.code != done {
		t.Fatal(r.err)
	}
	if r := s.asking("", s.staff, "erase", "--record", door, "--identity", checked, "--reason", "本人请求"); r.code == done || !strings.Contains(r.err, "legal hold") {
		t.Errorf("what a court needs is erased: %+v", r)
	}
	if held := decode(t, hold("show").out); held.text("holds", 0, "record_id") != door || held.at("visit_note_days") != 730.0 {
		t.Errorf("periods and holds: %v", held)
	}
	if r := hold("unhold", door); r.code != done {
		t.Fatal(r.err)
	}
	s.asked("", s.staff, "erase", "--record", door, "--kind", "premises", "--field", "contact", "--identity", checked, "--reason", "本人请求")
	dry := s.json("retention", "run", "--dry-run")
	if dry.at("dry_run") != true || dry.at("records") != 0.0 {
		t.Errorf("a dry run: %v", dry)
	}
	if set := s.json("retention", "set", "--visit-note-days", "365"); set.at("version") != 1.0 || set.at("visit_note_days") != 365.0 || set.at("contact_days") != 365.0 {
		t.Errorf("set: %v", set)
	}
	// Another period leaves the first as it stands: what falls back to a shorter one unasked would destroy too early.
	if set := s.json("retention", "set", "--backup-days", "60"); set.at("version") != 2.0 || set.at("visit_note_days") != 365.0 || set.at("backup_days") != 60.0 {
		t.Errorf("set again: %v", set)
	}
	if set := s.json("retention", "set", "--visit-note-days", "0"); set.at("visit_note_days") != 730.0 || set.at("backup_days") != 60.0 {
		t.Errorf("set back: %v", set)
	}
	if out := s.json("retention", "run"); out.at("records") != 0.0 {
		t.Errorf("a run: %v", out)
	}
}
