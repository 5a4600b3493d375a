package cryptvfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sqlitedisk"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// keyOf makes a key that is as good as random for these tests.
func keyOf(b byte) (key [32]byte) {
	for i := range key {
		key[i] = b*31 + byte(i)*7
	}
	return key
}

func register(t testing.TB, key byte) *cryptvfs.VFS {
	t.Helper()
	v, err := cryptvfs.Register(keyOf(key), sqlitedisk.System{})
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

// connect opens a connection as the package comment asks for and runs a query, so that the file is locked and read.
func connect(v *cryptvfs.VFS, path string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn("file:"+path+"?vfs="+v.Name(), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return nil, cryptvfs.Explain(err)
	}
	c.SetBusyTimeout(0)
	for _, pragma := range []string{"locking_mode=EXCLUSIVE", "temp_store=MEMORY", "synchronous=FULL", "user_version"} {
		if err := run(c, "PRAGMA "+pragma); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// made gives a connection to a fresh database.
func made(t testing.TB, v *cryptvfs.VFS) (c *sqlite.Conn, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "phone.db")
	if err := v.Create(path); err != nil {
		t.Fatal(err)
	}
	c, err := connect(v, path)
	if err != nil {
		t.Fatal(err)
	}
	return c, path
}

func run(c *sqlite.Conn, query string, args ...any) error {
	return cryptvfs.Explain(sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args}))
}

func mustRun(t testing.TB, c *sqlite.Conn, query string, args ...any) {
	t.Helper()
	if err := run(c, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// text gives the first column of a query's first row.
func text(c *sqlite.Conn, query string) (s string, err error) {
	err = sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		s = row.ColumnText(0)
		return nil
	}})
	return s, cryptvfs.Explain(err)
}

func wantText(t testing.TB, c *sqlite.Conn, query, want string) {
	t.Helper()
	if got, err := text(c, query); err != nil || got != want {
		t.Fatalf("%s: got %q, %v; want %q", query, got, err, want)
	}
}

func mustClose(t testing.TB, c *sqlite.Conn) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// files gives the content of every file of a database.
func files(t testing.TB, path string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil {
		t.Fatal(err)
	}
	content := make(map[string][]byte)
	for _, p := range paths {
		if content[filepath.Base(p)], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	return content
}

func TestCreate_TheEngineTakesTheEmptyDatabaseForItsOwn(t *testing.T) {
	c, _ := made(t, register(t, 1))
	defer c.Close()
	wantText(t, c, "PRAGMA journal_mode", "wal")
	wantText(t, c, "PRAGMA page_size", "4096")
	wantText(t, c, "PRAGMA page_count", "1")
	wantText(t, c, "PRAGMA encoding", "UTF-8")
	wantText(t, c, "PRAGMA integrity_check", "ok")
}

func TestCreate_LeavesADatabaseAlone(t *testing.T) {
	v := register(t, 1)
	c, path := made(t, v)
	mustRun(t, c, "CREATE TABLE t(a)")
	before := files(t, path)
	if err := v.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("second Create: %v", err)
	}
	mustRun(t, c, "INSERT INTO t VALUES(1)")
	if !bytes.Equal(before["phone.db"], files(t, path)["phone.db"]) {
		t.Fatal("Create wrote to the database")
	}
	mustClose(t, c)
}

// A crash inside Create can leave these states and no others, since the name changes last.
func TestCreate_ReplacesWhatACrashInsideItLeft(t *testing.T) {
	v := register(t, 1)
	for name, rest := range map[string][]byte{
		"nothing written": {}, "half a page": make([]byte, 2048), "a page of another key": make([]byte, 4096),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "phone.db")
			if err := os.WriteFile(path+"-new", rest, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := v.Create(path); err != nil {
				t.Fatal(err)
			}
			c, err := connect(v, path)
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, c, "PRAGMA integrity_check", "ok")
			mustClose(t, c)
			if got := files(t, path); len(got) != 1 {
				t.Fatalf("%d files are left", len(got))
			}
		})
	}
}

func TestCreate_OneOfManyAtOnceMakesTheDatabase(t *testing.T) {
	v := register(t, 1)
	path := filepath.Join(t.TempDir(), "phone.db")
	var makers atomic.Int32
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			switch err := v.Create(path); {
			case err == nil:
				makers.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := makers.Load(); n != 1 {
		t.Fatalf("%d made it", n)
	}
}

func TestCreate_RefusesToStandBesideTheLogOfALostMainFile(t *testing.T) {
	v := register(t, 1)
	path := filepath.Join(t.TempDir(), "phone.db")
	if err := os.WriteFile(path+"-wal", []byte("log"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.Create(path); !errors.Is(err, cryptvfs.ErrDamaged) {
		t.Fatalf("got %v", err)
	}
	if got := files(t, path); len(got) != 1 {
		t.Fatalf("%d files", len(got))
	}
}

func TestCreate_NamesTheFolderThatIsMissing(t *testing.T) {
	err := register(t, 1).Create(filepath.Join(t.TempDir(), "none", "phone.db"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
}

func TestCreate_NamesTheFolderThatCannotBeWritten(t *testing.T) {
	err := register(t, 1).Create(filepath.Join(unwritableFolder(t), "phone.db"))
	if !errors.Is(err, cryptvfs.ErrNotWritable) {
		t.Fatalf("got %v", err)
	}
}

// unwritableFolder gives a folder in which this process cannot make a file: root may write anywhere but in the kernel's.
func unwritableFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() == 0 {
		return "/sys"
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestOpen_LogThatCannotBeWrittenIsNamed(t *testing.T) {
	v := register(t, 1)
	path := filepath.Join(t.TempDir(), "phone.db")
	if err := errors.Join(v.Create(path), os.Mkdir(path+"-wal", 0o700)); err != nil {
		t.Fatal(err)
	}
	if c, err := connect(v, path); !errors.Is(err, cryptvfs.ErrNotWritable) {
		t.Fatalf("got %v, %v", c, err)
	}
}

func TestClose_WaitsForConnectionsAndUnregisters(t *testing.T) {
	v, err := cryptvfs.Register(keyOf(1), sqlitedisk.System{})
	if err != nil {
		t.Fatal(err)
	}
	c, path := made(t, v)
	if err := v.Close(); !errors.Is(err, cryptvfs.ErrInUse) {
		t.Fatalf("closed under a connection: %v", err)
	}
	mustRun(t, c, "CREATE TABLE t(a)")
	mustClose(t, c)
	for range 2 {
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := connect(v, path); err == nil || !strings.Contains(err.Error(), "SQL logic error") {
		t.Fatalf("the VFS is still there: %v", err)
	}
}

func TestOpen_SecondConnectionIsRefused(t *testing.T) {
	v := register(t, 1)
	c, path := made(t, v)
	defer c.Close()
	mustRun(t, c, "CREATE TABLE t(a)")
	if _, err := connect(v, path); !errors.Is(err, cryptvfs.ErrInUse) {
		t.Fatalf("got %v", err)
	}
	other := register(t, 1)
	if _, err := connect(other, path); !errors.Is(err, cryptvfs.ErrInUse) {
		t.Fatalf("through another VFS: %v", err)
	}
	mustRun(t, c, "INSERT INTO t VALUES(1)")
}

func TestOpen_WrongKeyIsNamedAndNothingIsTouched(t *testing.T) {
	v, wrong := register(t, 1), register(t, 2)
	path := leftByACrash(t, v, "CREATE TABLE t(a)", "INSERT INTO t VALUES('kept')")
	before := files(t, path)
	if len(before["phone.db-wal"]) == 0 {
		t.Fatal("the log is not there: the test shows nothing")
	}
	if _, err := connect(wrong, path); !errors.Is(err, cryptvfs.ErrKey) {
		t.Fatalf("got %v", err)
	}
	for name, content := range files(t, path) {
		if !bytes.Equal(content, before[name]) {
			t.Errorf("%s changed", name)
		}
	}
	c, err := connect(v, path)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, c, "SELECT a FROM t", "kept")
	mustClose(t, c)
}

// leftByACrash gives a database whose statements stand in the log alone, as when the process had been killed.
func leftByACrash(t testing.TB, v *cryptvfs.VFS, statements ...string) (path string) {
	t.Helper()
	c, original := made(t, v)
	defer c.Close()
	for _, s := range statements {
		mustRun(t, c, s)
	}
	return copyOf(t, files(t, original))
}

// copyOf writes the files of a database to a folder of their own.
func copyOf(t testing.TB, content map[string][]byte) (path string) {
	t.Helper()
	folder := t.TempDir()
	for name, b := range content {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "phone.db")
}

func TestFiles_OtherKindsAreRefused(t *testing.T) {
	c, path := made(t, register(t, 1))
	mustRun(t, c, "CREATE TABLE t(a)")
	if mode, err := text(c, "PRAGMA journal_mode=DELETE"); err == nil && mode != "wal" {
		if err := run(c, "INSERT INTO t VALUES('planted')"); err == nil {
			t.Fatalf("wrote in journal mode %s", mode)
		}
	}
	mustRun(t, c, "PRAGMA temp_store=FILE")
	mustRun(t, c, "PRAGMA cache_spill=1")
	err := run(c, "CREATE TEMP TABLE x AS SELECT randomblob(4000) FROM"+
		" (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) SELECT i FROM n)")
	if err == nil {
		t.Fatal("a temporary file was opened")
	}
	c.Close()
	for name := range files(t, path) {
		if name != "phone.db" && name != "phone.db-wal" {
			t.Errorf("%s was made", name)
		}
	}
}

func TestFiles_NoPlantedTextIsReadable(t *testing.T) {
	planted := []string{"planted", "覃芊在家", "plantedtable", "CREATE TABLE", "SQLite format 3"}
	scan := func(t *testing.T, path, when string) {
		for name, content := range files(t, path) {
			for _, p := range planted {
				if bytes.Contains(content, []byte(p)) {
					t.Errorf("%s: %q stands in %s", when, p, name)
				}
			}
		}
	}
	c, path := made(t, register(t, 1))
	mustRun(t, c, "CREATE TABLE plantedtable(a INTEGER PRIMARY KEY, b TEXT)")
	mustRun(t, c, "CREATE VIRTUAL TABLE words USING fts5(b, content='', contentless_delete=1, detail=none)")
	for i := range 300 {
		mustRun(t, c, "INSERT INTO plantedtable VALUES(?, ?)", i, strings.Repeat("planted 覃芊在家 ", 1+i))
		mustRun(t, c, "INSERT INTO words(rowid, b) VALUES(?, 'planted 覃芊在家')", i)
	}
	scan(t, path, "open")
	mustRun(t, c, "PRAGMA wal_checkpoint")
	scan(t, path, "after a checkpoint")
	mustRun(t, c, "DELETE FROM plantedtable WHERE a % 2")
	scan(t, path, "after a delete")
	mustRun(t, c, "VACUUM")
	scan(t, path, "after VACUUM")
	mustClose(t, c)
	scan(t, path, "closed")
	if n := len(files(t, path)["phone.db"]); n < 100*4096 {
		t.Fatalf("main file of %d bytes: the test shows nothing", n)
	}
}
