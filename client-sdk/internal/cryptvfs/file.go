package cryptvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// file is an open main file or log.
type file struct {
	sqlitevfs.Below
	vfs *VFS
	// log is true for a write-ahead log.
	log bool
	// buffer is frameBytes of the engine's memory, so that the base can transfer what is sealed.
	buffer uintptr
	// salts are those of the log's present round, from its header.
	salts [saltsBytes]byte
	// pageNumber is that of the frame at pageNumberAt, the last one a header was written for; -1 for none.
	pageNumber   [pageNumberBytes]byte
	pageNumberAt int64
}

// A file shares no memory, whatever is below: the engine then keeps its index of the log in its own memory, which it does only
// under an exclusive lock.
var _ sqlitevfs.File = (*file)(nil)

// openFile opens a main file or a log through the base. It checks the key before the engine sees a main file, since
// the engine takes a log that it cannot read for an empty one and deletes it.
func (v *VFS) openFile(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
	if o.Flags&(sqlite3.SQLITE_OPEN_MAIN_DB|sqlite3.SQLITE_OPEN_WAL) == 0 {
		return nil, sqlite3.SQLITE_CANTOPEN
	}
	below, rc := o.Below(tls)
	if rc != sqlite3.SQLITE_OK {
		return nil, rc
	}
	f := &file{Below: below, vfs: v, log: o.Flags&sqlite3.SQLITE_OPEN_WAL != 0, pageNumberAt: -1}
	v.openFiles.Add(1)
	rc = f.start(tls)
	if rc == sqlite3.SQLITE_OK && !o.Writable() {
		rc = sqlite3.SQLITE_READONLY
	}
	if rc != sqlite3.SQLITE_OK {
		f.Close(tls)
		return nil, rc
	}
	return f, rc
}

// start allocates the buffer and checks the key of a main file.
func (f *file) start(tls *libc.TLS) int32 {
	if f.buffer = libc.Xmalloc(tls, frameBytes); f.buffer == 0 {
		return sqlite3.SQLITE_NOMEM
	}
	if f.log {
		return sqlite3.SQLITE_OK
	}
	if rc := f.Below.Read(tls, f.buffer, pageBytes, 0); rc != sqlite3.SQLITE_OK {
		return damagedIfShort(rc)
	}
	if !f.vfs.sealer.fits(sqlitevfs.BytesAt(f.buffer, pageBytes)) {
		return sqlite3.SQLITE_NOTADB
	}
	return sqlite3.SQLITE_OK
}

// Close closes the file below and gives back the buffer.
func (f *file) Close(tls *libc.TLS) int32 {
	libc.Xfree(tls, f.buffer)
	rc := f.Below.Close(tls)
	f.vfs.openFiles.Add(-1)
	return rc
}

// damagedIfShort turns the base's "past the end" into damage. The engine would read zeros there, and a main file is
// never shorter than the pages that the engine reads from it.
func damagedIfShort(rc int32) int32 {
	if rc == sqlite3.SQLITE_IOERR_SHORT_READ {
		return sqlite3.SQLITE_IOERR_DATA
	}
	return rc
}

func (f *file) Read(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	if f.log {
		return f.readLog(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
	}
	return f.readMain(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
}

func (f *file) Write(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	if f.log {
		return f.writeLog(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
	}
	return f.writeMain(tls, sqlitevfs.BytesAt(buffer, int(n)), offset)
}

// Characteristics withholds that parts of a page can be read: each read costs a whole page here.
func (f *file) Characteristics(tls *libc.TLS) int32 {
	return f.Below.Characteristics(tls) &^ sqlite3.SQLITE_IOCAP_SUBPAGE_READ
}
