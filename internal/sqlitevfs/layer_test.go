package sqlitevfs_test

import (
	"path/filepath"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
	"onedoor/internal/sqlitevfs/vfstest"
)

// over registers a layer over the system's VFS until the test ends.
func over(t *testing.T, open sqlitevfs.Open) *sqlitevfs.Layer {
	t.Helper()
	base, err := sqlitevfs.Find("")
	if err != nil {
		t.Fatal(err)
	}
	l, err := sqlitevfs.Over("onedoor-test-", base, open)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// passing puts files in front of those below that change nothing.
func passing(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
	below, rc := o.Below(tls)
	if rc != sqlite3.SQLITE_OK {
		return nil, rc
	}
	return &sqlitevfs.SharedBelow{Below: below}, rc
}

func subject(t *testing.T, l *sqlitevfs.Layer) vfstest.Subject {
	return vfstest.Subject{VFS: l.Name(), Main: filepath.Join(t.TempDir(), "records.db"), Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ}
}

func TestLayer_ThatChangesNothingDoesWhatIsBelowIt(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject { return subject(t, over(t, passing)) })
}

func TestLayer_ThatPutsNothingInFrontDoesWhatIsBelowIt(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		return subject(t, over(t, func(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) { return nil, o.Alone(tls) }))
	})
}

func TestLayer_OverALayerDoesWhatIsBelowBoth(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		lower := over(t, passing)
		upper, err := sqlitevfs.Over("onedoor-test-", lower.Address(), passing)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := upper.Close(); err != nil {
				t.Error(err)
			}
		})
		return subject(t, upper)
	})
}

// alone is a file below without the memory that it shares.
type alone struct{ sqlitevfs.Below }

func TestLayer_WhoseFilesShareNothingSaysSoOfThem(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		s := subject(t, over(t, func(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
			below, rc := o.Below(tls)
			if rc != sqlite3.SQLITE_OK {
				return nil, rc
			}
			return &alone{below}, rc
		}))
		s.Shares = false
		return s
	})
}

// opened opens a main file of a layer as the engine does, and gives it with a page of the engine's memory.
func opened(t *testing.T, tls *libc.TLS, l *sqlitevfs.Layer) (f sqlitevfs.Below, buffer uintptr) {
	t.Helper()
	name, err := libc.CString(filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	address := libc.Xcalloc(tls, 1, libc.Tsize_t(sqlitevfs.At[sqlite3.Tsqlite3_vfs](l.Address()).FszOsFile))
	const flags = sqlite3.SQLITE_OPEN_MAIN_DB | sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_CREATE
	f, rc := sqlitevfs.OpenAt(tls, l.Address(), name, address, flags, 0)
	if rc != sqlite3.SQLITE_OK {
		t.Fatalf("opening gives %d", rc)
	}
	buffer = libc.Xcalloc(tls, 1, pageBytes)
	t.Cleanup(func() {
		if rc := f.Close(tls); rc != sqlite3.SQLITE_OK {
			t.Errorf("closing gives %d", rc)
		}
		for _, memory := range []uintptr{name, address, buffer} {
			libc.Xfree(tls, memory)
		}
	})
	return f, buffer
}

const pageBytes = 4096

// counting is a layer of files that count what is written to them.
type counting struct {
	sqlitevfs.Below
	writes int
}

func (c *counting) Write(*libc.TLS, uintptr, int32, int64) int32 {
	c.writes++
	return sqlite3.SQLITE_OK
}

func TestLayer_NothingIsAllocatedOnTheWayToItsFile(t *testing.T) {
	var c *counting
	l := over(t, func(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
		below, rc := o.Below(tls)
		c = &counting{Below: below}
		return c, rc
	})
	tls := libc.NewTLS()
	t.Cleanup(tls.Close)
	f, buffer := opened(t, tls, l)
	if n := testing.AllocsPerRun(100, func() { f.Write(tls, buffer, pageBytes, 0) }); n != 0 {
		t.Errorf("a write allocates %v times before its file has it", n)
	}
	if c.writes == 0 {
		t.Error("the file had no write: the test shows nothing")
	}
}

func TestLayer_AFileThatItRefusesIsNotOpen(t *testing.T) {
	l := over(t, func(*libc.TLS, sqlitevfs.Opening) (sqlitevfs.File, int32) { return nil, sqlite3.SQLITE_AUTH })
	tls := libc.NewTLS()
	defer tls.Close()
	address := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_file{}))+1<<12)
	defer libc.Xfree(tls, address)
	sqlitevfs.At[sqlite3.Tsqlite3_file](address).FpMethods = ^uintptr(0)
	if _, rc := sqlitevfs.OpenAt(tls, l.Address(), 0, address, 0, 0); rc != sqlite3.SQLITE_AUTH {
		t.Errorf("opening gives %d instead of what the layer gave", rc)
	}
	if sqlitevfs.At[sqlite3.Tsqlite3_file](address).FpMethods != 0 {
		t.Error("the engine would close it")
	}
}
