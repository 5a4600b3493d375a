package exchange

import "onedoor/syncengine"

// ReopenCursor opens a cursor and seals what it read again; ok is false for one that does not open.
func ReopenCursor(b, key []byte, incarnation syncengine.ID) (again []byte, ok bool) {
	c, ok := openCursor(b, func(syncengine.Epoch) []byte { return key }, incarnation)
	if !ok {
		return nil, false
	}
	return c.seal(key, incarnation), true
}

// CursorMAC is what stands at the end of a cursor.
func CursorMAC(key []byte, incarnation syncengine.ID, b []byte) []byte {
	return cursorMAC(key, incarnation, b)
}
