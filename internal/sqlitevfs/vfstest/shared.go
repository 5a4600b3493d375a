package vfstest

import (
	"bytes"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// sharedRules are about the memory in which a log has its index (https://sqlite.org/walformat.html, section 2).
var sharedRules = []rule{
	{"AFileThatSharesNothingSaysSo", sharesNothing},
	{"AllSeeTheSameMemory", sameMemory},
	{"ASlotIsSharedOrOnesOwn", slots},
}

// regionBytes is what the engine asks for at a time.
const regionBytes = 32 << 10

// sharesNothing looks at the version of the methods, which is what the engine looks at. A log's methods say nothing that it reads.
func sharesNothing(e *engine) {
	if shares := e.openMain().version() >= 2; shares != e.Shares {
		e.t.Errorf("the main file shares memory: %t instead of %t", shares, e.Shares)
	}
}

// region maps a region, and gives nothing where there is none.
func (f *file) region(number int32, extend bool) []byte {
	f.engine.t.Helper()
	out, more := f.engine.memory(8), int32(0)
	if extend {
		more = 1
	}
	f.engine.ok("mapping a region", f.shared().Region(f.engine.tls, number, regionBytes, more, out))
	address := *sqlitevfs.At[uintptr](out)
	if address == 0 {
		return nil
	}
	return sqlitevfs.BytesAt(address, regionBytes)
}

// slot takes or gives up one slot and wants this code.
func (f *file) slot(n, flags, want int32) {
	f.engine.t.Helper()
	f.engine.wantCode("a slot", f.shared().Slots(f.engine.tls, n, 1, flags), want)
}

func (f *file) unshare(remove int32) {
	f.engine.t.Helper()
	f.engine.ok("giving the memory up", f.shared().Unshare(f.engine.tls, remove))
}

func sameMemory(e *engine) {
	if !e.Shares {
		return
	}
	one, other := e.openMain(), e.openMain()
	if got := one.region(0, false); got != nil {
		e.t.Error("there is a region that nobody asked for")
	}
	written := one.region(0, true)
	copy(written, "the index")
	one.shared().Barrier(e.tls)
	if got := other.region(0, true); !bytes.HasPrefix(got, []byte("the index")) {
		e.t.Errorf("the other sees %.9q", got)
	}
	copy(one.region(1, true), "more of it")
	if got := other.region(1, false); !bytes.HasPrefix(got, []byte("more of it")) {
		e.t.Errorf("the other sees %.10q of the second region", got)
	}
	one.unshare(0)
	if got := other.region(0, false); !bytes.HasPrefix(got, []byte("the index")) {
		e.t.Errorf("when one is gone the other sees %.9q", got)
	}
	other.unshare(1)
}

func slots(e *engine) {
	if !e.Shares {
		return
	}
	const (
		shared    = sqlite3.SQLITE_SHM_LOCK | sqlite3.SQLITE_SHM_SHARED
		exclusive = sqlite3.SQLITE_SHM_LOCK | sqlite3.SQLITE_SHM_EXCLUSIVE
		leave     = sqlite3.SQLITE_SHM_UNLOCK
	)
	one, other := e.openMain(), e.openMain()
	one.region(0, true)
	other.region(0, true)
	one.slot(3, shared, sqlite3.SQLITE_OK)
	other.slot(3, shared, sqlite3.SQLITE_OK)
	other.slot(3, leave|sqlite3.SQLITE_SHM_SHARED, sqlite3.SQLITE_OK)
	other.slot(3, exclusive, sqlite3.SQLITE_BUSY)
	other.slot(4, exclusive, sqlite3.SQLITE_OK)
	one.slot(4, shared, sqlite3.SQLITE_BUSY)
	one.slot(4, exclusive, sqlite3.SQLITE_BUSY)
	other.slot(4, leave|sqlite3.SQLITE_SHM_EXCLUSIVE, sqlite3.SQLITE_OK)
	one.slot(4, exclusive, sqlite3.SQLITE_OK)
	other.unshare(0)
	one.unshare(1)
}
