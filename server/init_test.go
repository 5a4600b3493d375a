package server_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/csvfile"
	"onedoor/internal/sqlitedisk"
	"onedoor/internal/territoryfile"
	"onedoor/server"
	"onedoor/server/identity"
)

func TestInit_MakesARealmThatVerifies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "realm")
	made, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "530702"})
	if err != nil {
		t.Fatal(err)
	}
	if made.Realm.Code != 530702 || made.Realm.Name != "古城区" || made.Territories+made.Skipped != 543 || made.Skipped == 0 {
		t.Errorf("made %+v", made)
	}
	want := []string{"admin.token -rw-------", "realm.db -rw-------", "realm.secret -rw-------"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	found, err := server.Verify(t.Context(), dir, nil)
	if err != nil || !found.OK() || found.Records != made.Territories {
		t.Errorf("verify: %+v, error %v", found, err)
	}
}

func TestInit_TakesTerritoriesFromAFileAndCountsTheRest(t *testing.T) {
	const file = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
530702001001001,530702001001,grid,文化一格
530721,5307,county,玉龙纳西族自治县
`
	made, err := server.Init(t.Context(), server.InitOptions{
		Dir: t.TempDir(), Realm: "530702", Territories: strings.NewReader(file), TerritoriesName: "grids.csv",
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Territories != 6 || made.Skipped != 1 {
		t.Errorf("%d territories and %d skipped", made.Territories, made.Skipped)
	}
}

func TestInit_SameClockAndRandomnessMakeTheSameRealm(t *testing.T) {
	first, second := founded(t), founded(t)
	for _, name := range []string{server.TokenFile, server.SecretsFile, server.DatabaseFile} {
		if !bytes.Equal(read(t, filepath.Join(first, name)), read(t, filepath.Join(second, name))) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestInit_FailureLeavesNothingBehind(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "file"), nil, 0o600)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	cases := []struct {
		name string
		ctx  context.Context
		o    server.InitOptions
		want error
	}{
		{"a realm that is not in the file", t.Context(), server.InitOptions{Dir: filepath.Join(root, "a", "b"), Realm: "999999"}, territoryfile.ErrRealmAbsent},
		{"a web page for a file", t.Context(), server.InitOptions{
			Dir: filepath.Join(root, "a", "b"), Realm: "530702", Territories: strings.NewReader("<html>"), TerritoriesName: "t.csv",
		}, csvfile.ErrNotCSV},
		{"a file where the folder should be", t.Context(), server.InitOptions{Dir: filepath.Join(root, "file"), Realm: "530702"}, nil},
		{"a file above the folder", t.Context(), server.InitOptions{Dir: filepath.Join(root, "file", "b"), Realm: "530702"}, nil},
		{"an interrupted run", ended, server.InitOptions{Dir: filepath.Join(root, "a", "b"), Realm: "530702"}, context.Canceled},
		{"no randomness", t.Context(), server.InitOptions{Dir: filepath.Join(root, "a", "b"), Realm: "530702", Random: bytes.NewReader(make([]byte, 20))}, nil},
	}
	before := files(t, root)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := server.Init(c.ctx, c.o)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if got := files(t, root); !slices.Equal(got, before) {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func TestInit_RefusesAFolderThatHoldsARealmOrAPartOfOne(t *testing.T) {
	for _, name := range []string{server.DatabaseFile, server.SecretsFile, server.TokenFile} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		write(t, path, []byte("somebody's"), 0o600)
		if _, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "530702"}); !errors.Is(err, identity.ErrInitialised) {
			t.Errorf("%s is there: %v", name, err)
		}
		if got := files(t, dir); len(got) != 1 || string(read(t, path)) != "somebody's" {
			t.Errorf("%s is there: now the folder holds %v", name, got)
		}
	}
}

func TestInit_RefusesAFolderWhereAnotherInitIsAtWork(t *testing.T) {
	dir := t.TempDir()
	stage := filepath.Join(dir, ".onedoor-init")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	held, err := sqlitedisk.System{}.LockFile(filepath.Join(stage, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	o := server.InitOptions{Dir: dir, Realm: "530702"}
	if _, err := server.Init(t.Context(), o); err == nil || len(files(t, dir)) != 1 {
		t.Errorf("error %v, files %v", err, files(t, dir))
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Init(t.Context(), o); err != nil {
		t.Errorf("after the other one was ended: %v", err)
	}
}
