package disk

import (
	"slices"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// share is what connections to one main file share: the index of the log, in memory that is not the disk's and ends with
// its last user, and the locks on its slots (https://sqlite.org/walformat.html, section 2).
type share struct {
	// regions are addresses of the engine's memory.
	regions []uintptr
	// users are the open files that have asked for a region.
	users []*file
}

// slotHold is what an open file holds of a slot.
type slotHold uint8

const (
	holdsNothing slotHold = iota
	holdsShared
	holdsExclusive
)

func (f *file) Region(tls *libc.TLS, region, bytes, extend int32, out uintptr) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	*sqlitevfs.At[uintptr](out) = 0
	if f.node.dead {
		return sqlite3.SQLITE_IOERR_SHMMAP
	}
	s := f.join()
	for int(region) >= len(s.regions) {
		if extend == 0 {
			return sqlite3.SQLITE_OK
		}
		memory := libc.Xcalloc(tls, 1, libc.Tsize_t(bytes))
		if memory == 0 {
			return sqlite3.SQLITE_NOMEM
		}
		s.regions = append(s.regions, memory)
	}
	*sqlitevfs.At[uintptr](out) = s.regions[region]
	return sqlite3.SQLITE_OK
}

// join gives the node's shared memory and makes the file a user of it.
func (f *file) join() *share {
	if f.share == nil {
		if f.node.share == nil {
			f.node.share = &share{}
		}
		f.share = f.node.share
		f.share.users = append(f.share.users, f)
	}
	return f.share
}

func (f *file) Slots(_ *libc.TLS, first, n, flags int32) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	if f.share == nil || f.node.dead {
		return sqlite3.SQLITE_IOERR_SHMLOCK
	}
	wanted := holdsShared
	switch {
	case flags&sqlite3.SQLITE_SHM_UNLOCK != 0:
		wanted = holdsNothing
	case flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0:
		wanted = holdsExclusive
	}
	for slot := first; slot < first+n; slot++ {
		if !f.share.lets(f, slot, wanted) {
			return sqlite3.SQLITE_BUSY
		}
	}
	for slot := first; slot < first+n; slot++ {
		f.slots[slot] = wanted
	}
	return sqlite3.SQLITE_OK
}

// lets reports that no other user stands against a hold.
func (s *share) lets(f *file, slot int32, wanted slotHold) bool {
	for _, other := range s.users {
		if other != f && int(other.slots[slot])+int(wanted) > int(holdsExclusive) && other.slots[slot] != holdsNothing && wanted != holdsNothing {
			return false
		}
	}
	return true
}

// Barrier orders what connections do with the shared memory.
func (f *file) Barrier(*libc.TLS) {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
}

func (f *file) Unshare(tls *libc.TLS, _ int32) int32 {
	f.node.disk.mu.Lock()
	defer f.node.disk.mu.Unlock()
	f.leave(tls)
	return sqlite3.SQLITE_OK
}

// leave ends the file's use of the shared memory and frees it after the last one; mu is held.
func (f *file) leave(tls *libc.TLS) {
	if f.share == nil {
		return
	}
	s := f.share
	f.share, f.slots = nil, [sqlite3.SQLITE_SHM_NLOCK]slotHold{}
	s.users = slices.DeleteFunc(s.users, func(user *file) bool { return user == f })
	if len(s.users) > 0 {
		return
	}
	for _, memory := range s.regions {
		libc.Xfree(tls, memory)
	}
	f.node.share = nil
}
