package exchange

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

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

// RaiseRevision marks that a transaction changes identity.
func RaiseRevision(w store.Writer) error { return raiseRevision(w) }

// RoleOf gives a user's role as what is remembered of identity has it.
func (s *Service) RoleOf(r store.Reader, user syncengine.ID) (recordv1.Role, error) {
	u, err := s.caches.user(r, user)
	return recordv1.Role(u.Role), err
}

// EmptyRanges tells which of some ids, in order, lie in ranges that are known to be empty, where any says what is in a range.
func EmptyRanges(ids []syncengine.ID, any func(from, to syncengine.ID) (bool, error)) (in []bool, err error) {
	ranges, err := emptyRanges(ids, any)
	for _, id := range ids {
		in = append(in, ranges.holds(id))
	}
	return in, err
}

// UpgradeEntriesMax bounds the held entries of one transaction.
const UpgradeEntriesMax = upgradeEntriesMax
