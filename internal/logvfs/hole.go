package logvfs

import sqlite3 "modernc.org/sqlite/lib"

// hole is what could not be written of a transaction whose writes were said to be done. The engine may be told of it by a read,
// and a statement that fails for want of room ends by itself: its transaction goes on, and would commit with nothing where
// frames are counted on. So nothing is written behind a hole until it is filled from its start, as the next transaction does: a
// commit of this one ends with a frame behind it, and fails.
type hole struct {
	from, to int64
	// code is why it is there.
	code int32
}

func (h *hole) open() bool { return h.from < h.to }

// lose adds n bytes that could not be written.
func (h *hole) lose(from int64, n int, code int32) {
	to := from + int64(n)
	if h.open() {
		from, to = min(from, h.from), max(to, h.to)
	}
	*h = hole{from, to, code}
}

// fill takes what a write fills out of the hole; a write behind its start is refused.
func (h *hole) fill(from int64, n int) int32 {
	if !h.open() {
		return sqlite3.SQLITE_OK
	}
	if from > h.from {
		return h.code
	}
	h.from = max(h.from, from+int64(n))
	return sqlite3.SQLITE_OK
}

// cut leaves out what stands behind the new end of the file.
func (h *hole) cut(size int64) { h.to = min(h.to, size) }
