package wire

import (
	"math/bits"
	"slices"
	"sync"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// The records of a large page stand in memory that serves one page after the other: a phone that is filled takes half a
// megabyte of them thirty times a second, for which the collector would be called several times a second too, and what it
// does then keeps everybody waiting.
//
// Who owns it, and until when: the builder while it writes; from Encoded on the page, and whoever holds that holds it alone.
// It ends in LetGo, once the page has been sent (sending copies what it encodes), or in TakeApart, which copies the records out.
// It is blank from then on, so that whoever still reads it meets neither the page's records nor, for that moment, another's.
// A page that is dropped on the way is the collector's, with its memory.
const (
	// lentBytesMin is the least that is lent: a page of a few records stands in less, which is left to the collector.
	lentBytesMin = 4 << 10
	// lentBytesMax is the most: twice what a page of the largest size has. A larger one, of a single record that is long, is left
	// to the collector.
	lentBytesMax = 2 * PageBytesMax
)

// pageMemory holds what nobody uses, by the power of two that it is large. The collector takes what is not used for a while.
var pageMemory [32]sync.Pool

// tier is the power of two at which there is room for n bytes.
func tier(n int) int { return bits.Len(uint(max(n, lentBytesMin) - 1)) }

// withRoom gives records with room for so many bytes more: where that takes much, in memory that was lent before.
func withRoom(records []byte, more int) []byte {
	n := len(records) + more
	if n <= cap(records) {
		return records
	}
	if n <= lentBytesMin || n > lentBytesMax {
		return slices.Grow(records, more)
	}
	larger := lend(tier(n))
	larger = append(larger, records...)
	giveBack(records)
	return larger
}

// lend gives empty memory of a tier.
func lend(tier int) []byte {
	if b, ok := pageMemory[tier].Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 1<<tier)
}

// giveBack takes memory back that was lent, and leaves any other to the collector.
func giveBack(b []byte) {
	n := cap(b)
	if n < lentBytesMin || n > lentBytesMax || n&(n-1) != 0 {
		return
	}
	clear(b)
	b = b[:0]
	pageMemory[tier(n)].Put(&b)
}

// LetGo ends an encoded page that has been sent: its records are gone from it, and their memory is for the next page.
func LetGo(page *syncv1.Page) {
	if page != nil {
		giveBack(takeRecords(page))
	}
}

// takeRecords takes the records that an encoded page holds as bytes out of it.
func takeRecords(page *syncv1.Page) []byte {
	m := page.ProtoReflect()
	encoded := m.GetUnknown()
	m.SetUnknown(nil)
	return encoded
}
