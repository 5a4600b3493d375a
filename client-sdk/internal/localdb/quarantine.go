package localdb

import (
	"iter"

	"onedoor/syncengine"
)

const quarantinedColumns = "device_seq, record_id, reason, state, seq, note"

func scanQuarantined(s *statement) (Quarantined, error) {
	return Quarantined{
		DeviceSeq: syncengine.DeviceSeq(s.columnInt(0)),
		RecordID:  s.columnID(1),
		Reason:    int32(s.columnInt(2)),
		State:     QuarantineState(s.columnInt(3)),
		Seq:       syncengine.Seq(s.columnInt(4)),
		Note:      s.stmt.ColumnText(5),
	}, nil
}

// PutQuarantined writes down a quarantined change, or what was decided of it.
func (tx *Tx) PutQuarantined(q Quarantined) error {
	return tx.write("INSERT OR REPLACE INTO quarantined (" + quarantinedColumns + ") VALUES (?, ?, ?, ?, ?, ?)").
		int(int64(q.DeviceSeq)).id(q.RecordID).int(int64(q.Reason)).int(int64(q.State)).int(int64(q.Seq)).text(q.Note).run()
}

// QuarantinedChange gives what is written down of a change.
func (tx *Tx) QuarantinedChange(seq syncengine.DeviceSeq) (q Quarantined, ok bool, err error) {
	return one(tx.statement("SELECT "+quarantinedColumns+" FROM quarantined WHERE device_seq = ?").
		int(int64(seq)), scanQuarantined)
}

// QuarantinedChanges gives all, in device order.
func (tx *Tx) QuarantinedChanges() iter.Seq2[Quarantined, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + quarantinedColumns + " FROM quarantined ORDER BY device_seq")
	}, scanQuarantined)
}

// QuarantinedOf gives those of one record, in device order.
func (tx *Tx) QuarantinedOf(record syncengine.ID) iter.Seq2[Quarantined, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + quarantinedColumns + " FROM quarantined WHERE record_id = ? ORDER BY device_seq").
			id(record)
	}, scanQuarantined)
}

// DeleteQuarantined forgets one.
func (tx *Tx) DeleteQuarantined(seq syncengine.DeviceSeq) error {
	return tx.write("DELETE FROM quarantined WHERE device_seq = ?").int(int64(seq)).run()
}
