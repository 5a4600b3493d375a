package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/server/backupset/buckettest"
)

// commandsAfter gives the command lines of the first sh block that follows a text on a page, without the program's name.
func commandsAfter(t *testing.T, page, text string) (list []string) {
	t.Helper()
	_, rest, found := strings.Cut(document(t, page), text)
	_, rest, opened := strings.Cut(rest, "```sh\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !opened || !closed {
		t.Fatalf("%s has no commands after %q", page, text)
	}
	for line := range strings.Lines(block) {
		args, _ := strings.CutPrefix(strings.TrimSpace(line), "onedoor ")
		list = append(list, args)
	}
	return list
}

// said gives the arguments of a command line of a page, with what is this test's own in place of the page's examples.
func said(line string, own map[string]string) []string {
	args := strings.Fields(line)
	for i, a := range args {
		if to, is := own[a]; is {
			args[i] = to
		}
	}
	return args
}

// TestDrill_TheCommandsOfThePageBringARealmBack runs what docs/operating.md says: keys are made elsewhere, the server makes a
// backup by itself, the machine is lost, and the two files from the safes and the bucket bring the realm back.
func TestDrill_TheCommandsOfThePageBringARealmBack(t *testing.T) {
	bucket := buckettest.Start(t)
	safe, elsewhere := t.TempDir(), t.TempDir()
	own := map[string]string{
		"s3://onedoor-backups?region=cn-north-1": bucket,
		"backup.key":                             filepath.Join(safe, "backup.key"),
		"contact-key":                            filepath.Join(safe, "contact-key"),
		"./drill":                                filepath.Join(elsewhere, "drill"),
	}
	w := serving(t)
	w.workday()
	w.stop()
	making := commandsAfter(t, "operating.md", "**By itself.**")
	made := run(t, append(said(making[0], own), "--json")...)
	if made.code != done {
		t.Fatalf("%s: %+v", making[0], made)
	}
	own["age1qqqq"], own["/var/lib/onedoor/realm"] = decode(t, made.out).text("recipient"), w.dir
	serve := said(making[1], own)
	w.serve(append(serve[slices.Index(serve, "--backup-to"):], "--admin", "127.0.0.1:0")...)
	w.awaitBackups(1)
	w.stop()
	stood := decode(t, run(t, "verify", "--data", w.dir, "--json").out).at("seq")
	key, err := os.ReadFile(w.dir + ".contact-key")
	w.must(err)
	w.must(os.WriteFile(own["contact-key"], key, 0o600))
	w.must(os.RemoveAll(w.dir))
	w.must(os.Remove(w.dir + ".contact-key"))

	drill := commandsAfter(t, "operating.md", "**Drill twice a year**")
	if len(drill) < 2 {
		t.Fatalf("%q", drill)
	}
	for _, line := range drill {
		r := run(t, append(said(line, own), "--json")...)
		if r.code != done {
			t.Fatalf("%s: %+v", line, r)
		}
		if strings.HasPrefix(line, "restore ") && decode(t, r.out).at("seq") != stood {
			t.Errorf("restored %s, wanted up to %v", r.out, stood)
		}
	}
	left, err := filepath.Glob(filepath.Join(elsewhere, "*"))
	w.must(err)
	if want := []string{own["./drill"], own["./drill"] + ".contact-key"}; !slices.Equal(left, want) {
		t.Errorf("the drill left %v, the page says to remove %v", left, want)
	}
}
