package disk

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// The engine's locks on a main file (https://sqlite.org/lockingv3.html): many hold SHARED; one of them may hold RESERVED
// beside the others; PENDING lets no new SHARED in; EXCLUSIVE is alone.

// othersHold reports that another open file of the node holds a level or more.
func (f *file) othersHold(level int32) bool {
	for _, other := range f.node.files {
		if other != f && other.level >= level {
			return true
		}
	}
	return false
}

// raise takes a lock.
func (f *file) raise(level int32) int32 {
	switch {
	case f.node.dead:
		return sqlite3.SQLITE_IOERR_LOCK
	case level <= f.level:
		return sqlite3.SQLITE_OK
	case level == sqlite3.SQLITE_LOCK_SHARED && f.othersHold(sqlite3.SQLITE_LOCK_PENDING),
		level > sqlite3.SQLITE_LOCK_SHARED && f.othersHold(sqlite3.SQLITE_LOCK_RESERVED):
		return sqlite3.SQLITE_BUSY
	case level == sqlite3.SQLITE_LOCK_EXCLUSIVE && f.othersHold(sqlite3.SQLITE_LOCK_SHARED):
		f.level = sqlite3.SQLITE_LOCK_PENDING
		return sqlite3.SQLITE_BUSY
	}
	f.level = level
	return sqlite3.SQLITE_OK
}

func (f *file) Lock(_ *libc.TLS, level int32) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	return f.raise(level)
}

func (f *file) Unlock(_ *libc.TLS, level int32) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	f.level = min(f.level, level)
	return sqlite3.SQLITE_OK
}

func (f *file) Reserved(_ *libc.TLS, result uintptr) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	*sqlitevfs.At[int32](result) = truth(f.level >= sqlite3.SQLITE_LOCK_RESERVED || f.othersHold(sqlite3.SQLITE_LOCK_RESERVED))
	return sqlite3.SQLITE_OK
}

// truth is a C truth value.
func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
