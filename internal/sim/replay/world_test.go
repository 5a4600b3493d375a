package replay_test

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"onedoor/internal/rentsafe"
	"onedoor/internal/sim/replay"
)

// sampleDir is the committed sample of the feed.
const sampleDir = "../../../testdata/rentsafe"

// sampleFiles gives the files of the sample by their place in the folder.
func sampleFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(sampleDir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(sampleDir + "/" + path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wardsOfSample cuts the sample to a few wards, so that a test plays in a second.
func wardsOfSample(t *testing.T, wards ...string) fstest.MapFS {
	t.Helper()
	files := sampleFiles(t)
	for path, file := range files {
		if len(path) > 4 && path[len(path)-4:] == ".csv" {
			file.Data = rowsOfWards(t, file.Data, wards)
		}
	}
	return files
}

// rowsOfWards keeps the header and the rows of some wards.
func rowsOfWards(t *testing.T, data []byte, wards []string) []byte {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], "WARD")
	if at < 0 {
		t.Fatalf("no column WARD in %q", rows[0])
	}
	kept := slices.DeleteFunc(rows[1:], func(row []string) bool { return !slices.Contains(wards, row[at]) })
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(append(rows[:1], kept...)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// planOf plans a folder.
func planOf(t *testing.T, folder fs.FS, seed uint64) *replay.Plan {
	t.Helper()
	plan, err := replay.ReadPlan(folder, seed)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// feedOf reads a folder.
func feedOf(t *testing.T, folder fs.FS) *rentsafe.Feed {
	t.Helper()
	feed, err := rentsafe.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

// played plays a plan in a folder of the test.
func played(t *testing.T, plan *replay.Plan, seed uint64, open replay.OpenPhone) *replay.Played {
	t.Helper()
	result, err := replay.Play(t.Context(), plan, replay.Options{Dir: t.TempDir(), Seed: seed, Open: open})
	if err != nil {
		t.Fatal(err)
	}
	return result
}
