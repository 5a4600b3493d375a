package cryptvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// readMain reads a page, or a part of page 1: the engine reads its header before it looks for a log.
func (f *file) readMain(tls *libc.TLS, dst []byte, offset int64) int32 {
	within := int(offset % pageBytes)
	if within+len(dst) > pageBytes {
		return sqlite3.SQLITE_IOERR_READ
	}
	pageAt := offset - int64(within)
	if rc := f.Below.Read(tls, f.buffer, pageBytes, pageAt); rc != sqlite3.SQLITE_OK {
		return damagedIfShort(rc)
	}
	page := sqlitevfs.BytesAt(f.buffer, pageBytes)
	switch {
	case f.vfs.sealer.open(page, f.vfs.sealer.mainPlace(pageAt)):
		copy(dst, page[within:])
	case pageAt == 0 && len(dst) < pageBytes:
		// A checkpoint that a crash cut off tears page 1, and the whole of it stands in the log. What the engine needs
		// of the header to get there, page size and reserved bytes, is the same in every database of this package.
		copy(dst, emptyDatabase()[within:])
	default:
		return sqlite3.SQLITE_IOERR_DATA
	}
	return sqlite3.SQLITE_OK
}

// writeMain seals a page on its way to the main file.
func (f *file) writeMain(tls *libc.TLS, src []byte, offset int64) int32 {
	if len(src) != pageBytes || offset%pageBytes != 0 || !reservedIsZero(src) {
		return sqlite3.SQLITE_IOERR_WRITE
	}
	f.vfs.sealer.seal(sqlitevfs.BytesAt(f.buffer, pageBytes), src, f.vfs.sealer.mainPlace(offset))
	return f.Below.Write(tls, f.buffer, pageBytes, offset)
}

// readLog reads the log's header, a frame, or the page of a frame. The engine reads the header before any frame.
func (f *file) readLog(tls *libc.TLS, dst []byte, offset int64) int32 {
	if offset+int64(len(dst)) <= logHeaderBytes {
		rc := f.Below.Read(tls, f.buffer, int32(len(dst)), offset)
		copy(dst, sqlitevfs.BytesAt(f.buffer, len(dst)))
		if rc == sqlite3.SQLITE_OK && len(dst) == logHeaderBytes {
			copy(f.salts[:], dst[saltsAt:])
		}
		return rc
	}
	within := int((offset - logHeaderBytes) % frameBytes)
	if offset < logHeaderBytes || within+len(dst) > frameBytes {
		return sqlite3.SQLITE_IOERR_READ
	}
	frameAt := offset - int64(within)
	return f.readFrame(tls, dst, frameAt, within)
}

// readFrame reads dst from a place within a frame. A whole frame is what recovery reads after a crash: one that is not
// what was written comes as zeros, which ends the log there as a torn frame does. A page alone is what the engine knows
// to be there: one that is not what was written is damage.
func (f *file) readFrame(tls *libc.TLS, dst []byte, frameAt int64, within int) int32 {
	rc := f.Below.Read(tls, f.buffer, frameBytes, frameAt)
	if rc != sqlite3.SQLITE_OK {
		clear(dst)
		return rc
	}
	frame := sqlitevfs.BytesAt(f.buffer, frameBytes)
	f.vfs.sealer.showHeader(frame[:frameHeaderBytes], frameAt)
	whole := f.vfs.sealer.open(frame[frameHeaderBytes:], f.vfs.sealer.logPlace(frameAt, frame, f.salts[:]))
	switch {
	case whole:
		copy(dst, frame[within:])
	case within == 0:
		clear(dst)
	default:
		return sqlite3.SQLITE_IOERR_DATA
	}
	return sqlite3.SQLITE_OK
}

// writeLog writes the log's header, a frame's header or a frame's page.
func (f *file) writeLog(tls *libc.TLS, src []byte, offset int64) int32 {
	out := sqlitevfs.BytesAt(f.buffer, frameBytes)
	if offset == 0 && len(src) == logHeaderBytes {
		f.pageNumberAt = -1
		copy(f.salts[:], src[saltsAt:])
		copy(out, src)
		return f.Below.Write(tls, f.buffer, int32(len(src)), offset)
	}
	switch within := (offset - logHeaderBytes) % frameBytes; {
	case offset < logHeaderBytes:
		return sqlite3.SQLITE_IOERR_WRITE
	case within == 0 && len(src) == frameHeaderBytes:
		f.pageNumberAt = offset
		copy(f.pageNumber[:], src)
		copy(out, src)
		f.vfs.sealer.hideHeader(out[:frameHeaderBytes], offset)
	case within == frameHeaderBytes && len(src) == pageBytes && reservedIsZero(src):
		frameAt := offset - frameHeaderBytes
		if rc := f.recallPageNumber(tls, frameAt); rc != sqlite3.SQLITE_OK {
			return rc
		}
		f.vfs.sealer.seal(out, src, f.vfs.sealer.logPlace(frameAt, f.pageNumber[:], f.salts[:]))
	default:
		return sqlite3.SQLITE_IOERR_WRITE
	}
	return f.Below.Write(tls, f.buffer, int32(len(src)), offset)
}

// recallPageNumber makes pageNumber that of the given frame. It has to be read where a transaction writes a page for the
// second time: the engine then writes over the page in the frame it already has.
func (f *file) recallPageNumber(tls *libc.TLS, frameAt int64) int32 {
	if f.pageNumberAt == frameAt {
		return sqlite3.SQLITE_OK
	}
	rc := f.Below.Read(tls, f.buffer, pageNumberBytes, frameAt)
	if rc == sqlite3.SQLITE_OK {
		copy(f.pageNumber[:], sqlitevfs.BytesAt(f.buffer, pageNumberBytes))
		f.pageNumberAt = frameAt
	}
	return rc
}

// reservedIsZero reports that the engine keeps nothing where the tag, the nonce and the mark go.
func reservedIsZero(page []byte) bool {
	for _, b := range page[contentBytes:pageBytes] {
		if b != 0 {
			return false
		}
	}
	return true
}
