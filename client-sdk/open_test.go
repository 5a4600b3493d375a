package client_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	client "onedoor/client-sdk"
)

func TestOpen_NeedsTheKey(t *testing.T) {
	_, ann, door := solo(t)
	ann.w.must(ann.Close())
	wrong := bytes.Clone(ann.key)
	wrong[0]++
	for name, c := range map[string]struct {
		key  []byte
		want error
	}{
		"another key": {wrong, client.ErrKey}, "a short key": {ann.key[:31], client.ErrKey}, "no key": {nil, client.ErrKey},
	} {
		if _, err := client.Open(ann.dir, c.key, client.Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ann.open()
	ann.shows(door, map[string]any{"address": "民主路3号"})
	if _, err := client.Open(ann.dir, ann.key, client.Options{}); !errors.Is(err, client.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestOpen_SaysWhatIsWrongWithAFile(t *testing.T) {
	_, ann, _ := solo(t)
	ann.sync()
	ann.w.must(ann.Close())
	path := filepath.Join(ann.dir, "replica.db")
	whole, err := os.ReadFile(path)
	ann.w.must(err)
	ann.w.must(os.WriteFile(path, whole[:len(whole)/2], 0o600))
	r, err := client.Open(ann.dir, ann.key, client.Options{})
	if err == nil {
		_, err = r.Status()
		err = errors.Join(err, r.Close())
	}
	if !errors.Is(err, client.ErrDamaged) && !errors.Is(err, client.ErrKey) {
		t.Errorf("a file cut short: %v", err)
	}
	ann.w.must(os.WriteFile(path, whole, 0o600))
	ann.open()
}

// TestFiles_ShowNothingWithoutTheKey looks for what was written in every byte of
// the folder, while the database is open and after it was closed. Nothing it looks
// for is shorter than six bytes: three would be there by chance in one run of a hundred.
func TestFiles_ShowNothingWithoutTheKey(t *testing.T) {
	w, ann, door := solo(t)
	visit := ann.add("visit", `{"premises_ids":["`+door+`"],"note":"PLANTED-NOTE 楼道堆物"}`)
	ann.sync()
	ann.edit(visit, `{"note":"PLANTED-EDIT 已清理"}`)
	_, err := ann.SaveDraft(&client.Draft{Kind: "visit", Text: "PLANTED-DRAFT"})
	w.must(err)
	if len(ann.found("楼道")) != 0 || len(ann.found("已清理")) != 1 {
		t.Error("the index does not hold what it should")
	}
	id := mustParse(t, visit)
	scan := func() {
		w.must(filepath.WalkDir(ann.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			for _, plain := range [][]byte{[]byte("PLANTED"), []byte("楼道"), []byte("清理"), []byte("民主"), id[:], []byte("CREATE TABLE")} {
				if bytes.Contains(b, plain) {
					t.Errorf("%s holds %q", e.Name(), plain)
				}
			}
			return err
		}))
	}
	scan()
	w.must(ann.Close())
	scan()
	ann.open()
}
