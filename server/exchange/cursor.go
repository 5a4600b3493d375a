package exchange

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// cursor is where a phone's fetching stands. Phones carry it unread.
//
// Form, version 1: the byte 1; epoch and seq as uvarints; tag, 8 bytes; view
// version, 8 bytes; fingerprint of the read rules, 4 bytes; then, while a fill is under way, the version of the view
// that stood before it, 8 bytes, and the fill's position as a uvarint; at the
// end 16 bytes of HMAC-SHA-256 over the incarnation and all before, under the
// epoch's key.
type cursor struct {
	at  syncengine.Coordinate
	tag store.Tag
	// view is the expansion the phone was cut by.
	view identity.ViewVersion
	// rules is the fingerprint of who reads what; other rules fill every key again.
	rules uint32
	// filling is set while the phone moves to other keys: those that are not in before
	// are filled up to fill.
	filling bool
	before  identity.ViewVersion
	fill    syncengine.Seq
}

const (
	cursorVersion  = 1
	cursorMACBytes = 16
)

func (c cursor) seal(key []byte, incarnation syncengine.ID) []byte {
	b := c.encode()
	return append(b, cursorMAC(key, incarnation, b)...)
}

func (c cursor) encode() []byte {
	b := []byte{cursorVersion}
	b = binary.AppendUvarint(b, uint64(c.at.Epoch))
	b = binary.AppendUvarint(b, uint64(c.at.Seq))
	b = append(append(b, c.tag[:]...), c.view[:]...)
	b = binary.BigEndian.AppendUint32(b, c.rules)
	if c.filling {
		b = append(b, c.before[:]...)
		b = binary.AppendUvarint(b, uint64(c.fill))
	}
	return b
}

func cursorMAC(key []byte, incarnation syncengine.ID, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(incarnation[:])
	h.Write(b)
	return h.Sum(nil)[:cursorMACBytes]
}

// openCursor reads a cursor; ok is false when it is absent, damaged or forged,
// which is no error: such a phone is filled from the start.
func openCursor(b []byte, keyOf func(syncengine.Epoch) []byte, incarnation syncengine.ID) (c cursor, ok bool) {
	if len(b) < 1+cursorMACBytes {
		return c, false
	}
	body, mac := b[:len(b)-cursorMACBytes], b[len(b)-cursorMACBytes:]
	if !c.decode(body) || !hmac.Equal(mac, cursorMAC(keyOf(c.at.Epoch), incarnation, body)) {
		return cursor{}, false
	}
	return c, true
}

// cursorFixedBytes are the bytes of tag, view and rules.
const cursorFixedBytes = 8 + 8 + 4

// decode reads the form that encode writes, and nothing else.
func (c *cursor) decode(body []byte) bool {
	rest, ok := body[1:], body[0] == cursorVersion
	epoch, rest, ok := cutUvarint(rest, ok)
	seq, rest, ok := cutUvarint(rest, ok)
	if !ok || epoch > math.MaxUint32 || len(rest) < cursorFixedBytes {
		return false
	}
	c.at = syncengine.Coordinate{Epoch: syncengine.Epoch(epoch), Seq: syncengine.Seq(seq)}
	rest = rest[copy(c.tag[:], rest):]
	rest = rest[copy(c.view[:], rest):]
	c.rules = binary.BigEndian.Uint32(rest)
	if rest = rest[4:]; len(rest) > 0 {
		c.filling = true
		var fill uint64
		fill, _, _ = cutUvarint(rest[copy(c.before[:], rest):], true)
		c.fill = syncengine.Seq(fill)
	}
	return bytes.Equal(c.encode(), body)
}

// cutUvarint takes a number off the front of b; ok is false when before was, or when there is none.
func cutUvarint(b []byte, before bool) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if !before || size <= 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}
