package main_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// unknown is an id that no record has.
const unknown = "01890a5d-ac96-774b-bcce-b302099a8057"

func TestPhone_LeastInputMakesEachRecordAndSyncs(t *testing.T) {
	w := serving(t)
	ann, bob := w.enrolled("安", gridA), w.enrolled("白", gridA)
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"]}`)
	ann.add("visit", `{"territory":"`+gridA+`"}`)
	ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS"}`)
	ann.add("dispute", `{"title":"漏水","territory":"`+gridA+`"}`)
	if o := ann.json("show", visit); o.text("id") != visit || o.text("sync_state") != "pending" || o.number("seq") != 0 || !strings.HasSuffix(o.text("occurred_at"), "+08:00") || o["outcome"] != nil {
		t.Errorf("shown %v", o)
	}
	sync := ann.json("sync")
	sync.wants(t, "pushed", "applied", "merged", "quarantined", "pulled", "round_trips", "bytes_up", "bytes_down", "caught_up")
	if sync.number("pushed") != 5 || sync.number("applied") != 5 || sync["caught_up"] != true || sync.number("bytes_up") < 1 {
		t.Errorf("sync %v", sync)
	}
	bob.json("sync")
	if o := bob.json("show", visit); o.text("sync_state") != "synced" || o.number("seq") < 1 || !slices.Equal(o["premises_ids"].([]any), []any{door}) {
		t.Errorf("on the other phone %v", o)
	}
	status := bob.json("status")
	status.wants(t, "pending", "quarantined", "conflicts", "epoch", "seq", "digest", "key_file", "last_sync")
	if len(status.text("digest")) != 64 || status.number("pending") != 0 || status.number("epoch") != 1 || status["key_file"] != nil {
		t.Errorf("status %v", status)
	}
	ann.json("sync")
	if a := ann.json("status"); a.text("digest") != status.text("digest") {
		t.Errorf("digests of ann %v and bob %v", a, status)
	}
}

func TestPhone_WorksWithoutTheServer(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", community)
	w.stop()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	other := ann.add("premises", `{"address":"福慧路8号","territory":"`+gridB+`"}`)
	if r := ann.runWith(`{"rooms":2}`, "edit", door, "-"); r.code != done {
		t.Errorf("an edit from standard input: %+v", r)
	}
	if o := ann.json("show", door); o.number("rooms") != 2 || o.text("address") != "民主路3号" {
		t.Errorf("edited %v", o)
	}
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS","found_at":"2020-01-01T00:00:00+08:00","deadline":"2020-01-02T00:00:00+08:00","note":"电线老化"}`)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"list", "premises"}, []string{other, door}},
		{[]string{"list", "premises", "--grid", gridA}, []string{door}},
		{[]string{"list", "premises", "--grid", community}, []string{other, door}},
		{[]string{"list", "hazard", "--mine"}, []string{hazard}},
		{[]string{"list", "hazard", "--due"}, []string{hazard}},
		{[]string{"list", "hazard", "--state", "found"}, []string{hazard}},
		{[]string{"list", "hazard", "--state", "CLOSED"}, nil},
		{[]string{"list", "dispute"}, nil},
		{[]string{"search", "福慧"}, []string{other}},
		{[]string{"search", "老化"}, []string{hazard}},
		{[]string{"search", "没有"}, nil},
	} {
		got := ann.ids(c.args...)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, wanted %v", c.args, got, c.want)
		}
	}
	ann.run("sync").wantLine(t, failed, "cannot be reached")
	ann.run("sync", "--json").wantLine(t, failed, "your work stays on the phone")
	if s := ann.json("status"); s.number("pending") != 4 {
		t.Errorf("status %v", s)
	}
	ann.json("delete", other)
	if got := ann.ids("list", "premises"); !slices.Equal(got, []string{door}) {
		t.Errorf("after a deletion %v", got)
	}
}

// contested has two phones write the note of one visit without knowing of each other.
func contested(t *testing.T) (ann, bob *phone, visit string, conflict object) {
	t.Helper()
	w := serving(t)
	ann, bob = w.enrolled("安", gridA), w.enrolled("白", gridA)
	visit = ann.add("visit", `{"territory":"`+gridA+`","note":"第一稿"}`)
	ann.json("sync")
	bob.json("sync")
	ann.json("edit", visit, `{"note":"安写的"}`)
	bob.json("edit", visit, `{"note":"白写的"}`)
	ann.json("sync")
	bob.json("sync")
	ann.json("sync")
	open := ann.json("conflicts").list("conflicts")
	if len(open) != 1 || len(open[0].list("others")) != 1 {
		t.Fatalf("open %v", open)
	}
	return ann, bob, visit, open[0]
}

func TestConflicts_AreListedExplainedAndRestored(t *testing.T) {
	ann, bob, visit, c := contested(t)
	other := c.list("others")[0]
	// The two edits are milliseconds apart: which one stands is decided by the phones' clocks, as the server corrected them.
	won, lost, winner, loser := "白写的", "安写的", "白", "安"
	if c.text("shown") == lost {
		won, lost, winner, loser = lost, won, loser, winner
	}
	if c.text("kind") != "conflict" || c.text("record_id") != visit || c.text("field") != "note" || c.text("shown") != won ||
		other.text("value") != lost || other.text("author") != loser || !strings.HasSuffix(other.text("time"), "+08:00") {
		t.Errorf("conflict %v", c)
	}
	if out := ann.run("conflicts").out; !strings.Contains(out, lost) || !strings.Contains(out, c.text("id")) {
		t.Errorf("as text: %s", out)
	}
	fields := ann.json("why", visit).list("fields")
	i := slices.IndexFunc(fields, func(f object) bool { return f.text("field") == "note" })
	if i < 0 {
		t.Fatalf("why %v", fields)
	}
	fields[i].wants(t, "value", "author", "time", "seq", "rule", "losing")
	if f := fields[i]; f.text("value") != won || f.text("author") != winner || f.text("rule") != "latest" || f.number("seq") < 1 ||
		len(f.list("losing")) != 1 || f.list("losing")[0].text("value") != lost {
		t.Errorf("why %v", f)
	}
	ann.run("restore", c.text("id"), "--value", "2").wantLine(t, failed, "count the others from 1")
	if id := c.text("id"); len(id) != 36 {
		t.Errorf("conflict %q is named by no UUID, as the server's command names it", id)
	}
	if o := ann.json("restore", c.text("id"), "--value", "1"); o.text("id") != c.text("id") {
		t.Errorf("restore %v", o)
	}
	ann.json("sync")
	bob.json("sync")
	for _, p := range []*phone{ann, bob} {
		if o := p.json("show", visit); o.text("note") != lost {
			t.Errorf("restored %v", o)
		}
		if open := p.json("conflicts").list("conflicts"); open == nil || len(open) != 0 {
			t.Errorf("still open %v", open)
		}
	}
	ann.run("restore", c.text("id"), "--value", "1").wantLine(t, failed, "settled already")
}

func TestAcknowledge_ConfirmsWhatIsShown(t *testing.T) {
	ann, bob, visit, c := contested(t)
	shown := ann.json("show", visit).text("note")
	ann.json("acknowledge", c.text("id"))
	ann.json("sync")
	bob.json("sync")
	if o := bob.json("show", visit); o.text("note") != shown || len(bob.json("conflicts").list("conflicts")) != 0 {
		t.Errorf("acknowledged %v", o)
	}
}

func TestQuarantine_ListsWhatWaits(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	if items := ann.json("quarantine").list("items"); items == nil || len(items) != 0 {
		t.Errorf("at first %v", items)
	}
	ann.add("premises", `{"address":"区里","territory":"530702"}`)
	if o := ann.json("sync"); o.number("quarantined") != 1 {
		t.Errorf("sync %v", o)
	}
	items := ann.json("quarantine").list("items")
	if len(items) != 1 || items[0].text("reason") != "OUT_OF_SCOPE" || items[0].text("state") != "waiting" || items[0].text("kind") != "premises" {
		t.Errorf("quarantine %v", items)
	}
	if r := ann.run("quarantine", "--lang", "zh"); r.code != done || !strings.Contains(r.out, "不在您负责的范围内") {
		t.Errorf("in Chinese: %+v", r)
	}
}

func TestRun_TellsUseFromFailure(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{}, usage, "name a command"},
		{[]string{"fly"}, usage, "unknown command"},
		{[]string{"sync", "now"}, usage, "unknown command"},
		{[]string{"sync", "--fast"}, usage, "unknown flag"},
		{[]string{"sync", "--plaintext", "--tls-ca", os.DevNull}, usage, "exclude"},
		{[]string{"add", "visit"}, usage, "arg"},
		{[]string{"add", "house", "{}"}, usage, "premises"},
		{[]string{"add", "staff", "{}"}, usage, "premises"},
		{[]string{"list", "house"}, usage, "premises"},
		{[]string{"restore", "x"}, usage, "value"},
		{[]string{"restore", "x", "--value", "one"}, usage, "value"},
		{[]string{"enrol", "--code", "x"}, usage, "server"},
		{[]string{"status", "--lang", "fr"}, usage, "zh or en"},
		{[]string{"add", "visit", "{"}, failed, "add: visit"},
		{[]string{"add", "visit", `{"note":"x"}`}, failed, "give one of"},
		{[]string{"add", "visit", `{"territory":"99"}`}, failed, "territory"},
		{[]string{"show", unknown}, failed, unknown + ": no such record"},
		{[]string{"show", "door"}, failed, "no id"},
		{[]string{"why", unknown}, failed, "no such record"},
		{[]string{"edit", unknown, `{"note":"x"}`}, failed, "no such record"},
		{[]string{"delete", unknown}, failed, "no such record"},
		{[]string{"restore", "00", "--value", "1"}, failed, "nothing is open"},
		{[]string{"acknowledge", "00"}, failed, "nothing is open"},
		{[]string{"search", "a"}, failed, "three other"},
		{[]string{"list", "visit", "--due"}, failed, "due"},
		{[]string{"list", "hazard", "--state", "gone"}, failed, "FOUND"},
		{[]string{"enrol", "--server", w.addr, "--code", "x"}, failed, "enrolled already"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) { ann.run(c.args...).wantLine(t, c.code, c.says) })
	}
	(&phone{t: t, now: time.Now}).run("status").wantLine(t, usage, "--dir")
	t.Setenv("LANG", "zh_CN.UTF-8")
	ann.run("show", unknown).wantLine(t, failed, "没有这条记录")
	ann.run("show", unknown, "--lang", "en").wantLine(t, failed, "no such record")
}

func TestEnrol_ACodeWorksOnceAndAFolderIsOnePhone(t *testing.T) {
	w := serving(t)
	withKey(t, 7)
	code := w.code("安", gridA)
	p := newPhone(t)
	p.run("status").wantLine(t, failed, "not enrolled")
	if _, err := os.Stat(p.dir); !os.IsNotExist(err) {
		t.Errorf("a look into a folder that is not there made it: %v", err)
	}
	p.run("enrol", "--server", w.addr, "--code", "none").wantLine(t, failed, "join code")
	p.run("list", "visit").wantLine(t, failed, "not enrolled")
	p.json("enrol", "--server", w.addr, "--code", code)
	newPhone(t).run("enrol", "--server", w.addr, "--code", code).wantLine(t, failed, "used already")
	w.stop()
	newPhone(t).run("enrol", "--server", w.addr, "--code", code).wantLine(t, failed, "cannot be reached")
}

func TestKey_StaysOutOfTheFolderAndOpensIt(t *testing.T) {
	w := serving(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "config"))
	t.Setenv("ONEDOOR_PHONE_KEY", "")
	p := newPhone(t)
	p.run("status").wantLine(t, failed, "not enrolled")
	file := p.json("enrol", "--server", w.addr, "--code", w.code("安", gridA)).text("key_file")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || strings.HasPrefix(file, p.dir) || len(filepath.Base(file)) != len("0123456789abcdef.key") {
		t.Fatalf("key file %s: %v, %v", file, info, err)
	}
	if s := p.json("status"); s.text("key_file") != file {
		t.Errorf("status names %v", s)
	}
	text, err := os.ReadFile(file)
	w.must(err)
	w.must(os.Remove(file))
	p.run("status").wantLine(t, failed, file)
	p.run("enrol", "--server", w.addr, "--code", "x").wantLine(t, failed, file)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("a lost key was replaced by a new one")
	}
	t.Setenv("ONEDOOR_PHONE_KEY", strings.TrimSpace(string(text)))
	p.json("status")
	withKey(t, 9)
	p.run("status").wantLine(t, failed, "does not fit")
	for _, bad := range []string{"short", base64.StdEncoding.EncodeToString(make([]byte, 31))} {
		t.Setenv("ONEDOOR_PHONE_KEY", bad)
		p.run("status").wantLine(t, failed, "base64 of 32 bytes")
	}
	t.Setenv("ONEDOOR_PHONE_KEY", "")
	inside := &phone{t: t, dir: os.Getenv("XDG_CONFIG_HOME"), now: time.Now}
	inside.run("enrol", "--server", w.addr, "--code", "x").wantLine(t, failed, "inside")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	newPhone(t).run("enrol", "--server", w.addr, "--code", "x").wantLine(t, failed, "ONEDOOR_PHONE_KEY")
}

func TestWhy_NamesTheServerWhereNoUserWrote(t *testing.T) {
	ann := serving(t).enrolled("安", gridA)
	territory := ann.json("list", "territory").list("records")[0].text("id")
	for _, f := range ann.json("why", territory).list("fields") {
		if f.text("author") != "server" || f["author_id"] != nil {
			t.Errorf("%v", f)
		}
	}
}

func TestText_IsForPeople(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	door := strings.TrimSpace(ann.run("add", "premises", `{"address":"民主路3号","territory":"`+gridA+`"}`).out)
	ann.add("visit", "{\"territory\":\""+gridA+"\",\"note\":\"\\u001b[2J\"}")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"show", door}, "民主路3号"}, {[]string{"list", "premises"}, "1 record\n"}, {[]string{"search", "民"}, door},
		{[]string{"list", "territory"}, "文化一格"}, {[]string{"why", door}, "latest"}, {[]string{"conflicts"}, "nothing is open"},
		{[]string{"quarantine"}, "nothing is in quarantine"}, {[]string{"sync"}, "sent 2: 2 applied"}, {[]string{"status"}, "$ONEDOOR_PHONE_KEY"},
		{[]string{"edit", door, `{"rooms":3}`}, "edited " + door}, {[]string{"delete", door}, "deleted " + door},
		{[]string{"--help"}, "A first day"}, {[]string{"edit", "--help"}, "merge patch"},
	} {
		if r := ann.run(c.args...); r.code != done || !strings.Contains(r.out, c.says) {
			t.Errorf("%v: %+v", c.args, r)
		}
	}
	if out := ann.run("list", "visit").out; strings.Contains(out, "\x1b") {
		t.Errorf("a note steers the terminal: %q", out)
	}
}
