package localdb

import (
	"iter"

	"onedoor/syncengine"
)

const barrierColumns = "id, record_id, epoch, seq, body"

func scanBarrier(s *statement) (Barrier, error) {
	return Barrier{
		ID: s.columnInt(0), RecordID: s.columnID(1), Body: s.columnBlob(4),
		At: syncengine.Coordinate{Epoch: syncengine.Epoch(s.columnInt(2)), Seq: syncengine.Seq(s.columnInt(3))},
	}, nil
}

// PutBarrier keeps a barrier; one that is kept already stays as it is.
func (tx *Tx) PutBarrier(b Barrier) error {
	return tx.write("INSERT OR IGNORE INTO barriers (record_id, epoch, seq, body) VALUES (?, ?, ?, ?)").
		id(b.RecordID).int(int64(b.At.Epoch)).int(int64(b.At.Seq)).blob(b.Body).run()
}

// BarriersOf gives the barriers of a record, in the order they were told.
func (tx *Tx) BarriersOf(record syncengine.ID) iter.Seq2[Barrier, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + barrierColumns + " FROM barriers WHERE record_id = ? ORDER BY id").id(record)
	}, scanBarrier)
}

// BarriersAfter gives up to limit barriers with a greater id, in order.
func (tx *Tx) BarriersAfter(id int64, limit int) iter.Seq2[Barrier, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + barrierColumns + " FROM barriers WHERE id > ? ORDER BY id LIMIT ?").int(id).int(int64(limit))
	}, scanBarrier)
}

// ClearBarriers deletes those of earlier epochs, and those of the epoch at or below a coordinate.
func (tx *Tx) ClearBarriers(upTo syncengine.Coordinate) error {
	return tx.write("DELETE FROM barriers WHERE epoch < ? OR epoch = ? AND seq <= ?").
		int(int64(upTo.Epoch)).int(int64(upTo.Epoch)).int(int64(upTo.Seq)).run()
}

// EraseChange writes what is left of a change over it: Body, with Inner in place of the salt.
func (tx *Tx) EraseChange(c Change) error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	return tx.write("UPDATE changes SET salt = x'', body = ?, inner = ? WHERE device_seq = ?").
		blob(c.Body).blob(c.Inner).int(int64(c.DeviceSeq)).run()
}

// EraseRecord is PutRecord for a record that cells were erased of: the search index forgets it at once, and what its row
// held is overwritten by the next Scrub.
func (tx *Tx) EraseRecord(r Record) error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	p, ok, err := tx.place(r.ID)
	if err != nil {
		return err
	}
	if ok {
		if err := tx.write("DELETE FROM search WHERE rowid = ?").int(p.row).run(); err != nil {
			return err
		}
	}
	return tx.PutRecord(r)
}

// EraseStaged is StageRecord for a staged record that cells were erased of.
func (tx *Tx) EraseStaged(r Record) error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	return tx.StageRecord(r)
}

// EraseDraft is DeleteDraft, and ReplaceDraft PutDraft, for a draft that quotes what was erased.
func (tx *Tx) EraseDraft(id syncengine.ID) error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	return tx.DeleteDraft(id)
}

// ReplaceDraft writes over a draft that quotes what was erased.
func (tx *Tx) ReplaceDraft(d Draft) error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	return tx.PutDraft(d)
}
