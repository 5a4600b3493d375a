package sqlitestore

import "encoding/binary"

// The layout of a page of a tree, from https://www.sqlite.org/fileformat2.html: a
// header of 8 bytes, 12 in an inner page, behind the 100 bytes of the file's own on
// the first page; then two bytes a row, saying where it stands; then room; then the
// rows, up to the page's end. Rows that went leave blocks between the others, each
// with the place of the next one and its length.
const (
	fileHeader = 100

	innerIndex, innerTable = 2, 5
	leafIndex, leafTable   = 10, 13

	innerBytes, leafBytes = 12, 8
	blockBytes            = 4
)

// clearPage zeroes what no row of a tree's page stands on, and reports whether
// there was anything. Any other page stays as it is.
func clearPage(page []byte, n int64) (cleared bool) {
	at := 0
	if n == 1 {
		at = fileHeader
	}
	header := 0
	switch page[at] {
	case innerIndex, innerTable:
		header = innerBytes
	case leafIndex, leafTable:
		header = leafBytes
	default:
		return false
	}
	word := func(at int) int { return int(binary.BigEndian.Uint16(page[at:])) }
	rows := at + header + 2*word(at+3)
	content := word(at + 5)
	if content == 0 {
		content = 1 << 16
	}
	if rows > content || content > len(page) {
		return false // Damage is Check's to find.
	}
	cleared = zero(page[rows:content])
	for block := word(at + 1); block >= content && block+blockBytes <= len(page); {
		next, length := word(block), word(block+2)
		if length < blockBytes || block+length > len(page) {
			return cleared
		}
		if zero(page[block+blockBytes : block+length]) {
			cleared = true
		}
		if next <= block {
			return cleared
		}
		block = next
	}
	return cleared
}

// zero overwrites bytes and reports whether any of them was not zero.
func zero(b []byte) (was bool) {
	for i := range b {
		was = was || b[i] != 0
		b[i] = 0
	}
	return was
}
