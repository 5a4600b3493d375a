package store

import "onedoor/syncengine"

// lender is a reader that has memory of its own for a record that is looked at and let go of.
type lender interface {
	// Lend is Record, but the body stays the reader's.
	Lend(id syncengine.ID) (rec Record, ok bool, err error)
}

// Lend is Record for who is done with one record before asking for the next: the body may stand in memory that the next Lend
// writes over, and that means nothing once the transaction has ended. A page is a thousand records of which the stored form is
// read once. Whoever keeps any of the body, or anything that was decoded from it, asks for the Record.
func Lend(r Reader, id syncengine.ID) (Record, bool, error) {
	if l, ok := r.(lender); ok {
		return l.Lend(id)
	}
	return r.Record(id)
}
