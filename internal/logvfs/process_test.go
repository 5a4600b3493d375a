package logvfs_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"

	"onedoor/internal/sqlitedisk"
)

// readsPath has the test binary be another process, which reads the database there without the VFS.
const readsPath = "LOGVFS_READS_PATH"

func TestMain(m *testing.M) {
	path := os.Getenv(readsPath)
	if path == "" {
		os.Exit(m.Run())
	}
	if err := readWhenAsked(path); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// readWhenAsked prints what the database holds for each line that comes in.
func readWhenAsked(path string) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer conn.Close()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		answer, err := tryToAsk(conn, content)
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return nil
}

// elsewhere is another process that has the database open.
type elsewhere struct {
	t      *testing.T
	asks   io.Writer
	answer *bufio.Scanner
}

func readElsewhere(t *testing.T, path string) *elsewhere {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), readsPath+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	})
	return &elsewhere{t, in, bufio.NewScanner(out)}
}

// holds gives what the other process reads now.
func (e *elsewhere) holds() string {
	e.t.Helper()
	if _, err := io.WriteString(e.asks, "\n"); err != nil {
		e.t.Fatal(err)
	}
	if !e.answer.Scan() {
		e.t.Fatalf("the other process says nothing: %v", e.answer.Err())
	}
	return e.answer.Text()
}

// TestVFS_AnotherProcessReadsEachCommitAndNothingOfATransactionUnderWay writes to a file of the system and flushes nothing: what the
// shared index of the log names must be in the file when it names it. Checkpoints begin the log anew meanwhile.
func TestVFS_AnotherProcessReadsEachCommitAndNothingOfATransactionUnderWay(t *testing.T) {
	v := over(t, sqlitedisk.System{})
	path := filepath.Join(t.TempDir(), "records.db")
	conn, random := connect(t, v.Name(), path), rand.New(rand.NewPCG(11, 7))
	run(t, conn, "PRAGMA synchronous = OFF")
	run(t, conn, "PRAGMA wal_autocheckpoint = 200")
	run(t, conn, table)
	other := readElsewhere(t, path)
	for i := range 60 {
		run(t, conn, fmt.Sprintf("PRAGMA cache_size = %d", []int{5, 2000}[i%2]))
		before := ask(t, conn, content)
		run(t, conn, "BEGIN")
		for range 1 + random.IntN(40) {
			run(t, conn, put, random.IntN(100), []int{10, 3000, 9000}[random.IntN(3)])
		}
		if got := other.holds(); got != before {
			t.Fatalf("within transaction %d another process reads %.80s instead of %.80s", i, got, before)
		}
		run(t, conn, []string{"COMMIT", "COMMIT", "ROLLBACK"}[random.IntN(3)])
		if got, want := other.holds(), ask(t, conn, content); got != want {
			t.Fatalf("after transaction %d another process reads %.80s instead of %.80s", i, got, want)
		}
	}
}
