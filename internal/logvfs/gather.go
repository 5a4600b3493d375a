package logvfs

import (
	"encoding/binary"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

const (
	// gatherBytes is how much is written at once. More of it gains nothing, and each log that is written to has as much memory.
	gatherBytes = 64 << 10
	// frameHeaderBytes stand before each page of a log; pagesAt in them is how many pages the database has after
	// the commit that the frame ends, 0 for a frame that ends none (https://sqlite.org/fileformat2.html#walformat).
	frameHeaderBytes = 24
	pagesAt          = 4
)

// log is an open write-ahead log. It belongs to its connection.
type log struct {
	sqlitevfs.Below
	// buffer is gatherBytes of the engine's memory once something was written; its first held bytes wait to be written at
	// from.
	buffer uintptr
	held   int
	from   int64
	// end is where the last write ended.
	end int64
	// ending tells that the frame which is being written ends a transaction.
	ending bool
	// lost is what could not be written, until it is written over.
	lost hole
}

// write gathers what stands behind what was gathered. The end of a transaction is written at once.
func (l *log) write(tls *libc.TLS, address uintptr, n int, offset int64) int32 {
	behind := offset == l.end
	l.end = offset + int64(n)
	if !behind || l.held+n > gatherBytes {
		if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if rc := l.lost.fill(offset, n); rc != sqlite3.SQLITE_OK {
		return rc
	}
	commits := l.commits(sqlitevfs.BytesAt(address, n), behind)
	if n > gatherBytes || !l.room(tls) {
		return l.pass(tls, address, n, offset)
	}
	if l.held == 0 {
		l.from = offset
	}
	copy(sqlitevfs.BytesAt(l.buffer, gatherBytes)[l.held:], sqlitevfs.BytesAt(address, n))
	l.held += n
	if commits {
		return l.flush(tls)
	}
	return sqlite3.SQLITE_OK
}

// commits reports a write that may be a transaction's last: that of a page whose frame ends one, or of a header of such a
// frame that is written over, since the page stands there already.
func (l *log) commits(write []byte, behind bool) bool {
	if len(write) != frameHeaderBytes {
		return l.ending
	}
	l.ending = binary.BigEndian.Uint32(write[pagesAt:]) != 0
	return l.ending && !behind
}

// room reports that there is memory to gather in.
func (l *log) room(tls *libc.TLS) bool {
	if l.buffer == 0 {
		l.buffer = libc.Xmalloc(tls, gatherBytes)
	}
	return l.buffer != 0
}

// flush writes what was gathered. What could not be written is gone, as what a failed write leaves behind is anybody's
// guess, and its transaction can only be rolled back.
func (l *log) flush(tls *libc.TLS) int32 {
	n := l.held
	l.held = 0
	if n == 0 {
		return sqlite3.SQLITE_OK
	}
	return l.pass(tls, l.buffer, n, l.from)
}

// pass writes to the file below.
func (l *log) pass(tls *libc.TLS, address uintptr, n int, offset int64) int32 {
	rc := l.Below.Write(tls, address, int32(n), offset)
	if rc != sqlite3.SQLITE_OK {
		l.lost.lose(offset, n, rc)
	}
	return rc
}
