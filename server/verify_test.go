package server_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestVerify_ChecksARunningServer(t *testing.T) {
	w := serving(t)
	w.enrol("和丽")
	found, err := server.Verify(t.Context(), w.dir, nil)
	w.must(err)
	if at := head(t, w); !found.OK() || found.Seq != at.Seq || found.Epoch != 1 {
		t.Errorf("found %+v, the log is at %d", found, at.Seq)
	}
}

func TestVerify_DamageIsAFindingAndNotAnError(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(t *testing.T, dir string)
		says  string
	}{
		{"a truncated database", func(t *testing.T, dir string) {
			path := filepath.Join(dir, server.DatabaseFile)
			body := read(t, path)
			write(t, path, body[:len(body)/2], 0o600)
		}, "damaged"},
		{"another program's file", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, server.DatabaseFile), []byte(strings.Repeat("somebody's notes ", 1000)), 0o600)
		}, "damaged"},
		{"a record that is not what the log says", func(t *testing.T, dir string) {
			changeStore(t, dir, func(w store.Writer) error {
				var street store.Record
				err := w.Records(func(r store.Record) bool {
					street = r
					return !bytes.Contains(r.Body, []byte("西安街道"))
				})
				street.Body = bytes.ReplaceAll(street.Body, []byte("西安街道"), []byte("东安街道"))
				return errors.Join(err, w.PutRecord(street))
			})
		}, "not what the log reduces to"},
		{"no secrets", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, server.SecretsFile)); err != nil {
				t.Fatal(err)
			}
		}, "secrets"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := founded(t)
			c.spoil(t, dir)
			found, err := server.Verify(t.Context(), dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if found.OK() || !strings.Contains(strings.Join(found.Problems, "\n"), c.says) {
				t.Errorf("found %q, want %q", found.Problems, c.says)
			}
		})
	}
}

func TestVerify_WithoutARealmIsAnError(t *testing.T) {
	if _, err := server.Verify(t.Context(), t.TempDir(), nil); !errors.Is(err, identity.ErrNotInitialised) {
		t.Errorf("an empty folder: %v", err)
	}
	dir := founded(t)
	raiseSchema(t, dir)
	if _, err := server.Verify(t.Context(), dir, nil); !errors.Is(err, store.ErrNewer) {
		t.Errorf("newer records: %v", err)
	}
}

func TestVerify_TellsAColleagueThatPhonesKnowOtherwise(t *testing.T) {
	dir := founded(t)
	changeStore(t, dir, func(w store.Writer) error {
		return identity.PutUser(w, identity.User{ID: syncengine.ID{1}, Name: "丁", Role: uint32(recordv1.Role_ROLE_HELPER), State: identity.UserActive})
	})
	found, err := server.Verify(t.Context(), dir, nil)
	if err != nil || len(found.Problems) != 1 || !strings.Contains(found.Problems[0], "no record that phones read") {
		t.Errorf("found %+v, %v", found, err)
	}
	if strings.Contains(strings.Join(found.Problems, ""), "丁") {
		t.Error("the operator is told a name")
	}
}
