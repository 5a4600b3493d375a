package vfstest

import (
	"bytes"
	"testing"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// engine calls a VFS as SQLite does.
type engine struct {
	Subject
	t   *testing.T
	tls *libc.TLS
	vfs uintptr
	// held is the memory that was handed out, and files what is open.
	held  []uintptr
	files []*file
}

// end closes what is open and frees the memory.
func (e *engine) end() {
	for _, f := range e.files {
		f.close()
	}
	for _, address := range e.held {
		libc.Xfree(e.tls, address)
	}
	e.tls.Close()
}

// memory gives n bytes of the engine's, all zero.
func (e *engine) memory(n int) uintptr {
	e.t.Helper()
	address := libc.Xcalloc(e.tls, 1, libc.Tsize_t(n))
	if address == 0 {
		e.t.Fatalf("no memory of %d bytes", n)
	}
	e.held = append(e.held, address)
	return address
}

// namesEnd stands behind a name: the engine has what a URI said there.
const namesEnd = 4

// name gives a text as the engine has the name of a file.
func (e *engine) name(path string) uintptr {
	e.t.Helper()
	address := e.memory(len(path) + namesEnd)
	copy(sqlitevfs.BytesAt(address, len(path)), path)
	return address
}

// methods are the VFS's own.
func (e *engine) methods() *sqlite3.Tsqlite3_vfs { return sqlitevfs.At[sqlite3.Tsqlite3_vfs](e.vfs) }

// wantCode wants a call to have given a result code.
func (e *engine) wantCode(what string, got, want int32) {
	e.t.Helper()
	if got != want {
		e.t.Errorf("%s gives %d instead of %d", what, got, want)
	}
}

// ok wants a call to have gone well, without which the test cannot go on.
func (e *engine) ok(what string, rc int32) {
	e.t.Helper()
	if rc != sqlite3.SQLITE_OK {
		e.t.Fatalf("%s gives %d", what, rc)
	}
}

const (
	mainFlags = sqlite3.SQLITE_OPEN_MAIN_DB | sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_CREATE
	logFlags  = sqlite3.SQLITE_OPEN_WAL | sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_CREATE
)

func (e *engine) openMain() *file { e.t.Helper(); return e.open(e.Main, mainFlags) }

func (e *engine) logPath() string { return e.Main + "-wal" }

func (e *engine) openLog() *file { e.t.Helper(); return e.open(e.logPath(), logFlags) }

// open opens a file, which is closed with the engine at the latest.
func (e *engine) open(path string, flags int32) *file {
	e.t.Helper()
	f, rc := e.tryOpen(path, flags)
	e.ok("opening "+path, rc)
	return f
}

// tryOpen is open where that may fail. The memory for the file holds something else before.
func (e *engine) tryOpen(path string, flags int32) (*file, int32) {
	e.t.Helper()
	f := &file{engine: e, at: e.memory(int(e.methods().FszOsFile))}
	sqlitevfs.At[sqlite3.Tsqlite3_file](f.at).FpMethods = ^uintptr(0)
	var rc int32
	f.Below, rc = sqlitevfs.OpenAt(e.tls, e.vfs, e.name(path), f.at, flags, e.memory(4))
	if rc == sqlite3.SQLITE_OK {
		e.files = append(e.files, f)
	}
	return f, rc
}

// exists asks whether a file is there.
func (e *engine) exists(path string) bool {
	e.t.Helper()
	result := e.memory(4)
	access := sqlitevfs.Callable[sqlitevfs.AccessFunc](e.methods().FxAccess)
	e.ok("asking for "+path, access(e.tls, e.vfs, e.name(path), sqlite3.SQLITE_ACCESS_EXISTS, result))
	return *sqlitevfs.At[int32](result) != 0
}

// remove deletes a file and has its folder flushed.
func (e *engine) remove(path string) int32 {
	e.t.Helper()
	return sqlitevfs.Callable[sqlitevfs.DeleteFunc](e.methods().FxDelete)(e.tls, e.vfs, e.name(path), 1)
}

// fullPath gives the name under which the VFS knows a path.
func (e *engine) fullPath(path string) string {
	e.t.Helper()
	n := e.methods().FmxPathname + 1
	out := e.memory(int(n))
	full := sqlitevfs.Callable[sqlitevfs.PathFunc](e.methods().FxFullPathname)
	e.ok("asking for the full path of "+path, full(e.tls, e.vfs, e.name(path), n, out))
	return sqlitevfs.TextAt(out)
}

// file is a file that the engine has open.
type file struct {
	sqlitevfs.Below
	engine *engine
	at     uintptr
	closed bool
}

// close closes it once.
func (f *file) close() {
	f.engine.t.Helper()
	if f.closed {
		return
	}
	f.closed = true
	f.engine.wantCode("closing a file", f.Close(f.engine.tls), sqlite3.SQLITE_OK)
}

// version is that of its methods.
func (f *file) version() int32 {
	return sqlitevfs.At[sqlite3.Tsqlite3_io_methods](sqlitevfs.At[sqlite3.Tsqlite3_file](f.at).FpMethods).FiVersion
}

// shared is the file as one that shares memory.
func (f *file) shared() *sqlitevfs.SharedBelow { return &sqlitevfs.SharedBelow{Below: f.Below} }

// write writes to the file.
func (f *file) write(content []byte, offset int64) int32 {
	f.engine.t.Helper()
	buffer := f.engine.memory(len(content))
	copy(sqlitevfs.BytesAt(buffer, len(content)), content)
	return f.Write(f.engine.tls, buffer, int32(len(content)), offset)
}

// put is write where that must go well.
func (f *file) put(content []byte, offset int64) {
	f.engine.t.Helper()
	f.engine.ok("a write", f.write(content, offset))
}

// read reads n bytes. The memory held something else before.
func (f *file) read(n int, offset int64) ([]byte, int32) {
	f.engine.t.Helper()
	buffer := f.engine.memory(n)
	content := sqlitevfs.BytesAt(buffer, n)
	copy(content, bytes.Repeat([]byte{0xA5}, n))
	rc := f.Read(f.engine.tls, buffer, int32(n), offset)
	return content, rc
}

// wantHas wants the file to have this content at an offset.
func (f *file) wantHas(content []byte, offset int64) {
	f.engine.t.Helper()
	got, rc := f.read(len(content), offset)
	if rc != sqlite3.SQLITE_OK || !bytes.Equal(got, content) {
		f.engine.t.Errorf("a read of %d bytes at %d gives %d and %.12x… instead of %.12x…", len(content), offset, rc, got, content)
	}
}

// wantSize wants the file to have a length.
func (f *file) wantSize(want int64) {
	f.engine.t.Helper()
	result := f.engine.memory(8)
	f.engine.ok("asking for the length", f.Size(f.engine.tls, result))
	if got := *sqlitevfs.At[int64](result); got != want {
		f.engine.t.Errorf("the file has %d bytes instead of %d", got, want)
	}
}

func (f *file) truncate(size int64) {
	f.engine.t.Helper()
	f.engine.ok("a truncation", f.Truncate(f.engine.tls, size))
}

func (f *file) sync() {
	f.engine.t.Helper()
	f.engine.ok("a sync", f.Sync(f.engine.tls, sqlite3.SQLITE_SYNC_FULL))
}
