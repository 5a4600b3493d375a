package vfstest

import (
	"bytes"

	sqlite3 "modernc.org/sqlite/lib"
)

// logRules are about a write-ahead log.
var logRules = []rule{
	{"AFrameIsReadAsItWasWritten", frameIsReadAsWritten},
	{"AFrameThatIsWrittenOverIsTheNewOne", frameWrittenOver},
	{"AReadAmongWritesFindsThoseBefore", readAmongWrites},
	{"ACommitIsThereForOthersWhenItsWriteReturns", commitIsThereForOthers},
	{"ALogIsBegunAnewOverTheOldOne", logBegunAnew},
	{"ACutLogIsEmpty", cutLogIsEmpty},
	{"TheLengthOfALogCountsEveryWrite", lengthOfALog},
	{"ACommitOfManyFramesIsWhole", commitOfManyFrames},
}

// begun gives a log of this round.
func (e *engine) begun(round byte) *file {
	e.t.Helper()
	e.openMain()
	f := e.openLog()
	f.put(logHeader(round), 0)
	return f
}

func frameIsReadAsWritten(e *engine) {
	f := e.begun(1)
	f.putFrame(0, 1, 0, 10)
	f.putFrame(1, 2, 2, 20)
	f.wantHas(logHeader(1), 0)
	f.wantHas(page(10), frameAt(0)+frameHeaderBytes)
	f.wantHas(page(20), frameAt(1)+frameHeaderBytes)
	f.wantHas(frame(1, 0, 10), frameAt(0))
	f.wantHas(frame(2, 2, 20), frameAt(1))
}

// frameWrittenOver does what the engine does when a transaction writes a page again that is in the log already: first the page, and
// with the commit the headers, whose checksums changed.
func frameWrittenOver(e *engine) {
	f := e.begun(1)
	for n := range 3 {
		f.putFrame(n, uint32(n+1), 0, byte(n+1))
	}
	f.put(page(100), frameAt(1)+frameHeaderBytes)
	f.wantHas(page(100), frameAt(1)+frameHeaderBytes)
	f.wantHas(page(3), frameAt(2)+frameHeaderBytes)
	f.put(frameHeader(3, 3), frameAt(2))
	f.put(page(3), frameAt(2)+frameHeaderBytes)
	f.wantHas(frame(2, 0, 100), frameAt(1))
	f.wantHas(frame(3, 3, 3), frameAt(2))
	f.wantSize(frameAt(3))
}

func readAmongWrites(e *engine) {
	f := e.begun(1)
	for n := range 40 {
		f.putFrame(n, uint32(n+1), 0, byte(n))
		if n%3 == 0 {
			f.wantHas(page(byte(n)), frameAt(n)+frameHeaderBytes)
			f.wantHas(page(byte(n/2)), frameAt(n/2)+frameHeaderBytes)
		}
	}
}

func commitIsThereForOthers(e *engine) {
	f := e.begun(1)
	for commit := range 3 {
		for n := range 4 {
			pages := uint32(0)
			if n == 3 {
				pages = 4
			}
			f.putFrame(4*commit+n, uint32(n+1), pages, byte(10*commit+n))
		}
		other := e.openLog()
		other.wantHas(logHeader(1), 0)
		other.wantSize(frameAt(4 * (commit + 1)))
		for n := range 4 {
			other.wantHas(page(byte(10*commit+n)), frameAt(4*commit+n)+frameHeaderBytes)
		}
		other.close()
	}
}

func logBegunAnew(e *engine) {
	f := e.begun(1)
	for n := range 4 {
		f.putFrame(n, uint32(n+1), uint32(n+1), byte(n+1))
	}
	f.put(logHeader(77), 0)
	f.putFrame(0, 9, 9, 90)
	f.wantHas(logHeader(77), 0)
	f.wantHas(frame(9, 9, 90), frameAt(0))
	f.wantSize(frameAt(4))
}

func cutLogIsEmpty(e *engine) {
	f := e.begun(1)
	f.putFrame(0, 1, 1, 1)
	f.putFrame(1, 2, 0, 2)
	f.truncate(0)
	f.wantSize(0)
	got, rc := f.read(logHeaderBytes, 0)
	e.wantCode("a read of an empty log", rc, sqlite3.SQLITE_IOERR_SHORT_READ)
	if rc == sqlite3.SQLITE_IOERR_SHORT_READ && !bytes.Equal(got, make([]byte, logHeaderBytes)) {
		e.t.Errorf("it gives %x, not zeros", got)
	}
	f.put(logHeader(2), 0)
	f.putFrame(0, 3, 3, 30)
	f.wantHas(frame(3, 3, 30), frameAt(0))
	f.wantSize(frameAt(1))
}

func lengthOfALog(e *engine) {
	f := e.begun(1)
	f.wantSize(logHeaderBytes)
	f.put(frameHeader(1, 0), frameAt(0))
	f.wantSize(frameAt(0) + frameHeaderBytes)
	f.put(page(1), frameAt(0)+frameHeaderBytes)
	f.wantSize(frameAt(1))
}

// framesMany are more than any layer gathers at once.
const framesMany = 200

func commitOfManyFrames(e *engine) {
	f := e.begun(1)
	for n := range framesMany {
		pages := uint32(0)
		if n == framesMany-1 {
			pages = framesMany
		}
		f.putFrame(n, uint32(n+1), pages, byte(n))
	}
	f.close()
	again := e.openLog()
	again.wantHas(logHeader(1), 0)
	for n := range framesMany {
		again.wantHas(page(byte(n)), frameAt(n)+frameHeaderBytes)
	}
	again.wantSize(frameAt(framesMany))
}
