package localdb_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/sqlitedisk"
	"onedoor/syncengine"
)

// writeInto is set in the environment of a re-executed test binary: the database it works on until it is killed.
const writeInto = "ONEDOOR_LOCALDB_TEST_WRITE"

func TestMain(m *testing.M) {
	if path := os.Getenv(writeInto); path != "" {
		if err := workForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// workForEver makes edits, stages pages and switches, and prints the number of each transaction once it is durable.
func workForEver(path string) error {
	db, err := localdb.Open(path, key, sqlitedisk.System{})
	if err != nil {
		return err
	}
	for {
		var n int64
		err := db.Update(func(tx *localdb.Tx) (err error) {
			if n, err = tx.MetaInt("n"); err != nil {
				return err
			}
			n++
			return errors.Join(work(tx, int(n)), tx.SetMetaInt("n", n))
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
		if n%17 == 0 {
			if err := db.Checkpoint(); err != nil {
				return err
			}
		}
	}
}

// rowsEach is what transaction n leaves: a change, a shown record of its own, and staged ones that each tenth shows.
const rowsEach = 8

func work(tx *localdb.Tx, n int) error {
	if err := tx.AppendChange(change(n, id(n))); err != nil {
		return err
	}
	if err := tx.PutRecord(localdb.Record{ID: id(n), Kind: 1, View: make([]byte, 900), Pending: 1}); err != nil {
		return err
	}
	for i := range rowsEach {
		r := localdb.Record{ID: id(n*rowsEach + i + 1<<20), Kind: 2, Base: make([]byte, 700), Search: true}
		if err := tx.StageRecord(r); err != nil {
			return err
		}
	}
	if n%10 != 0 {
		return nil
	}
	_, err := tx.Switch(nil)
	return errors.Join(err, tx.SetMetaInt("switched", int64(n)))
}

func TestKill_EachTransactionIsThereWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.db")
	for round := range 8 {
		acknowledged := killAfter(t, path, 1+round*7)
		db, err := localdb.Open(path, key, sqlitedisk.System{})
		if err != nil {
			t.Fatal(err)
		}
		view(t, db, func(tx *localdb.Tx) error { return checkWork(t, tx, acknowledged) })
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func checkWork(t *testing.T, tx *localdb.Tx, acknowledged int) error {
	t.Helper()
	n, err := tx.MetaInt("n")
	if err != nil || n < int64(acknowledged) {
		t.Fatalf("%d transactions, %d acknowledged, %v", n, acknowledged, err)
	}
	switched, err := tx.MetaInt("switched")
	if err != nil {
		return err
	}
	own, err := tx.Count(localdb.Query{Kind: 1})
	if err != nil {
		return err
	}
	pulled, err := tx.Count(localdb.Query{Kind: 2})
	if err != nil {
		return err
	}
	staged, _, err := tx.StagedCounts()
	last, _, errLast := tx.LastChange()
	if int64(own) != n || last.DeviceSeq != syncengine.DeviceSeq(n) || switched != n/10*10 ||
		int64(pulled) != switched*rowsEach || int64(staged) != (n-switched)*rowsEach {
		t.Fatalf("after %d transactions: %d own records, change %d, switched at %d, %d pulled, %d staged",
			n, own, last.DeviceSeq, switched, pulled, staged)
	}
	return errors.Join(err, errLast)
}

// killAfter starts a worker, reads n acknowledgements, kills it, and gives the last transaction it acknowledged.
func killAfter(t *testing.T, path string, n int) (acknowledged int) {
	t.Helper()
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), writeInto+"="+path)
	worker.Stderr = os.Stderr
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range n {
		if !lines.Scan() {
			t.Fatal("the worker ended by itself")
		}
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for more := true; more; more = lines.Scan() {
		if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
	}
	if err := worker.Wait(); err == nil {
		t.Fatal("the worker was not killed")
	}
	return acknowledged
}
