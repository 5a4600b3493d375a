package story_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store/pgstore"
)

func TestInit_MakesARealmInADatabaseThatServersServe(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	if _, err := os.Stat(filepath.Join(d.dir, server.DatabaseFile)); !os.IsNotExist(err) {
		t.Errorf("the folder holds a database: %v", err)
	}
	r := d.serve()
	ann, bob := d.phone(r), d.phone(r)
	ann.synced()
	door := ann.door("民主路3号")
	ann.synced()
	bob.synced()
	d.must(bob.EditJSON(door, `{"rooms":4}`))
	bob.synced()
	r.halt(d)
	d.verified()

	again := d.serve()
	ann.line.to.Store(again)
	ann.synced()
	ann.shows(door, `"rooms":4`)
	again.halt(d)
	d.verified()
}

func TestInit_RefusesARealmThatIsInTheDatabase(t *testing.T) {
	url := pgtest.Database(t)
	founded(t, url)
	dir := filepath.Join(t.TempDir(), "second")
	_, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Store: url, Realm: "530702"})
	if !errors.Is(err, identity.ErrInitialised) || !strings.Contains(err.Error(), "?realm=") {
		t.Errorf("a second init: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it left its folder: %v", err)
	}
	names, err := pgstore.Realms(t.Context(), pgstore.Options{URL: url})
	if strings.Join(names, ",") != "530702" || err != nil {
		t.Errorf("realms %q, %v", names, err)
	}
}

func TestInit_ThatFailsLeavesNothingInTheDatabase(t *testing.T) {
	url := pgtest.Database(t)
	o := server.InitOptions{Dir: filepath.Join(t.TempDir(), "realm"), Store: url, Realm: "530702"}
	o.ContactKey = filepath.Join(t.TempDir(), "no such folder", "key")
	if _, err := server.Init(t.Context(), o); err == nil {
		t.Fatal("an init without a place for the contact key succeeded")
	}
	names, err := pgstore.Realms(t.Context(), pgstore.Options{URL: url})
	if len(names) > 0 || err != nil {
		t.Errorf("realms %q, %v", names, err)
	}
	o.ContactKey = ""
	if _, err := server.Init(t.Context(), o); err != nil {
		t.Errorf("the next init: %v", err)
	}
}

func TestServe_SaysThatAFolderHoldsKeysAlone(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	_, err := server.Open(t.Context(), server.Config{Dir: d.dir})
	if !errors.Is(err, identity.ErrNotInitialised) || !strings.Contains(err.Error(), "--store") {
		t.Errorf("serve without --store: %v", err)
	}
	other := d.store + "&realm=999999"
	_, err = server.Open(t.Context(), server.Config{Dir: d.dir, Store: other})
	if !errors.Is(err, identity.ErrNotInitialised) || !strings.Contains(err.Error(), "onedoor init --store") {
		t.Errorf("serve of a realm that is not there: %v", err)
	}
}

func TestServe_RefusesTheKeysOfAnotherRealm(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	other := founded(t, d.store+"&realm=other")
	d.store += "&realm=530702"
	_, err := server.Open(t.Context(), server.Config{Dir: other.dir, Store: d.store, ContactKey: d.dir + server.ContactKeySuffix})
	if err == nil {
		t.Error("a realm was served with another's keys")
	}
	d.verified()
	other.verified()
}
