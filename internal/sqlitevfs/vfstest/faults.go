package vfstest

import sqlite3 "modernc.org/sqlite/lib"

// faultRules are about a disk that fills up and a power that goes, on disks that can be made to.
var faultRules = []rule{
	{"ACommitWithoutRoomFailsAndLeavesTheOneBefore", commitWithoutRoom},
	{"APageWithoutRoomIsRefused", pageWithoutRoom},
	{"ASyncKeepsEveryWriteBeforeIt", syncKeeps},
}

// commitWithoutRoom lets any write of a transaction tell that there is no room, its last at the latest.
func commitWithoutRoom(e *engine) {
	if e.Fill == nil {
		return
	}
	f := e.begun(1)
	f.putFrame(0, 1, 1, 1)
	f.sync()
	e.Fill(3 * frameBytes)
	told := int32(sqlite3.SQLITE_OK)
	for n := 1; n <= framesMany && told == sqlite3.SQLITE_OK; n++ {
		pages := uint32(0)
		if n == framesMany {
			pages = framesMany
		}
		told = f.append(n, uint32(n), pages, byte(n))
	}
	e.wantCode("a commit without room", told, sqlite3.SQLITE_FULL)
	f.wantHas(frame(1, 1, 1), frameAt(0))
	e.Heal()
	f.putFrame(1, 2, 2, 22)
	f.sync()
	f.wantHas(frame(1, 1, 1), frameAt(0))
	f.wantHas(frame(2, 2, 22), frameAt(1))
}

func pageWithoutRoom(e *engine) {
	if e.Fill == nil {
		return
	}
	f := e.openMain()
	f.put(page(1), pageAt(1))
	e.Fill(0)
	e.wantCode("a page without room", f.write(page(2), pageAt(2)), sqlite3.SQLITE_FULL)
	e.wantCode("a page over one that stands", f.write(page(3), pageAt(1)), sqlite3.SQLITE_OK)
	e.Heal()
	f.put(page(4), pageAt(2))
	f.wantHas(page(3), pageAt(1))
	f.wantHas(page(4), pageAt(2))
}

// syncKeeps syncs the main file before its log, whose first sync confirms both names.
func syncKeeps(e *engine) {
	if e.Cut == nil {
		return
	}
	f, l := e.openMain(), e.openLog()
	f.put(page(1), pageAt(1))
	f.put(page(2), pageAt(2))
	f.sync()
	l.put(logHeader(1), 0)
	l.putFrame(0, 1, 0, 10)
	l.putFrame(1, 2, 0, 20)
	l.sync()
	e.Cut()
	f.close()
	l.close()
	f, l = e.openMain(), e.openLog()
	f.wantHas(page(1), pageAt(1))
	f.wantHas(page(2), pageAt(2))
	l.wantHas(logHeader(1), 0)
	l.wantHas(page(10), frameAt(0)+frameHeaderBytes)
	l.wantHas(page(20), frameAt(1)+frameHeaderBytes)
}
