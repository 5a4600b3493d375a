package localdb

import (
	"fmt"
	"iter"

	"onedoor/syncengine"
)

const changeColumns = "device_seq, record_id, kind, base_epoch, base_seq, group_first, salt, chain, body, inner, sealed, sealing_key, made"

func scanChange(s *statement) (Change, error) { return scanChangeInto(s, &room{}) }

// scanChangeInto is scanChange with the bytes of many changes side by side.
func scanChangeInto(s *statement, r *room) (Change, error) {
	c := Change{
		DeviceSeq:  syncengine.DeviceSeq(s.columnInt(0)),
		RecordID:   s.columnID(1),
		Kind:       syncengine.KindNumber(s.columnInt(2)),
		Base:       syncengine.Coordinate{Epoch: syncengine.Epoch(s.columnInt(3)), Seq: syncengine.Seq(s.columnInt(4))},
		GroupFirst: syncengine.DeviceSeq(s.columnInt(5)),
		Salt:       r.columnBlob(s, 6),
		Body:       r.columnBlob(s, 8),
		Inner:      r.columnBlob(s, 9),
		Sealed:     r.columnBlob(s, 10),
		SealingKey: uint32(s.columnInt(11)),
		Made:       syncengine.UnixMilli(s.columnInt(12)),
	}
	s.copyColumn(7, c.Chain[:])
	return c, nil
}

// AppendChange adds a change to the outbox. It gives ErrOrder unless the change follows the newest row; where no row is
// left, any device_seq may follow.
func (tx *Tx) AppendChange(c Change) error {
	last, err := tx.statement("SELECT max(device_seq) FROM changes").number()
	if err != nil {
		return err
	}
	if c.DeviceSeq == 0 || last != 0 && int64(c.DeviceSeq) != last+1 {
		return fmt.Errorf("%w: %d after %d", ErrOrder, c.DeviceSeq, last)
	}
	return tx.write("INSERT INTO changes (" + changeColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").
		int(int64(c.DeviceSeq)).id(c.RecordID).int(int64(c.Kind)).int(int64(c.Base.Epoch)).int(int64(c.Base.Seq)).
		int(int64(c.GroupFirst)).blob(c.Salt).blob(c.Chain[:]).blob(c.Body).blob(c.Inner).blob(c.Sealed).int(int64(c.SealingKey)).int(int64(c.Made)).run()
}

// Change gives a change by its device_seq.
func (tx *Tx) Change(seq syncengine.DeviceSeq) (c Change, ok bool, err error) {
	return one(tx.statement("SELECT "+changeColumns+" FROM changes WHERE device_seq = ?").int(int64(seq)), scanChange)
}

// LastChange gives the newest change; ok is false when no row is left.
func (tx *Tx) LastChange() (c Change, ok bool, err error) {
	return one(tx.statement("SELECT "+changeColumns+" FROM changes ORDER BY device_seq DESC LIMIT 1"), scanChange)
}

// Changes gives the changes from a device_seq on, in device order. The caller ends it where its batch is full.
func (tx *Tx) Changes(from syncengine.DeviceSeq) iter.Seq2[Change, error] {
	var side room
	return each(func() *statement {
		return tx.statement("SELECT " + changeColumns + " FROM changes WHERE device_seq >= ? ORDER BY device_seq").
			int(int64(from))
	}, func(s *statement) (Change, error) { return scanChangeInto(s, &side) })
}

// ChangesOf gives a record's changes above a device_seq, in device order.
func (tx *Tx) ChangesOf(record syncengine.ID, above syncengine.DeviceSeq) iter.Seq2[Change, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + changeColumns + " FROM changes WHERE record_id = ? AND device_seq > ? ORDER BY device_seq").
			id(record).int(int64(above))
	}, scanChange)
}

// ChangedRecords gives each record that has a change above a device_seq, once.
func (tx *Tx) ChangedRecords(above syncengine.DeviceSeq) iter.Seq2[syncengine.ID, error] {
	return each(func() *statement {
		return tx.statement("SELECT DISTINCT record_id FROM changes WHERE device_seq > ?").int(int64(above))
	}, scanID)
}

// CountChanges counts the changes above a device_seq.
func (tx *Tx) CountChanges(above syncengine.DeviceSeq) (int, error) {
	n, err := tx.statement("SELECT count(*) FROM changes WHERE device_seq > ?").int(int64(above)).number()
	return int(n), err
}

// ClearChanges deletes the changes up to and including a device_seq. That they are safe elsewhere is the caller's word.
func (tx *Tx) ClearChanges(upTo syncengine.DeviceSeq) error {
	return tx.write("DELETE FROM changes WHERE device_seq <= ?").int(int64(upTo)).run()
}

func scanID(s *statement) (syncengine.ID, error) { return s.columnID(0), nil }
