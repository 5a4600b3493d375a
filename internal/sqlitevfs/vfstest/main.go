package vfstest

import (
	"bytes"

	sqlite3 "modernc.org/sqlite/lib"
)

// mainRules are about the content of a main file.
var mainRules = []rule{
	{"APageIsReadAsItWasWrittenLast", pageIsReadAsWritten},
	{"AReadBehindTheEndIsToldAndGivesZeros", readBehindTheEnd},
	{"TheLengthFollowsWritesAndCuts", lengthFollows},
	{"WhatWasCutDoesNotComeBack", whatWasCut},
	{"WhoeverElseHasTheFileOpenReadsWhatWasWritten", othersRead},
	{"ASyncChangesNothingThatIsRead", syncChangesNothing},
	{"AFileSaysWhatItsDiskIsLike", saysWhatItsDiskIsLike},
}

func pageIsReadAsWritten(e *engine) {
	f := e.openMain()
	for _, n := range []int{1, 2, 3, 4, 5} {
		f.put(page(byte(n)), pageAt(n))
	}
	f.put(page(40), pageAt(4))
	f.put(page(20), pageAt(2))
	for n, want := range []byte{1, 20, 3, 40, 5} {
		f.wantHas(page(want), pageAt(n+1))
	}
}

func readBehindTheEnd(e *engine) {
	f := e.openMain()
	f.put(page(1), pageAt(1))
	got, rc := f.read(pageBytes, pageAt(7))
	e.wantCode("a read behind the end", rc, e.PastEnd)
	if e.PastEnd == sqlite3.SQLITE_IOERR_SHORT_READ && !bytes.Equal(got, make([]byte, pageBytes)) {
		e.t.Errorf("it gives %.12x…, not zeros", got)
	}
}

func lengthFollows(e *engine) {
	f := e.openMain()
	for n := range 5 {
		f.put(page(byte(n)), pageAt(n+1))
		f.wantSize(pageAt(n + 2))
	}
	f.put(page(9), pageAt(2))
	f.wantSize(pageAt(6))
	f.truncate(pageAt(3))
	f.wantSize(pageAt(3))
	_, rc := f.read(pageBytes, pageAt(3))
	e.wantCode("a read of what was cut", rc, e.PastEnd)
	f.wantHas(page(9), pageAt(2))
}

func whatWasCut(e *engine) {
	f := e.openMain()
	for n := range 5 {
		f.put(page(byte(n)), pageAt(n+1))
	}
	f.truncate(pageAt(2))
	f.put(page(50), pageAt(5))
	f.wantSize(pageAt(6))
	f.wantHas(page(50), pageAt(5))
	for n := 2; n <= 4; n++ {
		if got, _ := f.read(pageBytes, pageAt(n)); bytes.Equal(got, page(byte(n-1))) {
			e.t.Errorf("page %d was cut and is there again", n)
		}
	}
}

func othersRead(e *engine) {
	one, other := e.openMain(), e.openMain()
	one.put(page(1), pageAt(1))
	other.wantHas(page(1), pageAt(1))
	other.put(page(2), pageAt(2))
	one.wantHas(page(2), pageAt(2))
	one.wantSize(pageAt(3))
	one.close()
	other.wantHas(page(1), pageAt(1))
}

func syncChangesNothing(e *engine) {
	f, l := e.openMain(), e.openLog()
	f.put(page(1), pageAt(1))
	l.put(logHeader(1), 0)
	l.putFrame(0, 1, 0, 10)
	for range 2 {
		f.sync()
		l.sync()
		f.wantHas(page(1), pageAt(1))
		f.wantSize(pageAt(2))
		l.wantHas(frame(1, 0, 10), frameAt(0))
		l.wantSize(frameAt(1))
	}
}

// Sectors of other lengths than these the engine takes for none (sqlite3SectorSize in its pager.c).
const sectorBytesMin, sectorBytesMax = 32, 64 << 10

// noControl is the number of a control that nobody knows: those below 100 are the engine's.
const noControl = 99_999

func saysWhatItsDiskIsLike(e *engine) {
	for _, f := range []*file{e.openMain(), e.openLog()} {
		if n := f.SectorSize(e.tls); n < sectorBytesMin || n > sectorBytesMax || n&(n-1) != 0 {
			e.t.Errorf("sectors have %d bytes", n)
		}
		if f.Characteristics(e.tls)&sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE == 0 {
			e.t.Error("a write may damage what stands beside it, which the engine and the log's VFS rely on that it does not")
		}
		e.wantCode("a control that nobody knows", f.Control(e.tls, noControl, e.memory(8)), sqlite3.SQLITE_NOTFOUND)
	}
}
