package localdb

import (
	"fmt"
	"iter"

	"onedoor/syncengine"
)

const outcomeColumns = "first, last, body"

func scanOutcomes(s *statement) (OutcomeSegment, error) {
	return OutcomeSegment{
		First: syncengine.DeviceSeq(s.columnInt(0)),
		Last:  syncengine.DeviceSeq(s.columnInt(1)),
		Body:  s.columnBlob(2),
	}, nil
}

// AppendOutcomes journals a segment. Where it overlaps older ones, as when changes were supplied again after a restore,
// it counts and they do not.
func (tx *Tx) AppendOutcomes(o OutcomeSegment) error {
	if o.Last < o.First {
		return fmt.Errorf("journal outcomes %d to %d: none", o.First, o.Last)
	}
	return tx.write("INSERT INTO outcomes (" + outcomeColumns + ") VALUES (?, ?, ?)").
		int(int64(o.First)).int(int64(o.Last)).blob(o.Body).run()
}

// OutcomesAt gives the segment that counts for a change.
func (tx *Tx) OutcomesAt(seq syncengine.DeviceSeq) (o OutcomeSegment, ok bool, err error) {
	return one(tx.statement("SELECT "+outcomeColumns+" FROM outcomes WHERE last >= ?1 AND first <= ?1"+
		" ORDER BY id DESC LIMIT 1").int(int64(seq)), scanOutcomes)
}

// Outcomes gives the segments that reach a device_seq or go beyond it, in the order they were journalled.
func (tx *Tx) Outcomes(from syncengine.DeviceSeq) iter.Seq2[OutcomeSegment, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + outcomeColumns + " FROM outcomes WHERE last >= ? ORDER BY id").int(int64(from))
	}, scanOutcomes)
}

// ClearOutcomes deletes the segments that end at or below a device_seq.
func (tx *Tx) ClearOutcomes(upTo syncengine.DeviceSeq) error {
	return tx.write("DELETE FROM outcomes WHERE last <= ?").int(int64(upTo)).run()
}
