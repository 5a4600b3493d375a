package localdb_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/sqlitedisk"
	"onedoor/syncengine"
)

var errStop = errors.New("stop")

func setInt(name localdb.MetaKey, v int64) func(*localdb.Tx) error {
	return func(tx *localdb.Tx) error { return tx.SetMetaInt(name, v) }
}

func wantInt(t testing.TB, db *localdb.DB, name localdb.MetaKey, want int64) {
	t.Helper()
	view(t, db, func(tx *localdb.Tx) error {
		got, err := tx.MetaInt(name)
		if err == nil && got != want {
			t.Fatalf("%s is %d, want %d", name, got, want)
		}
		return err
	})
}

func TestOpen_WhatWasWrittenIsThereAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "阳光?a=b#c%20 &d.db")
	db := reopen(t, path)
	update(t, db, setInt("a", 7), func(tx *localdb.Tx) error { return tx.SetMeta("b", []byte("text")) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, path)
	wantInt(t, db, "a", 7)
	view(t, db, func(tx *localdb.Tx) error {
		b, err := tx.Meta("b")
		if string(b) != "text" {
			t.Fatalf("got %q", b)
		}
		return err
	})
}

func TestOpen_NamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		key     [32]byte
		want    error
	}{
		{"wrong key", func(*testing.T, string) {}, [32]byte{1}, localdb.ErrKey},
		{"cut file", func(t *testing.T, path string) { truncate(t, path, 3*4096) }, key, localdb.ErrDamaged},
		{"empty file", func(t *testing.T, path string) { truncate(t, path, 0) }, key, localdb.ErrDamaged},
		{"altered file", flipEveryPage, key, localdb.ErrDamaged},
		{"newer schema", func(t *testing.T, path string) {
			db := reopen(t, path)
			if err := errors.Join(db.Execute("PRAGMA user_version = 1000"), db.Close()); err != nil {
				t.Fatal(err)
			}
		}, key, localdb.ErrNewer},
		{"open already", func(t *testing.T, path string) { reopen(t, path) }, key, localdb.ErrInUse},
		{"a folder of that name", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, key, localdb.ErrNotWritable},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "phone.db")
			db := reopen(t, path)
			update(t, db, setInt("a", 7))
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, path)
			db, err := localdb.Open(path, c.key, sqlitedisk.System{})
			if !errors.Is(err, c.want) || db != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("%v does not name the file", err)
			}
		})
	}
}

func TestOpen_SetsWhatDurabilityAndSecrecyNeed(t *testing.T) {
	db := open(t)
	const full, memory = 2, 2
	for pragma, want := range map[string]int64{"synchronous": full, "temp_store": memory, "page_size": 4096, "ignore_check_constraints": 1} {
		if got, err := db.Number("PRAGMA " + pragma); got != want || err != nil {
			t.Errorf("%s is %d, %v; want %d", pragma, got, err, want)
		}
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func flipEveryPage(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(content); i += 4096 {
		content[i] ^= 1
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUpdate_ErrorAndPanicLeaveNothing(t *testing.T) {
	db := open(t)
	update(t, db, setInt("a", 1))
	key := syncengine.TerritoryKey(id(1))
	half := func(tx *localdb.Tx) error {
		if err := tx.SetMetaInt("a", 2); err != nil {
			return err
		}
		_, err := tx.InternKey(key)
		return err
	}
	if err := db.Update(all([]func(*localdb.Tx) error{half, func(*localdb.Tx) error { return errStop }})); !errors.Is(err, errStop) {
		t.Fatalf("got %v", err)
	}
	func() {
		defer func() {
			if recover() != "fault" {
				t.Fatal("the panic did not pass")
			}
		}()
		update(t, db, half, func(*localdb.Tx) error { panic("fault") })
	}()
	wantInt(t, db, "a", 1)
	view(t, db, func(tx *localdb.Tx) error {
		if _, ok, err := tx.KeyID(key); ok || err != nil {
			t.Fatalf("the key of a transaction that was undone is known: %v", err)
		}
		return nil
	})
	update(t, db, setInt("a", 3))
	wantInt(t, db, "a", 3)
}

func TestUpdate_FullDiskIsNamedAndLeavesNothing(t *testing.T) {
	db := open(t)
	update(t, db, setInt("a", 1))
	if err := db.Execute("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	err := db.Update(func(tx *localdb.Tx) error {
		if err := tx.SetMetaInt("a", 2); err != nil {
			return err
		}
		return tx.SetMeta("b", make([]byte, 1<<20))
	})
	if !errors.Is(err, localdb.ErrFull) {
		t.Fatalf("got %v", err)
	}
	wantInt(t, db, "a", 1)
	update(t, db, setInt("a", 3))
	wantInt(t, db, "a", 3)
}

func TestView_CannotWrite(t *testing.T) {
	db := open(t)
	writes := map[string]func(*localdb.Tx) error{
		"SetMeta":      func(tx *localdb.Tx) error { return tx.SetMeta("a", nil) },
		"AppendChange": func(tx *localdb.Tx) error { return tx.AppendChange(change(1, id(1))) },
		"PutRecord":    func(tx *localdb.Tx) error { return tx.PutRecord(localdb.Record{ID: id(1)}) },
		"StageRecord":  func(tx *localdb.Tx) error { return tx.StageRecord(localdb.Record{ID: id(1), Base: []byte{1}}) },
		"Switch":       func(tx *localdb.Tx) error { _, err := tx.Switch(nil); return err },
		"InternKey":    func(tx *localdb.Tx) error { _, err := tx.InternKey("r"); return err },
		"PutDraft":     func(tx *localdb.Tx) error { return tx.PutDraft(localdb.Draft{ID: id(1)}) },
	}
	for name, write := range writes {
		if err := db.View(write); !errors.Is(err, localdb.ErrReadOnly) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTx_IsOverWithItsFunction(t *testing.T) {
	db := open(t)
	var kept *localdb.Tx
	update(t, db, func(tx *localdb.Tx) error { kept = tx; return nil })
	if _, err := kept.Meta("a"); !errors.Is(err, localdb.ErrClosed) {
		t.Fatalf("got %v", err)
	}
	for _, err := range kept.Records() {
		if !errors.Is(err, localdb.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestClose_EndsTheUseOfTheDatabase(t *testing.T) {
	db := open(t)
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"Update":     db.Update(setInt("a", 1)),
		"View":       db.View(setInt("a", 1)),
		"Checkpoint": db.Checkpoint(),
	} {
		if !errors.Is(err, localdb.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDB_GoroutinesTakeTurns(t *testing.T) {
	db := open(t)
	const goroutines, each = 8, 25
	var wait sync.WaitGroup
	for range goroutines {
		wait.Go(func() {
			for range each {
				err := db.Update(func(tx *localdb.Tx) error {
					n, err := tx.MetaInt("n")
					return errors.Join(err, tx.SetMetaInt("n", n+1))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	wantInt(t, db, "n", goroutines*each)
}

func TestTx_QueryMayRunInsideTheSameQuery(t *testing.T) {
	db := open(t)
	update(t, db, func(tx *localdb.Tx) error {
		for i := 1; i <= 4; i++ {
			if err := tx.AppendChange(change(i, id(i%2))); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx *localdb.Tx) error {
		pairs := 0
		for range tx.Changes(1) {
			pairs += len(collect(t, tx.Changes(1)))
		}
		if pairs != 16 {
			t.Fatalf("%d pairs", pairs)
		}
		return nil
	})
}

func TestCheckpoint_EmptiesTheLogIntoTheMainFile(t *testing.T) {
	db := open(t)
	size := func() int64 {
		info, err := os.Stat(db.Path())
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	update(t, db, func(tx *localdb.Tx) error { return tx.SetMeta("a", make([]byte, 100_000)) })
	if size() != before {
		t.Fatal("the main file grew before the checkpoint")
	}
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if size() < before+100_000 {
		t.Fatalf("the main file has %d bytes, %d before", size(), before)
	}
	if total, err := db.Size(); err != nil || total < size() {
		t.Fatalf("Size is %d, %v", total, err)
	}
}

func TestRest_MovesTheLogOnceItIsWorthIt(t *testing.T) {
	db := open(t)
	grown := func(bytes int) bool {
		before, err := os.Stat(db.Path())
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(tx *localdb.Tx) error { return tx.SetMeta("a", make([]byte, bytes)) })
		if err := db.Rest(); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(db.Path())
		if err != nil {
			t.Fatal(err)
		}
		return after.Size() > before.Size()
	}
	if grown(100_000) {
		t.Error("a short log was moved")
	}
	if !grown(5_000_000) {
		t.Error("a long log was left")
	}
	if grown(200_000) {
		t.Error("what stands in the main file already was counted again")
	}
}

func TestFiles_HoldNothingReadable(t *testing.T) {
	db := open(t)
	const planted = "覃芊在家PLANTED"
	body := []byte(strings.Repeat(planted, 20))
	update(t, db, func(tx *localdb.Tx) error {
		c := change(1, id(1))
		c.Body = body
		return errors.Join(
			tx.SetMeta(planted, body), tx.AppendChange(c),
			tx.PutRecord(localdb.Record{ID: id(1), Kind: 1, Base: body, View: body, Pending: 1, Search: true}),
			tx.StageRecord(localdb.Record{ID: id(1), Kind: 1, Base: body}),
			tx.PutDraft(localdb.Draft{ID: id(1), Body: body}),
			tx.PutQuarantined(localdb.Quarantined{DeviceSeq: 1, Note: planted}))
	}, indexAll(func(r localdb.Record) (string, error) { return string(r.Shown()), nil }))
	scan := func(when string) {
		for _, path := range []string{db.Path(), db.Path() + "-wal"} {
			content, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			for _, text := range []string{"覃芊", "在家", "PLANTED", "CREATE", "device_seq", "SQLite format"} {
				if strings.Contains(string(content), text) {
					t.Errorf("%s: %q stands in %s", when, text, filepath.Base(path))
				}
			}
		}
	}
	scan("open")
	update(t, db, func(tx *localdb.Tx) error { return tx.DeleteRecord(id(1)) })
	if err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	scan("after a delete and a checkpoint")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	scan("closed")
}

func TestSchema_EveryTableAndColumnIsExplained(t *testing.T) {
	scripts, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("scripts %v, %v", scripts, err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(script), func(t *testing.T) { everyNameIsExplained(t, script) })
	}
}

func everyNameIsExplained(t *testing.T, path string) {
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(script), "\n")
	for i, line := range lines {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		column := strings.HasPrefix(line, "  ") && name == strings.ToLower(name) && name != "--" && !strings.HasPrefix(name, "content")
		for _, start := range []string{"CREATE TABLE ", "CREATE INDEX ", "CREATE VIRTUAL TABLE "} {
			if rest, ok := strings.CutPrefix(line, start); ok {
				name, _, _ = strings.Cut(rest, " ")
				column = true
			}
		}
		if !column {
			continue
		}
		comment := i - 1
		for strings.HasPrefix(strings.TrimSpace(lines[comment-1]), "--") {
			comment--
		}
		if want := "-- " + strings.TrimSuffix(name, ",") + " "; !strings.HasPrefix(strings.TrimSpace(lines[comment]), want) {
			t.Errorf("line %d: %s is not explained by %q", i+1, name, want)
		}
	}
}

func change(seq int, record syncengine.ID) localdb.Change {
	return localdb.Change{
		DeviceSeq: syncengine.DeviceSeq(seq), RecordID: record, Kind: 2, Base: syncengine.Coordinate{Epoch: 3, Seq: 4},
		GroupFirst: 1, Salt: []byte{1, 2}, Chain: syncengine.Chain{5, 31: 6}, Body: fmt.Appendf(nil, "body %d", seq),
	}
}
