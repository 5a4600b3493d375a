package vfstest

import (
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// lockRules are about who may have a main file (https://sqlite.org/lockingv3.html).
var lockRules = []rule{
	{"ManyReadAndOneOfThemWrites", manyReadOneWrites},
	{"WhoeverWaitsToWriteLetsNobodyNewIn", waitingLetsNobodyIn},
	{"ALockEndsWithItsFile", lockEndsWithFile},
}

// lock raises the lock and wants this code.
func (f *file) lock(level, want int32) {
	f.engine.t.Helper()
	f.engine.wantCode("a lock", f.Lock(f.engine.tls, level), want)
}

func (f *file) unlock(level int32) {
	f.engine.t.Helper()
	f.engine.wantCode("unlocking", f.Unlock(f.engine.tls, level), sqlite3.SQLITE_OK)
}

// wantReserved wants to hear that somebody is about to write, or nobody.
func (f *file) wantReserved(want bool) {
	f.engine.t.Helper()
	result := f.engine.memory(4)
	f.engine.ok("asking about the lock", f.Reserved(f.engine.tls, result))
	if got := *sqlitevfs.At[int32](result) != 0; got != want {
		f.engine.t.Errorf("somebody is about to write: %t instead of %t", got, want)
	}
}

func manyReadOneWrites(e *engine) {
	one, other := e.openMain(), e.openMain()
	one.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
	other.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
	one.wantReserved(false)
	one.lock(sqlite3.SQLITE_LOCK_RESERVED, sqlite3.SQLITE_OK)
	one.wantReserved(true)
	other.wantReserved(true)
	other.lock(sqlite3.SQLITE_LOCK_RESERVED, sqlite3.SQLITE_BUSY)
	one.unlock(sqlite3.SQLITE_LOCK_SHARED)
	other.lock(sqlite3.SQLITE_LOCK_RESERVED, sqlite3.SQLITE_OK)
	other.unlock(sqlite3.SQLITE_LOCK_NONE)
	one.wantReserved(false)
}

func waitingLetsNobodyIn(e *engine) {
	writer, reader, late := e.openMain(), e.openMain(), e.openMain()
	reader.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
	writer.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
	writer.lock(sqlite3.SQLITE_LOCK_RESERVED, sqlite3.SQLITE_OK)
	writer.lock(sqlite3.SQLITE_LOCK_EXCLUSIVE, sqlite3.SQLITE_BUSY)
	late.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_BUSY)
	reader.unlock(sqlite3.SQLITE_LOCK_NONE)
	writer.lock(sqlite3.SQLITE_LOCK_EXCLUSIVE, sqlite3.SQLITE_OK)
	late.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_BUSY)
	writer.unlock(sqlite3.SQLITE_LOCK_NONE)
	late.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
}

func lockEndsWithFile(e *engine) {
	one, other := e.openMain(), e.openMain()
	one.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
	one.lock(sqlite3.SQLITE_LOCK_RESERVED, sqlite3.SQLITE_OK)
	one.lock(sqlite3.SQLITE_LOCK_EXCLUSIVE, sqlite3.SQLITE_OK)
	other.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_BUSY)
	one.unlock(sqlite3.SQLITE_LOCK_NONE)
	one.close()
	other.lock(sqlite3.SQLITE_LOCK_SHARED, sqlite3.SQLITE_OK)
}
