package wire

// piecesAhead is how many pieces are made at once at the most.
const piecesAhead = 64

// room gives out memory for pieces of one kind that live and end together, as what a batch is read into, none of it twice. It
// is made many pieces at once, as many as there were before, so that a batch of one change wastes none.
type room[T any] struct {
	left []T
	made int
}

// one gives an empty piece.
func (r *room[T]) one() *T {
	if len(r.left) == 0 {
		r.left = make([]T, min(piecesAhead, max(1, r.made)))
		r.made += len(r.left)
	}
	piece := &r.left[0]
	r.left = r.left[1:]
	return piece
}
