package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// seeded gives a source that draws the same each run.
func seeded(n int) *rand.Rand { return rand.New(rand.NewPCG(uint64(n), 1)) }

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t testing.TB, d *disk.Disk, path, want string) {
	t.Helper()
	if got, err := d.Read(path); err != nil || string(got) != want {
		t.Errorf("%s holds %.60q, %v; want %.60q", path, got, err, want)
	}
}

func wantFiles(t testing.TB, d *disk.Disk, want ...string) {
	t.Helper()
	if got := d.Files("/"); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestPowerOff_ANameWithoutASyncOfItsFolderIsLost(t *testing.T) {
	d := disktest.New(t)
	must(t, d.Write("/a/kept.new", []byte("whole")), d.Rename("/a/kept.new", "/a/kept"), d.Write("/a/lost", []byte("whole")))
	d.PowerOff(disk.Everything, nil)
	if _, err := d.Read("/a/kept"); !errors.Is(err, syscall.EIO) {
		t.Errorf("reading without power: %v", err)
	}
	d.PowerOn()
	wantFiles(t, d, "/a/kept")
	wantContent(t, d, "/a/kept", "whole")
}

func TestPowerOff_ARemovedNameWithoutASyncComesBack(t *testing.T) {
	d := disktest.New(t)
	must(t, d.Write("/a.new", []byte("old")), d.Rename("/a.new", "/a"), d.Remove("/a"))
	if _, err := d.Size("/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file: %v", err)
	}
	d.PowerOff(disk.Everything, nil)
	d.PowerOn()
	wantContent(t, d, "/a", "old")
}

func TestPowerOff_AProcessThatIsKilledLosesNothing(t *testing.T) {
	d := disktest.New(t)
	must(t, d.Write("/a", []byte("whole")))
	d.PowerOff(disk.Nothing, nil)
	d.PowerOn()
	wantContent(t, d, "/a", "whole")
}

func TestLockFile_EndsWithItsHolderOrThePower(t *testing.T) {
	d := disktest.New(t)
	held, err := d.LockFile("/lock")
	must(t, err)
	if _, err := d.LockFile("/lock"); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("a second holder: %v", err)
	}
	d.PowerOff(disk.Nothing, nil)
	d.PowerOn()
	again, err := d.LockFile("/lock")
	must(t, err, held.Close())
	if _, err := d.LockFile("/lock"); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("a holder from before the power went gave up the lock of another: %v", err)
	}
	must(t, again.Close())
}

func TestFailAfter_FailsAsOftenAsItWasToldAndThenGoesOn(t *testing.T) {
	d := disktest.New(t)
	must(t, d.Write("/a", []byte("first")))
	d.FailAfter(2, 1)
	if err := d.Write("/a", []byte("second")); !errors.Is(err, syscall.EIO) {
		t.Errorf("the third step: %v", err)
	}
	must(t, d.Write("/a", []byte("third")))
	wantContent(t, d, "/a", "third")
}

func TestFullAfter_WritesWhatThereIsRoomFor(t *testing.T) {
	d := disktest.New(t)
	must(t, d.Write("/a", []byte("12345")))
	d.FullAfter(3)
	if err := d.Write("/b", []byte("12345")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("five bytes where three fit: %v", err)
	}
	wantContent(t, d, "/b", "123")
	if err := d.Probe("/p", 0, 1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("probing a full disk: %v", err)
	}
	d.Heal()
	must(t, d.Write("/b", []byte("12345")))
}

func TestPutBack_MakesAFolderWhatItWasAndClonesAPhone(t *testing.T) {
	phone, clone := disktest.New(t), disktest.New(t)
	must(t, phone.Write("/data/x", []byte("old")))
	backup := phone.Snapshot("/data")
	must(t, phone.Write("/data/x", []byte("new")), phone.Write("/data/y", []byte("more")))
	phone.PutBack("/data", backup)
	clone.PutBack("/other", backup)
	for _, d := range []*disk.Disk{phone, clone} {
		d.PowerOff(disk.Everything, nil)
		d.PowerOn()
	}
	wantFiles(t, phone, "/data/x")
	wantContent(t, phone, "/data/x", "old")
	wantContent(t, clone, "/other/x", "old")
}

// connect opens a database on the disk with the given journal. EXTRA is FULL for a log; a rollback journal's removal is
// synced with EXTRA alone, so that with FULL the power can take back the last commit.
func connect(d *disk.Disk, journal string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn("file:/d/x.db?vfs="+d.VFS(), sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	for _, q := range []string{"PRAGMA journal_mode = " + journal, "PRAGMA synchronous = EXTRA", "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b TEXT)"} {
		if err := sqlitex.ExecuteTransient(c, q, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// rows reads the numbers in the table and checks the file.
func rows(t testing.TB, c *sqlite.Conn) (numbers []int) {
	t.Helper()
	must(t, sqlitex.Execute(c, "SELECT a FROM t", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		numbers = append(numbers, s.ColumnInt(0))
		return nil
	}}))
	must(t, sqlitex.Execute(c, "PRAGMA integrity_check", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			t.Error(text)
		}
		return nil
	}}))
	return numbers
}

// numbered begins a statement that inserts rows from the numbers 2 to last.
func numbered(last int) string {
	return fmt.Sprintf("INSERT INTO t WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n+1 FROM numbers WHERE n < %d) ", last)
}

// fill is the transaction that is cut: rows on several pages.
func fill(c *sqlite.Conn) error {
	return sqlitex.ExecuteTransient(c, numbered(13)+"SELECT n, hex(randomblob(400)) FROM numbers", nil)
}

// attempt runs fill on a disk whose power goes after n steps, and reports whether it went and what fill said.
func attempt(t *testing.T, journal string, n int, loss disk.Loss) (d *disk.Disk, went bool, filled error) {
	t.Helper()
	d = disktest.New(t)
	c, err := connect(d, journal)
	must(t, err)
	must(t, sqlitex.ExecuteTransient(c, "INSERT INTO t VALUES (1, 'before')", nil))
	d.PowerOffAfter(n, loss, seeded(n))
	filled = fill(c)
	if filled == nil { // What comes after the commit may be cut too.
		_ = sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	}
	_ = c.Close()
	went = d.Off()
	d.PowerOn()
	return d, went, filled
}

// TestEngine_ATransactionIsThereWholeOrNotAtAllWhereverThePowerGoes tries every step of a transaction, its checkpoint
// and the close, with every kind of loss.
func TestEngine_ATransactionIsThereWholeOrNotAtAllWhereverThePowerGoes(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		for _, loss := range disk.Losses {
			t.Run(journal+" "+loss.String(), func(t *testing.T) {
				whole, none := 0, 0
				for n, went := 0, true; went; n++ {
					var d *disk.Disk
					var filled error
					d, went, filled = attempt(t, journal, n, loss)
					c, err := connect(d, journal)
					if err != nil {
						t.Fatalf("after step %d: %v", n, err)
					}
					switch got := len(rows(t, c)); {
					case got == 13:
						whole++
					case got == 1 && filled != nil:
						none++
					default:
						t.Errorf("after step %d: %d rows, the commit said %v", n, got, filled)
					}
					must(t, c.Close())
				}
				if whole < 1 || none < 3 {
					t.Errorf("%d times whole, %d times nothing: too few to mean anything", whole, none)
				}
			})
		}
	}
}

func TestEngine_AFullDiskUndoesTheTransactionAndGoesOn(t *testing.T) {
	d := disktest.New(t)
	c, err := connect(d, "WAL")
	must(t, err)
	d.FullAfter(9000)
	if err := fill(c); sqlite.ErrCode(err) != sqlite.ResultFull {
		t.Errorf("filling a full disk: %v", err)
	}
	if got := rows(t, c); len(got) != 0 {
		t.Errorf("rows %v of a transaction that was refused", got)
	}
	d.Heal()
	must(t, fill(c))
	if got := rows(t, c); len(got) != 12 {
		t.Errorf("rows %v", got)
	}
	must(t, c.Close())
}

func TestEngine_AnErrorAtAnyStepIsSaidAndLeavesAllOrNothing(t *testing.T) {
	for n := 0; ; n++ {
		d := disktest.New(t)
		c, err := connect(d, "WAL")
		must(t, err)
		before := d.Steps()
		d.FailAfter(n, 1)
		filled := fill(c)
		d.Heal()
		got := len(rows(t, c))
		if filled == nil && got != 12 || filled != nil && got != 0 {
			t.Errorf("step %d failed: %d rows, the commit said %v", n, got, filled)
		}
		steps := d.Steps() - before
		must(t, c.Close())
		if steps <= n {
			if n < 5 {
				t.Errorf("only %d steps were tried", n)
			}
			return
		}
	}
}

func TestEngine_ConnectionsSeeEachOthersCommitsAndLocks(t *testing.T) {
	d := disktest.New(t)
	writer, err := connect(d, "WAL")
	must(t, err)
	reader, err := connect(d, "WAL")
	must(t, err)
	must(t, fill(writer))
	if got := rows(t, reader); len(got) != 12 {
		t.Errorf("the other connection sees %v", got)
	}
	reader.SetBusyTimeout(0)
	must(t, sqlitex.ExecuteTransient(writer, "BEGIN IMMEDIATE", nil))
	if err := sqlitex.ExecuteTransient(reader, "BEGIN IMMEDIATE", nil); sqlite.ErrCode(err) != sqlite.ResultBusy {
		t.Errorf("a second writer: %v", err)
	}
	must(t, sqlitex.ExecuteTransient(writer, "COMMIT", nil), reader.Close(), writer.Close())
	wantFiles(t, d, "/d/x.db")
}

// TestPowerOff_TheSameSeedLeavesTheSameBytes compares disks after writes that the engine does not vary.
func TestPowerOff_TheSameSeedLeavesTheSameBytes(t *testing.T) {
	left := func(seed int) []byte {
		d := disktest.New(t)
		must(t, d.Write("/x.new", bytes.Repeat([]byte("a"), 9000)), d.Rename("/x.new", "/x"))
		c, err := connect(d, "DELETE")
		must(t, err)
		d.PowerOffAfter(14, disk.Sectors, seeded(seed))
		_ = sqlitex.ExecuteTransient(c, numbered(400)+"SELECT n, 'text' FROM numbers", nil)
		_ = c.Close()
		d.PowerOn()
		content, err := d.Read("/d/x.db")
		must(t, err)
		return content
	}
	kinds := make(map[string]bool)
	for seed := range 8 {
		first := left(seed)
		if !bytes.Equal(first, left(seed)) {
			t.Errorf("seed %d left different bytes", seed)
		}
		kinds[string(first)] = true
	}
	if len(kinds) < 2 {
		t.Error("every seed left the same bytes")
	}
}

func TestClose_WaitsForNobodyAndSaysSo(t *testing.T) {
	d, err := disk.New()
	must(t, err)
	c, err := connect(d, "WAL")
	must(t, err)
	if err := d.Close(); !errors.Is(err, syscall.EBUSY) || !strings.Contains(err.Error(), d.VFS()) {
		t.Errorf("closing a disk in use: %v", err)
	}
	must(t, c.Close(), d.Close())
}
