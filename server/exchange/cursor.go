package exchange

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

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
	// filling is set while keys that are not in before are filled up to fill.
	filling bool
	before  identity.ViewVersion
	fill    syncengine.Seq
}

const (
	cursorVersion  = 1
	cursorMACBytes = 16
)

func (c cursor) seal(key []byte, incarnation syncengine.ID) []byte {
	b := []byte{cursorVersion}
	b = binary.AppendUvarint(b, uint64(c.at.Epoch))
	b = binary.AppendUvarint(b, uint64(c.at.Seq))
	b = append(append(b, c.tag[:]...), c.view[:]...)
	b = binary.BigEndian.AppendUint32(b, c.rules)
	if c.filling {
		b = append(b, c.before[:]...)
		b = binary.AppendUvarint(b, uint64(c.fill))
	}
	return append(b, cursorMAC(key, incarnation, b)...)
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
	if len(b) < 1+cursorMACBytes || b[0] != cursorVersion {
		return c, false
	}
	body, mac := b[:len(b)-cursorMACBytes], b[len(b)-cursorMACBytes:]
	epoch, n := binary.Uvarint(body[1:])
	if n <= 0 || epoch > 1<<31 {
		return c, false
	}
	if !hmac.Equal(mac, cursorMAC(keyOf(syncengine.Epoch(epoch)), incarnation, body)) {
		return c, false
	}
	rest := body[1+n:]
	seq, n := binary.Uvarint(rest)
	c.at = syncengine.Coordinate{Epoch: syncengine.Epoch(epoch), Seq: syncengine.Seq(seq)}
	rest = rest[n:]
	rest = rest[copy(c.tag[:], rest):]
	rest = rest[copy(c.view[:], rest):]
	c.rules = binary.BigEndian.Uint32(rest)
	rest = rest[4:]
	if len(rest) == 0 {
		return c, true
	}
	c.filling = true
	rest = rest[copy(c.before[:], rest):]
	fill, _ := binary.Uvarint(rest)
	c.fill = syncengine.Seq(fill)
	return c, true
}
