package server_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/server"
	"onedoor/server/accessledger"
	"onedoor/server/sealed"
	"onedoor/server/store"
)

// Planted texts of residents, in places of their own.
var planted = []string{"第一个名字某某", "第二个名字某某", "第三个名字某某", "待定的名字某某", "当事人的名字某", "13811112222", "13822223333", "13833334444", "13844445555", "13855556666"}

// plant has phones write contacts by every way there is: one that stands, one that
// lost, one that is covered, one that waits in quarantine, and one of a party.
func plant(t *testing.T, w *world) (door string) {
	t.Helper()
	ann, bob := w.replica(11, w.code("和丽")), w.replica(12, w.code("木春"))
	w.sync(ann, bob)
	door, err := ann.AddJSON("premises", `{"address":"民主路3号","territory":"530702001001","contact":{"name":"第一个名字某某","phone":"13811112222"}}`)
	w.must(err)
	w.sync(ann, bob)
	w.must(ann.EditJSON(door, `{"contact":{"name":"第二个名字某某","phone":"13822223333"}}`))
	w.must(bob.EditJSON(door, `{"contact":{"name":"第三个名字某某","phone":"13833334444"}}`))
	w.sync(ann, bob, ann)
	_, err = ann.AddJSON("premises", `{"address":"别处5号","territory":"530702002001","contact":{"name":"待定的名字某某","phone":"13844445555"}}`)
	w.must(err)
	_, err = bob.AddJSON("dispute", `{"title":"漏水","territory":"530702001001","party_contacts":{"甲方":{"name":"当事人的名字某","phone":"13855556666"}}}`)
	w.must(err)
	w.sync(ann, bob, ann, bob)
	return door
}

// holding lists which of the planted texts the files below folders hold.
func holding(t *testing.T, folders ...string) (found []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := os.ReadFile(path)
			for _, text := range planted {
				if bytes.Contains(body, []byte(text)) {
					found = append(found, text+" in "+filepath.Base(path))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestSealing_NoFileOfTheServerHoldsAContact(t *testing.T) {
	w := serving(t)
	w.stop()
	w.ledger = t.TempDir()
	w.resume(w.dir)
	door := plant(t, w)
	backups := t.TempDir()
	out := filepath.Join(backups, "out")
	made, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	if made.ContactKey != w.dir+server.ContactKeySuffix {
		t.Errorf("the backup names the key %q", made.ContactKey)
	}
	if found := holding(t, w.dir, w.ledger, backups); found != nil {
		t.Errorf("while the server runs: %v", found)
	}
	w.stop()
	if found := holding(t, w.dir, w.ledger); found != nil {
		t.Errorf("after it was stopped: %v", found)
	}
	// What the files do not show is there for whoever has the key.
	opened, err := server.OpenReader(t.Context(), server.Config{Dir: w.dir})
	w.must(err)
	defer opened.Close()
	var all []byte
	w.must(opened.View(t.Context(), func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool { all = append(all, e.Body...); return true })
	}))
	for _, text := range planted {
		if !bytes.Contains(all, []byte(text)) {
			t.Errorf("%s was never written: the test proves nothing", text)
		}
	}
	for _, phone := range []string{"13811112222", "138 2222 3333", "13833334444"} {
		w.must(opened.View(t.Context(), func(r store.Reader) error {
			ids, err := sealed.Lookup(r, phone)
			if len(ids) != 1 || ids[0].String() != door {
				t.Errorf("%s belongs to %v, want %s", phone, ids, door)
			}
			return err
		}))
	}
	w.resume(w.dir)
}

func TestSealing_AFaultyServerThatWritesInTheOpenWouldBeFound(t *testing.T) {
	w := serving(t)
	door := plant(t, w)
	w.stop()
	changeStore(t, w.dir, func(tx store.Writer) error {
		return tx.PutDocument("stray", []byte(door), []byte(planted[0]))
	})
	if found := holding(t, w.dir); len(found) == 0 {
		t.Error("the scan does not see a text that stands in the open")
	}
	w.resume(w.dir)
}

func TestOpen_RefusesARealmWithoutItsContactKeyAndSaysWhatToDo(t *testing.T) {
	dir := founded(t)
	key := dir + server.ContactKeySuffix
	open := func() error {
		s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0"})
		if err == nil {
			t.Error("it was served")
			_ = s.Stop(cut())
		}
		return err
	}
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, sealed.ErrKeyMissing) || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "--contact-key") {
		t.Errorf("without the key: %v", err)
	}
	if _, err := server.Verify(t.Context(), dir, nil); !errors.Is(err, sealed.ErrKeyMissing) {
		t.Errorf("verify: %v", err)
	}
	if _, err := server.Backup(t.Context(), server.BackupOptions{Dir: dir, Out: filepath.Join(t.TempDir(), "b")}); !errors.Is(err, sealed.ErrKeyMissing) {
		t.Errorf("backup: %v", err)
	}
	if _, err := sealed.CreateKey(key, seeded(99)); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, sealed.ErrKeyOther) {
		t.Errorf("with another key: %v", err)
	}
	s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", ContactKey: key + ".away"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(cut()); err != nil {
		t.Error(err)
	}
}

func TestInit_UsesAKeyThatIsThereAndLeavesNoneWhereItFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "realm")
	_, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "110101", Now: clock, Random: seeded(1)})
	if err == nil {
		t.Fatal("a county that is not in the file was made")
	}
	if got := files(t, filepath.Dir(dir)); len(got) != 0 {
		t.Errorf("left %v", got)
	}
	key := filepath.Join(t.TempDir(), "key")
	for i, name := range []string{"one", "two"} {
		made, err := server.Init(t.Context(), server.InitOptions{Dir: filepath.Join(t.TempDir(), name), Realm: "530702", ContactKey: key, Now: clock, Random: seeded(byte(i))})
		if err != nil || made.ContactKey != key || made.KeyStood != (i == 1) {
			t.Errorf("realm %d: %+v, %v", i, made, err)
		}
	}
}

func TestRestore_NeedsTheContactKeyOfTheBackupAndPutsItBesideTheFolder(t *testing.T) {
	w := serving(t)
	door := plant(t, w)
	out := filepath.Join(t.TempDir(), "out")
	_, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	w.stop()
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, Now: w.now}); !errors.Is(err, sealed.ErrKeyMissing) {
		t.Errorf("without the key: %v", err)
	}
	if got := files(t, filepath.Dir(dir)); len(got) != 0 {
		t.Errorf("the refused restore left %v", got)
	}
	made, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, ContactKey: w.dir + server.ContactKeySuffix, Now: w.now})
	w.must(err)
	if made.ContactKey != dir+server.ContactKeySuffix {
		t.Errorf("the key is in %s", made.ContactKey)
	}
	w.resume(dir)
	fresh := w.replica(13, w.code("新来的"))
	w.sync(fresh)
	w.shows(fresh, door, "名字某某")
}

func TestRotateKeys_WhatWasSealedStaysReadable(t *testing.T) {
	w := serving(t)
	door := plant(t, w)
	if _, err := server.RotateKeys(t.Context(), server.RotateOptions{Dir: w.dir}); err == nil {
		t.Error("the keys of a realm that is served were changed")
	}
	w.stop()
	other := filepath.Join(t.TempDir(), "new.key")
	for n, o := range []server.RotateOptions{
		{Dir: w.dir, Now: w.now, Random: seeded(50)}, {Dir: w.dir, NewContactKey: other, Now: w.now, Random: seeded(51)},
	} {
		made, err := server.RotateKeys(t.Context(), o)
		w.must(err)
		if made.DataKey != uint32(n+2) || made.Rewrapped != []int{0, 2}[n] {
			t.Errorf("rotation %d: %+v", n+1, made)
		}
	}
	if _, err := server.Verify(t.Context(), w.dir, nil); !errors.Is(err, sealed.ErrKeyOther) {
		t.Errorf("under the old key: %v", err)
	}
	found, err := server.VerifyWith(t.Context(), server.Config{Dir: w.dir, ContactKey: other}, nil)
	if err != nil || !found.OK() {
		t.Errorf("under the new key: %+v, %v", found, err)
	}
	w.must(os.Rename(other, w.dir+server.ContactKeySuffix))
	w.resume(w.dir)
	fresh := w.replica(13, w.code("新来的"))
	w.sync(fresh)
	w.shows(fresh, door, "名字某某")
	if !slices.Contains(ledgerActions(t, w), "keys_rotate") {
		t.Error("the access ledger does not tell of it")
	}
}

// ledgerActions lists the actions of the access ledger.
func ledgerActions(t *testing.T, w *world) (out []string) {
	t.Helper()
	w.must(w.server.View(t.Context(), func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{}, func(e accessledger.Entry) bool {
			out = append(out, e.Action.String())
			return true
		})
	}))
	return out
}
