package vfstest

import (
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// nameRules are about files as names.
var nameRules = []rule{
	{"AFileThatIsNotThereIsNotOpened", fileNotThere},
	{"ARemovedFileIsGone", removedIsGone},
	{"AFullPathIsItsOwn", fullPathIsItsOwn},
}

func fileNotThere(e *engine) {
	f, rc := e.tryOpen(e.Main+"-none", sqlite3.SQLITE_OPEN_MAIN_DB|sqlite3.SQLITE_OPEN_READWRITE)
	e.wantCode("opening a file that is not there, but for its cause,", rc&0xff, sqlite3.SQLITE_CANTOPEN)
	if methods := sqlitevfs.At[sqlite3.Tsqlite3_file](f.at).FpMethods; methods != 0 {
		e.t.Error("a file that was not opened has methods, by which the engine would close it")
	}
	if e.exists(e.Main + "-none") {
		e.t.Error("a file that is not made is there")
	}
}

func removedIsGone(e *engine) {
	f := e.begun(1)
	f.putFrame(0, 1, 1, 1)
	f.close()
	if !e.exists(e.logPath()) {
		e.t.Error("a log that was written is not there")
	}
	e.ok("removing it", e.remove(e.logPath()))
	if e.exists(e.logPath()) {
		e.t.Error("a log that was removed is there")
	}
	e.wantCode("removing it again", e.remove(e.logPath()), sqlite3.SQLITE_IOERR_DELETE_NOENT)
	e.openLog().wantSize(0)
}

func fullPathIsItsOwn(e *engine) {
	full := e.fullPath(e.Main)
	if again := e.fullPath(full); again != full || full == "" {
		e.t.Errorf("the full path of %q is %q, and of that %q", e.Main, full, again)
	}
}
