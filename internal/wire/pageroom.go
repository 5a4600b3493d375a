package wire

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

const (
	// piecesAhead is how many messages, and how many of their parts, are made at once at the most.
	piecesAhead = 64
	// fieldBytesAhead is how much is made at once at the most for what records say.
	fieldBytesAhead = 16 << 10
	// roomPart is the part of that above which a piece has memory of its own, so that little is left over.
	roomPart = 8
)

// pageRoom is memory for what the messages of a page hold: a page of a thousand records is made of five thousand pieces,
// which live and end together.
type pageRoom struct {
	records room[syncv1.PageRecord]
	ids     room[syncengine.ID]
	writes  room[syncv1.Write]
	lists   room[*syncv1.Write]
	indexes room[uint32]
	fields  room[byte]
}

// room gives out memory for pieces of one kind, none of it twice. It is made many pieces at once, as many as there were
// before, so that a page of one record wastes none.
type room[T any] struct {
	left []T
	made int
}

// take gives n empty pieces; most bounds how many are made at once.
func (r *room[T]) take(n, most int) []T {
	if n > most/roomPart {
		return make([]T, n)
	}
	if len(r.left) < n {
		r.left = make([]T, min(most, max(n, r.made)))
		r.made += len(r.left)
	}
	piece := r.left[:n:n]
	r.left = r.left[n:]
	return piece
}

// one gives a single piece.
func (r *room[T]) one() *T { return &r.take(1, piecesAhead)[0] }
