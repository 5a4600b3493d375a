package vfstest

import "encoding/binary"

// The shapes in which the engine writes (https://sqlite.org/fileformat2.html).
const (
	pageBytes        = 4096
	reservedBytes    = 32
	logHeaderBytes   = 32
	frameHeaderBytes = 24
	frameBytes       = frameHeaderBytes + pageBytes
)

// page gives a page that is like no other, with nothing in its reserved bytes.
func page(n byte) []byte {
	p := make([]byte, pageBytes)
	for i := range p[:pageBytes-reservedBytes] {
		p[i] = n + byte(i*7)
	}
	return p
}

// pageAt is where a page stands, counted from 1.
func pageAt(n int) int64 { return int64(n-1) * pageBytes }

// logHeader gives the header of a round of the log.
func logHeader(round byte) []byte {
	h := make([]byte, logHeaderBytes)
	for i := range h {
		h[i] = round + byte(i)
	}
	return h
}

// frameAt is where a frame stands, counted from 0.
func frameAt(n int) int64 { return logHeaderBytes + int64(n)*frameBytes }

// frameHeader gives the header of a frame that holds a page; pages is how many the database has after the commit that it ends, and
// 0 inside a transaction.
func frameHeader(number, pages uint32) []byte {
	h := make([]byte, 0, frameHeaderBytes)
	h = binary.BigEndian.AppendUint32(h, number)
	h = binary.BigEndian.AppendUint32(h, pages)
	for i := len(h); i < frameHeaderBytes; i++ {
		h = append(h, byte(number)+byte(i))
	}
	return h
}

// frame gives header and page together.
func frame(number, pages uint32, content byte) []byte {
	return append(frameHeader(number, pages), page(content)...)
}

// append writes a frame as the engine does, by two calls, and gives what they gave.
func (f *file) append(n int, number, pages uint32, content byte) int32 {
	f.engine.t.Helper()
	if rc := f.write(frameHeader(number, pages), frameAt(n)); rc != 0 {
		return rc
	}
	return f.write(page(content), frameAt(n)+frameHeaderBytes)
}

// putFrame is append where that must go well.
func (f *file) putFrame(n int, number, pages uint32, content byte) {
	f.engine.t.Helper()
	f.engine.ok("writing a frame", f.append(n, number, pages, content))
}
