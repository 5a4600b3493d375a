package cryptvfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"onedoor/client-sdk/internal/cryptvfs"

	"zombiezen.com/go/sqlite"
)

// checkpointed and logged are the rows of the damaged databases: the first stand in the main file, the rest in the log,
// one commit each. The body of a row follows from its number.
const (
	checkpointed = 300
	logged       = 40
	bodyOf       = "CAST(printf('%0400d', a*7919) || printf('%0*d', a*20, a) AS BLOB)"
)

// damageable gives the files of such a database.
func damageable(t *testing.T, v *cryptvfs.VFS) map[string][]byte {
	t.Helper()
	c, path := made(t, v)
	defer c.Close()
	mustRun(t, c, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)")
	mustRun(t, c, "PRAGMA wal_autocheckpoint=0")
	insert := "WITH RECURSIVE n(a) AS (SELECT ?1 UNION ALL SELECT a+1 FROM n WHERE a<?2)" +
		" INSERT INTO t SELECT a, " + bodyOf + " FROM n"
	mustRun(t, c, insert, 1, checkpointed)
	mustRun(t, c, "PRAGMA wal_checkpoint(TRUNCATE)")
	for i := 1; i <= logged; i++ {
		mustRun(t, c, insert, checkpointed+i, checkpointed+i)
	}
	return files(t, path)
}

// readBack opens a copy of the files and gives the number of rows. It fails the test where they are not a prefix of
// the commits or hold other bytes than were written.
func readBack(t *testing.T, v *cryptvfs.VFS, content map[string][]byte) (rows int, err error) {
	t.Helper()
	path := copyOf(t, content)
	c, err := connect(v, path)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var last, other string
	if other, err = text(c, "SELECT count(*) FROM t WHERE b <> "+bodyOf); err != nil {
		return 0, err
	}
	if last, err = text(c, "SELECT count(*) || ' ' || max(a) FROM t"); err != nil {
		return 0, err
	}
	check, err := text(c, "PRAGMA integrity_check")
	if err != nil {
		return 0, err
	}
	var max int
	if _, err := fmt.Sscan(last, &rows, &max); err != nil || rows != max || rows < checkpointed || other != "0" || check != "ok" {
		t.Fatalf("rows %s, %s with other bytes, integrity %s", last, other, check)
	}
	return rows, nil
}

func TestDamage_AlteredBitIsRefusedOrUnread(t *testing.T) {
	v := register(t, 3)
	sound := damageable(t, v)
	for _, name := range []string{"phone.db", "phone.db-wal"} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			refused, prefix := 0, 0
			for range 120 {
				altered := maps.Clone(sound)
				altered[name] = bytes.Clone(sound[name])
				at := random.IntN(len(altered[name]))
				altered[name][at] ^= 1 << random.IntN(8)
				switch rows, err := readBack(t, v, altered); {
				case errors.Is(err, cryptvfs.ErrDamaged):
					refused++
				case err != nil:
					t.Fatalf("byte %d: %v", at, err)
				case rows < checkpointed+logged:
					prefix++
				}
			}
			if name == "phone.db" && (prefix > 0 || refused < 100) || name == "phone.db-wal" && prefix < 100 {
				t.Fatalf("%d refused, %d read as a prefix", refused, prefix)
			}
		})
	}
}

func TestDamage_CutLogReadsAsThePrefixBeforeIt(t *testing.T) {
	v := register(t, 3)
	sound := damageable(t, v)
	random := rand.New(rand.NewPCG(2, 2))
	length := len(sound["phone.db-wal"])
	cuts := []int{0, 1, 31, 32, 33, 55, 56, 57, length - 1, length}
	for range 60 {
		cuts = append(cuts, random.IntN(length))
	}
	for _, cut := range cuts {
		altered := maps.Clone(sound)
		altered["phone.db-wal"] = sound["phone.db-wal"][:cut]
		rows, err := readBack(t, v, altered)
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, length, err)
		}
		if full := rows == checkpointed+logged; full != (cut == length) {
			t.Fatalf("cut at %d of %d: %d rows", cut, length, rows)
		}
	}
}

func TestDamage_CutMainFileIsRefused(t *testing.T) {
	v := register(t, 3)
	sound := damageable(t, v)
	length := len(sound["phone.db"])
	for _, cut := range []int{0, 1, 100, 4095, 4096, length / 2, length - 12*4096, length - 4096, length - 4095, length - 1} {
		altered := maps.Clone(sound)
		altered["phone.db"] = sound["phone.db"][:cut]
		if _, err := readBack(t, v, altered); !errors.Is(err, cryptvfs.ErrDamaged) && cut <= length-12*4096 {
			t.Errorf("cut at %d of %d, beside its log: %v", cut, length, err)
		}
		delete(altered, "phone.db-wal")
		if _, err := readBack(t, v, altered); !errors.Is(err, cryptvfs.ErrDamaged) {
			t.Errorf("cut at %d of %d: %v", cut, length, err)
		}
	}
}

func TestDamage_PageAtAnotherPlaceIsRefused(t *testing.T) {
	v := register(t, 3)
	altered := damageable(t, v)
	delete(altered, "phone.db-wal")
	main := altered["phone.db"]
	a, b := main[5*4096:6*4096], main[6*4096:7*4096]
	page := bytes.Clone(a)
	copy(a, b)
	copy(b, page)
	if _, err := readBack(t, v, altered); !errors.Is(err, cryptvfs.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
}

// Power that fails while a checkpoint writes page 1 leaves half of it; the log still has the whole.
func TestDamage_TornFirstPageIsTakenFromTheLog(t *testing.T) {
	v := register(t, 3)
	torn := damageable(t, v)
	c, err := connect(v, copyOf(t, torn))
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, c)
	torn["phone.db"] = bytes.Clone(torn["phone.db"])
	clear(torn["phone.db"][:2048])
	rows, err := readBack(t, v, torn)
	if err != nil || rows != checkpointed+logged {
		t.Fatalf("%d rows, %v", rows, err)
	}
	delete(torn, "phone.db-wal")
	if _, err := readBack(t, v, torn); !errors.Is(err, cryptvfs.ErrDamaged) {
		t.Fatalf("without the log: %v", err)
	}
}

func TestDamage_AlteredMarkIsNotTakenForAWrongKey(t *testing.T) {
	v := register(t, 3)
	altered := damageable(t, v)
	delete(altered, "phone.db-wal")
	altered["phone.db"][4095] ^= 1
	if _, err := readBack(t, v, altered); !errors.Is(err, cryptvfs.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
}

func TestLog_PageOfAnEarlierRoundIsRefused(t *testing.T) {
	const frame, page = 24 + 4096, 4096
	v := register(t, 3)
	c, path := made(t, v)
	defer c.Close()
	mustRun(t, c, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)")
	mustRun(t, c, "INSERT INTO t VALUES(1, NULL)")
	logOf := func(value string) []byte {
		mustRun(t, c, "PRAGMA wal_checkpoint(RESTART)")
		mustRun(t, c, "UPDATE t SET b = ? WHERE a = 1", value)
		return files(t, path)["phone.db-wal"]
	}
	before, now := logOf("before"), logOf("now")
	if !bytes.Equal(before[32:36], now[32:36]) || bytes.Equal(before[56:32+frame], now[56:32+frame]) {
		t.Fatal("the first frames of the two rounds do not hold the same page")
	}
	writeAt(t, path+"-wal", 32+24, before[32+24:32+24+page])
	dropCache(t, c)
	if err := run(c, "SELECT b FROM t WHERE a = 1"); !errors.Is(err, cryptvfs.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	writeAt(t, path+"-wal", 32+24, now[32+24:32+24+page])
	wantText(t, c, "SELECT b FROM t WHERE a = 1", "now")
}

func writeAt(t *testing.T, path string, offset int64, content []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(content, offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// dropCache makes the engine forget the pages it holds.
func dropCache(t *testing.T, c *sqlite.Conn) {
	t.Helper()
	mustRun(t, c, "PRAGMA shrink_memory")
}
