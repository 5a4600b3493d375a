package logvfs_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"onedoor/internal/logvfs"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
	"onedoor/internal/sqlitedisk"
)

// path is where the database of a test stands on its disk.
const path = "/folder/records.db"

// stand makes a disk and a VFS over it, both until the test ends.
func stand(t *testing.T) (*disk.Disk, *logvfs.VFS) {
	t.Helper()
	d := disktest.New(t)
	return d, over(t, d)
}

// over makes a VFS over a disk until the test ends.
func over(t *testing.T, d sqlitedisk.Disk) *logvfs.VFS {
	t.Helper()
	v, err := logvfs.Register(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// connect opens a connection with a log; the test closes it, or its end does.
func connect(t *testing.T, vfs, path string) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.OpenConn("file:"+path+"?vfs="+url.QueryEscape(vfs), sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenURI)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // It may be closed already.
	run(t, conn, "PRAGMA journal_mode = WAL")
	return conn
}

func run(t *testing.T, conn *sqlite.Conn, query string, args ...any) {
	t.Helper()
	if err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{Args: args}); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func ask(t *testing.T, conn *sqlite.Conn, query string) string {
	t.Helper()
	answer, err := tryToAsk(conn, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func tryToAsk(conn *sqlite.Conn, query string) (answer string, err error) {
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		answer = row.ColumnText(0)
		return nil
	}})
	return answer, err
}

const (
	table   = "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)"
	put     = "INSERT OR REPLACE INTO t VALUES(?, randomblob(?))"
	content = "SELECT count(*) || ' rows ' || coalesce(group_concat(a || hex(substr(b, 1, 4)) ORDER BY a), '') FROM t"
)

// left is what a process that dies now leaves to the next one: the files as the system has them, opened without the VFS.
func left(t *testing.T, d *disk.Disk, number int) (holds, whole string) {
	t.Helper()
	return leftOf(t, d, number, content)
}

// leftOf is left for another question.
func leftOf(t *testing.T, d *disk.Disk, number int, query string) (holds, whole string) {
	t.Helper()
	copied := fmt.Sprintf("/copy-%d.db", number)
	for _, suffix := range []string{"", "-wal"} {
		b, err := d.Read(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(copied+suffix, b); err != nil {
			t.Fatal(err)
		}
	}
	conn := connect(t, d.VFS(), copied)
	defer conn.Close()
	return ask(t, conn, query), ask(t, conn, "PRAGMA integrity_check")
}

// TestVFS_WhatIsCommittedIsTheSystems draws transactions, some so large for the cache that pages are written before the
// commit and once more with it, some that are rolled back. After each, also where nothing is ever flushed, the files hold
// what the connection says, to the byte that the engine's check asks for.
func TestVFS_WhatIsCommittedIsTheSystems(t *testing.T) {
	for _, synchronous := range []string{"OFF", "NORMAL", "FULL"} {
		t.Run(synchronous, func(t *testing.T) {
			d, v := stand(t)
			conn, random := connect(t, v.Name(), path), rand.New(rand.NewPCG(7, 7))
			run(t, conn, "PRAGMA synchronous = "+synchronous)
			run(t, conn, "PRAGMA wal_autocheckpoint = 300")
			run(t, conn, table)
			for i := range 60 {
				run(t, conn, fmt.Sprintf("PRAGMA cache_size = %d", []int{5, 2000}[i%2]))
				run(t, conn, "BEGIN")
				for range 1 + random.IntN(60) {
					run(t, conn, put, random.IntN(200), []int{10, 3000, 9000}[random.IntN(3)])
				}
				run(t, conn, []string{"COMMIT", "COMMIT", "ROLLBACK"}[random.IntN(3)])
				holds, whole := left(t, d, i)
				if want := ask(t, conn, content); holds != want || whole != "ok" {
					t.Fatalf("after transaction %d the files hold %.80s, %s; the connection %.80s", i, holds, whole, want)
				}
			}
		})
	}
}

func TestVFS_AConnectionWithoutItSeesEachCommit(t *testing.T) {
	d, v := stand(t)
	conn := connect(t, v.Name(), path)
	run(t, conn, "PRAGMA synchronous = OFF")
	run(t, conn, table)
	other := connect(t, d.VFS(), path)
	for i := range 50 {
		run(t, conn, put, i, 100*i)
		if got, want := ask(t, other, content), ask(t, conn, content); got != want {
			t.Fatalf("after commit %d the other connection sees %.80s instead of %.80s", i, got, want)
		}
	}
}

func TestVFS_ACommitOfManyPagesIsWrittenInFewPieces(t *testing.T) {
	steps := func(d *disk.Disk, vfs string) int {
		conn := connect(t, vfs, path)
		defer conn.Close()
		run(t, conn, table)
		run(t, conn, "BEGIN")
		for i := range 300 {
			run(t, conn, put, i, 3000)
		}
		before := d.Steps()
		run(t, conn, "COMMIT")
		return d.Steps() - before
	}
	plain, _ := stand(t)
	d, v := stand(t)
	each, gathered := steps(plain, plain.VFS()), steps(d, v.Name())
	if each < 600 || gathered > 40 {
		t.Errorf("a commit of 300 pages takes %d steps without the VFS and %d with it", each, gathered)
	}
}

func TestVFS_ACommitThatCannotBeWrittenFailsAndLeavesTheOneBefore(t *testing.T) {
	d, v := stand(t)
	conn := connect(t, v.Name(), path)
	run(t, conn, table)
	run(t, conn, put, 1, 100)
	before := ask(t, conn, content)
	for after := range 12 {
		run(t, conn, "BEGIN")
		for i := range 200 {
			run(t, conn, put, i, 3000)
		}
		d.FailAfter(after, 1)
		err := sqlitex.ExecuteTransient(conn, "COMMIT", nil)
		d.Heal()
		if err == nil {
			t.Fatalf("a commit whose step %d failed is said to be done", after)
		}
		if !conn.AutocommitEnabled() {
			run(t, conn, "ROLLBACK")
		}
		if got := ask(t, conn, content); got != before {
			t.Fatalf("after a commit whose step %d failed: %.80s instead of %.80s", after, got, before)
		}
	}
	run(t, conn, put, 2, 100)
	holds, whole := left(t, d, 0)
	if want := ask(t, conn, content); holds != want || whole != "ok" {
		t.Errorf("a later commit leaves %.80s, %s; the connection has %.80s", holds, whole, want)
	}
}
