package localdb

import (
	"iter"

	"onedoor/syncengine"
)

// OwnLeft is what a worker's own count keeps of a record that left the phone.
type OwnLeft struct {
	// ID is the record's id.
	ID syncengine.ID
	// Counts is what it gives to the count, in the caller's encoding.
	Counts []byte
}

// PutOwnLeft keeps what a record that leaves gives to its worker's count.
func (tx *Tx) PutOwnLeft(left OwnLeft) error {
	return tx.write("INSERT OR REPLACE INTO own_left (id, counts) VALUES (?, ?)").id(left.ID).blob(left.Counts).run()
}

// OwnLeft gives what is kept, in the order of ids.
func (tx *Tx) OwnLeft() iter.Seq2[OwnLeft, error] {
	return each(func() *statement { return tx.statement("SELECT id, counts FROM own_left ORDER BY id") }, func(s *statement) (OwnLeft, error) {
		return OwnLeft{ID: s.columnID(0), Counts: s.columnBlob(1)}, nil
	})
}

// OnLeave has f called with every record that is about to be deleted, in the transaction that deletes it.
func (db *DB) OnLeave(f func(tx *Tx, r Record) error) { db.leaving = f }

// tellLeaving calls the function of OnLeave.
func (tx *Tx) tellLeaving(id syncengine.ID) error {
	if tx.db.leaving == nil {
		return nil
	}
	r, ok, err := tx.Record(id)
	if err != nil || !ok {
		return err
	}
	return tx.db.leaving(tx, r)
}
