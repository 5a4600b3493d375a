package cryptvfs_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sqlitedisk"
)

// writeInto is set in the environment of a re-executed test binary: the database it writes to until it is killed.
const writeInto = "ONEDOOR_CRYPTVFS_TEST_WRITE"

func TestMain(m *testing.M) {
	if path := os.Getenv(writeInto); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver commits rows that follow each other and prints the number of each once it is durable.
func writeForEver(path string) error {
	v, err := registerForWriter()
	if err != nil {
		return err
	}
	if err := v.Create(path); err != nil && !os.IsExist(err) {
		return err
	}
	c, err := connect(v, path)
	if err != nil {
		return err
	}
	for _, q := range []string{"PRAGMA wal_autocheckpoint=20", "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b BLOB)"} {
		if err := run(c, q); err != nil {
			return err
		}
	}
	for {
		if err := run(c, "INSERT INTO t(b) VALUES(randomblob(3000))"); err != nil {
			return err
		}
		last, err := text(c, "SELECT max(a) FROM t")
		if err != nil {
			return err
		}
		fmt.Println(last)
	}
}

// The marked points are the acknowledgements: the writer is killed in the work after one of them, at another distance
// from the last checkpoint each time.
func TestKill_AcknowledgedRowsAreThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.db")
	acknowledged := 0
	for round := range 12 {
		acknowledged = killAfter(t, path, 1+round*round)
		v := register(t, writerKey)
		c, err := connect(v, path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		wantText(t, c, "PRAGMA integrity_check", "ok")
		got, err := text(c, "SELECT count(*) || ' ' || max(a) FROM t")
		var rows, last int
		if _, scanErr := fmt.Sscan(got, &rows, &last); err != nil || scanErr != nil || rows != last || last < acknowledged {
			t.Fatalf("round %d: %s rows and last, %d acknowledged: %v", round, got, acknowledged, err)
		}
		mustClose(t, c)
	}
	if acknowledged < 100 {
		t.Fatalf("only %d rows were written", acknowledged)
	}
}

// killAfter starts a writer, reads n acknowledgements, kills it, and gives the last row it acknowledged.
func killAfter(t *testing.T, path string, n int) (acknowledged int) {
	t.Helper()
	w := startWriter(t, path)
	for range n {
		w.next(t)
	}
	return w.kill(t)
}

// writer is a running writeForEver.
type writer struct {
	process *exec.Cmd
	lines   *bufio.Scanner
}

func startWriter(t *testing.T, path string) *writer {
	t.Helper()
	w := &writer{process: exec.Command(os.Args[0])}
	w.process.Env = append(os.Environ(), writeInto+"="+path)
	w.process.Stderr = os.Stderr
	out, err := w.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.lines = bufio.NewScanner(out)
	if err := w.process.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// next waits for an acknowledgement.
func (w *writer) next(t *testing.T) {
	t.Helper()
	if !w.lines.Scan() {
		t.Fatal("the writer ended by itself")
	}
}

// kill kills the writer and gives the last row it acknowledged, before the signal took effect included.
func (w *writer) kill(t *testing.T) (acknowledged int) {
	t.Helper()
	if err := w.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for more := true; more; more = w.lines.Scan() {
		var err error
		if acknowledged, err = strconv.Atoi(w.lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.process.Wait(); err == nil {
		t.Fatal("the writer was not killed")
	}
	return acknowledged
}

func TestOpen_ConnectionOfAnotherProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.db")
	w := startWriter(t, path)
	w.next(t)
	if c, err := connect(register(t, writerKey), path); !errors.Is(err, cryptvfs.ErrInUse) {
		t.Errorf("got %v, %v", c, err)
	}
	w.next(t)
	w.kill(t)
}

// writerKey is the key of the databases that writers write.
const writerKey = 5

func registerForWriter() (*cryptvfs.VFS, error) {
	return cryptvfs.Register(keyOf(writerKey), sqlitedisk.System{})
}
