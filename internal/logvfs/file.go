package logvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// What the engine asks of an open log, where it is not the file's below. Locks are never asked of a log, and shared memory is the
// main file's.

// Close leaves out what no transaction has ended: nobody would read it.
func (l *log) Close(tls *libc.TLS) int32 {
	libc.Xfree(tls, l.buffer)
	return l.Below.Close(tls)
}

func (l *log) Write(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	return l.write(tls, buffer, int(n), offset)
}

// The others come behind what was gathered.

func (l *log) Read(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return l.Below.Read(tls, buffer, n, offset)
}

func (l *log) Truncate(tls *libc.TLS, size int64) int32 {
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	rc := l.Below.Truncate(tls, size)
	if rc == sqlite3.SQLITE_OK {
		l.lost.cut(size)
	}
	return rc
}

func (l *log) Sync(tls *libc.TLS, flags int32) int32 {
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return l.Below.Sync(tls, flags)
}

func (l *log) Size(tls *libc.TLS, result uintptr) int32 {
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return l.Below.Size(tls, result)
}

func (l *log) Control(tls *libc.TLS, op int32, arg uintptr) int32 {
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return l.Below.Control(tls, op, arg)
}
