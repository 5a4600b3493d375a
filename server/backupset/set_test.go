package backupset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"

	"onedoor/server/backupset"
	"onedoor/server/backupset/buckettest"
)

const realm = 530702

func opened(t *testing.T, p backupset.Place) *backupset.Set {
	t.Helper()
	s, err := backupset.OpenToKeep(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// keys makes a pair of keys.
func keys(t *testing.T) (ids []age.Identity, public string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.key")
	public, err := backupset.MakeIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err = backupset.ReadIdentities(path); err != nil {
		t.Fatal(err)
	}
	return ids, public
}

// body is a backup of a few blocks of whatever encrypts it.
var body = bytes.Repeat([]byte("文化街绝密7号 "), 10_000)

func put(t *testing.T, s *backupset.Set, made time.Time, seq uint64) backupset.Entry {
	t.Helper()
	e, err := s.Put(t.Context(), backupset.Entry{Realm: realm, Epoch: 1, Seq: seq, Records: 3, Made: made}, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// everywhere runs a test on a folder and on a bucket.
func everywhere(t *testing.T, f func(t *testing.T, place string)) {
	t.Run("a folder", func(t *testing.T) { f(t, "file://"+filepath.Join(t.TempDir(), "backups")) })
	t.Run("a bucket", func(t *testing.T) { f(t, buckettest.Start(t)) })
}

var noon = time.Date(2026, 11, 30, 4, 0, 0, 0, time.UTC)

func TestSet_WhatIsPutIsFoundAndComesBackDecrypted(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		ids, public := keys(t)
		s := opened(t, backupset.Place{URL: place, Recipients: []string{public}})
		put(t, s, noon, 7)
		last := put(t, s, noon.Add(time.Hour), 9)
		if want := "onedoor-530702-20261130T050000Z-e1-s9.backup.age"; last.Name != want || last.Recipients[0] != public {
			t.Errorf("kept as %+v", last)
		}
		found, err := s.Find(t.Context(), "", realm)
		if err != nil || found.Name != last.Name || found.Seq != 9 || !found.Made.Equal(last.Made) {
			t.Fatalf("the newest is %+v, error %v", found, err)
		}
		path := filepath.Join(t.TempDir(), "fetched")
		if err := s.Fetch(t.Context(), found, path, ids); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes came back, error %v", len(got), err)
		}
		var lies bytes.Buffer
		if err := s.Copy(t.Context(), found, &lies); err != nil || bytes.Contains(lies.Bytes(), []byte("绝密")) {
			t.Errorf("what lies there can be read, error %v", err)
		}
	})
}

func TestPut_InAFolderThatIsOpenToAllTheOwnerAloneReadsABackup(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	e := put(t, opened(t, backupset.Place{URL: "file://" + folder}), noon, 7)
	for _, name := range []string{e.Name, e.Name + ".json"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, error %v", name, info.Mode(), err)
		}
	}
}

func TestOpen_MakesNoFolderWhereNobodyWrites(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "unmounted")
	if s, err := backupset.Open(t.Context(), backupset.Place{URL: "file://" + folder}); err == nil {
		s.Close()
		t.Error("a folder that is not there was opened")
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestSet_ABackupThatWasChangedOrIsAnothersIsNotGiven(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	ids, public := keys(t)
	s := opened(t, backupset.Place{URL: "file://" + dir, Recipients: []string{public}})
	e := put(t, s, noon, 7)
	to := filepath.Join(t.TempDir(), "fetched")
	strange, _ := keys(t)
	for _, wrong := range [][]age.Identity{nil, strange} {
		if err := s.Fetch(t.Context(), e, to, wrong); !errors.Is(err, backupset.ErrIdentity) || !strings.Contains(err.Error(), public) {
			t.Errorf("error %v", err)
		}
	}
	object := filepath.Join(dir, e.Name)
	whole, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoilt := range map[string][]byte{
		"cut": whole[:len(whole)/2], "longer": append(slices.Clone(whole), 'x'), "another bit": append(slices.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1),
	} {
		if err := os.WriteFile(object, spoilt, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Fetch(t.Context(), e, to, ids); err == nil {
			t.Errorf("%s: it is given", name)
		}
		if err := s.Compare(t.Context(), e); !errors.Is(err, backupset.ErrDiffers) {
			t.Errorf("%s: compared, error %v", name, err)
		}
		if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file was left, error %v", name, err)
		}
	}
}

func TestPut_WhatCannotBeReadToItsEndIsNoBackup(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		_, public := keys(t)
		s := opened(t, backupset.Place{URL: place, Recipients: []string{public}})
		broken := io.MultiReader(bytes.NewReader(body), iotest.ErrReader(errors.New("input/output error")))
		if _, err := s.Put(t.Context(), backupset.Entry{Realm: realm, Epoch: 1, Seq: 1, Made: noon}, broken); err == nil {
			t.Fatal("it was kept")
		}
		if list, err := s.List(t.Context(), realm); err != nil || len(list) > 0 {
			t.Errorf("%v, error %v", list, err)
		}
	})
}

func TestRetain_KeepsTheNewestAndTheYoungOfItsRealmAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		_, public := keys(t)
		s := opened(t, backupset.Place{URL: place, Recipients: []string{public}})
		for day := range 6 {
			put(t, s, noon.AddDate(0, 0, day), uint64(day))
		}
		if _, err := s.Put(t.Context(), backupset.Entry{Realm: 530721, Epoch: 1, Made: noon}, bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		now := noon.AddDate(0, 0, 5)
		days := func(p backupset.Policy) string {
			if _, err := s.Retain(t.Context(), realm, p, now); err != nil {
				t.Fatal(err)
			}
			list, err := s.List(t.Context(), realm)
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, e := range list {
				left = append(left, fmt.Sprint(e.Seq))
			}
			return strings.Join(left, " ")
		}
		if got := days(backupset.Policy{Newest: 3, For: 4*24*time.Hour + time.Minute}); got != "5 4 3 2 1" {
			t.Errorf("left %s", got)
		}
		if got := days(backupset.Policy{Newest: 3}); got != "5 4 3" {
			t.Errorf("left %s", got)
		}
		if got := days(backupset.Policy{}); got != "5 4" {
			t.Errorf("fewer than two are kept: %s", got)
		}
		if list, err := s.List(t.Context(), 530721); err != nil || len(list) != 1 {
			t.Errorf("another realm has %v, error %v", list, err)
		}
	})
}

func TestRetain_TakesAwayWhatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, backupset.Place{URL: "file://" + dir})
	put(t, s, noon, 1)
	cut := filepath.Join(dir, "onedoor-530702-20261129T040000Z-e1-s0.backup")
	if err := os.WriteFile(cut, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if gone, err := s.Retain(t.Context(), realm, backupset.Policy{}, time.Now()); err != nil || len(gone) > 0 {
		t.Errorf("one under way is taken away: %v, error %v", gone, err)
	}
	gone, err := s.Retain(t.Context(), realm, backupset.Policy{}, time.Now().Add(25*time.Hour))
	if err != nil || len(gone) != 1 || gone[0] != filepath.Base(cut) {
		t.Errorf("gone %v, error %v", gone, err)
	}
}

func TestCheckKept_ABucketTakesNothingThatIsNotEncrypted(t *testing.T) {
	_, public := keys(t)
	for place, want := range map[*backupset.Place]error{
		{URL: "s3://b?region=x"}: backupset.ErrPlain, {URL: "s3://b?region=x", Recipients: []string{public}}: nil,
		{URL: "file:///mnt/backup"}: nil, {URL: "file://mnt/backup"}: backupset.ErrPlace, {URL: "/mnt/backup"}: backupset.ErrPlace,
		{URL: "https://x"}: backupset.ErrPlace, {URL: "s3://"}: backupset.ErrPlace, {URL: "file:///mnt", Recipients: []string{"age1nonsense"}}: backupset.ErrPlace,
	} {
		if err := place.CheckKept(); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%+v: error %v, want %v", place, err, want)
		}
	}
}

func TestFind_SaysThatThereIsNone(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s := opened(t, backupset.Place{URL: place})
		for _, name := range []string{"", "onedoor-530702-none.backup"} {
			if _, err := s.Find(context.Background(), name, realm); !errors.Is(err, backupset.ErrNone) {
				t.Errorf("%q: error %v", name, err)
			}
		}
	})
}
