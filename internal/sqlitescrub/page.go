package sqlitescrub

import (
	"encoding/binary"
	"iter"
)

// The layout of a page of a tree, from https://www.sqlite.org/fileformat2.html: a header of 8 bytes, 12 in an inner page,
// behind the 100 bytes of the file's own on the first page; then two bytes a row, saying where it stands; then room; then
// the rows, up to the usable end. Rows that went leave blocks between the others, each with the place of the next one and
// its length. A value too long for its row goes on in pages of its own, each with the number of the next one before it.
const (
	fileHeader = 100
	reservedAt = 20

	innerIndex, innerTable = 2, 5
	leafIndex, leafTable   = 10, 13

	innerBytes, leafBytes = 12, 8
	blockBytes, nextBytes = 4, 4
	childBytes            = 4
)

// tree is a page of a tree.
type tree struct {
	page []byte
	kind byte
	// usable is the end of what the page may hold.
	usable int
	// at is where its header begins, header its length.
	at, header int
}

// treePage reads a page; ok is false for one of another kind, and for a damaged one, which is for others to find.
func treePage(page []byte, n int64, usable int) (t tree, ok bool) {
	t = tree{page: page, usable: usable}
	if n == 1 {
		t.at = fileHeader
	}
	switch t.kind = page[t.at]; t.kind {
	case innerIndex, innerTable:
		t.header = innerBytes
	case leafIndex, leafTable:
		t.header = leafBytes
	default:
		return t, false
	}
	return t, t.rowsEnd() <= t.content() && t.content() <= usable
}

func (t *tree) word(at int) int { return int(binary.BigEndian.Uint16(t.page[at:])) }

// rowsEnd is where the places of the rows end, content where the first row stands.
func (t *tree) rowsEnd() int { return t.at + t.header + 2*t.word(t.at+3) }

func (t *tree) content() int {
	if at := t.word(t.at + 5); at != 0 {
		return at
	}
	return 1 << 16
}

// clear zeroes what no row stands on, and reports whether there was anything.
func (t *tree) clear() (cleared bool) {
	cleared = zero(t.page[t.rowsEnd():t.content()])
	for block := t.word(t.at + 1); block >= t.content() && block+blockBytes <= t.usable; {
		next, length := t.word(block), t.word(block+2)
		if length < blockBytes || block+length > t.usable {
			return cleared
		}
		if zero(t.page[block+blockBytes : block+length]) {
			cleared = true
		}
		if next <= block {
			return cleared
		}
		block = next
	}
	return cleared
}

// longValue is what of a value stands in pages of its own.
type longValue struct {
	first int64
	bytes int
}

// longValues gives the values of the page's rows that go on elsewhere.
func (t *tree) longValues() iter.Seq[longValue] {
	return func(yield func(longValue) bool) {
		if t.kind == innerTable {
			return
		}
		for at := t.at + t.header; at < t.rowsEnd(); at += 2 {
			if long, ok := t.longAt(t.word(at)); ok && !yield(long) {
				return
			}
		}
	}
}

// longAt reads the row at a place.
func (t *tree) longAt(at int) (long longValue, ok bool) {
	if t.kind == innerIndex {
		at += childBytes
	}
	bytes, n := t.varint(at)
	at += n
	if t.kind == leafTable {
		_, n := t.varint(at)
		at += n
	}
	local := t.local(bytes)
	if local == bytes || at+local+nextBytes > t.usable {
		return long, false
	}
	return longValue{first: nextOf(t.page[at+local:]), bytes: bytes - local}, true
}

// local is how much of a value of so many bytes stands in its row.
func (t *tree) local(bytes int) int {
	most, least := t.usable-35, (t.usable-12)*32/255-23
	if t.kind != leafTable {
		most = (t.usable-12)*64/255 - 23
	}
	if bytes <= most {
		return bytes
	}
	if local := least + (bytes-least)%(t.usable-nextBytes); local <= most {
		return local
	}
	return least
}

// varint reads a number of up to nine bytes; what does not fit the page ends it.
func (t *tree) varint(at int) (v, n int) {
	for n < 9 && at+n < t.usable {
		b := t.page[at+n]
		n++
		if n == 9 {
			return v<<8 | int(b), n
		}
		v = v<<7 | int(b&0x7f)
		if b < 0x80 {
			break
		}
	}
	return v, n
}

func nextOf(page []byte) int64 { return int64(binary.BigEndian.Uint32(page)) }

// zero overwrites bytes and reports whether any of them was not zero.
func zero(b []byte) (was bool) {
	for i := range b {
		was = was || b[i] != 0
		b[i] = 0
	}
	return was
}
