package localdb

import "onedoor/syncengine"

// SealChange puts a box in the place of a change's body and salt. What they were is overwritten by the next Scrub.
func (tx *Tx) SealChange(c Change) error {
	if err := tx.noteUnclean(); err != nil {
		return err
	}
	return tx.write("UPDATE changes SET salt = x'', body = x'', sealed = ?, sealing_key = ?, made = ? WHERE device_seq = ?").
		blob(c.Sealed).int(int64(c.SealingKey)).int(int64(c.Made)).int(int64(c.DeviceSeq)).run()
}

// SealedOf counts a record's sealed changes above a device_seq.
func (tx *Tx) SealedOf(record syncengine.ID, above syncengine.DeviceSeq) (int, error) {
	n, err := tx.statement("SELECT count(*) FROM changes WHERE record_id = ? AND device_seq > ? AND sealing_key > 0").
		id(record).int(int64(above)).number()
	return int(n), err
}

// CountSealed counts the sealed changes above a device_seq.
func (tx *Tx) CountSealed(above syncengine.DeviceSeq) (int, error) {
	n, err := tx.statement("SELECT count(*) FROM changes WHERE device_seq > ? AND sealing_key > 0").int(int64(above)).number()
	return int(n), err
}

// Left gives the records that left the base in this transaction.
func (tx *Tx) Left() []syncengine.ID { return tx.left }

// Destroy deletes every record, whatever is staged, the search index and the drafts, and what people have said about
// quarantined changes. Changes, outcomes, receipts and single values stay. It gives how many records were shown.
func (tx *Tx) Destroy() (records int, err error) {
	n, err := tx.statement("SELECT count(*) FROM records WHERE round <= ?").int(tx.db.shown).number()
	if err != nil {
		return 0, err
	}
	if err := tx.noteErased(); err != nil {
		return 0, err
	}
	for _, sql := range []string{
		"DELETE FROM records", "INSERT INTO search (search) VALUES ('delete-all')", "DELETE FROM search_queue", "DELETE FROM drafts", "DELETE FROM own_left",
		"DELETE FROM turn_queue", "DELETE FROM turn_doors", "DELETE FROM turn_calls", "DELETE FROM turn_last", "UPDATE turn_mark SET row = 0",
		"UPDATE search_mark SET row = 0", "UPDATE quarantined SET note = ''",
	} {
		if err := tx.write(sql).run(); err != nil {
			return 0, err
		}
	}
	tx.db.indexed, tx.db.turned = 0, 0
	return int(n), tx.emptyStaging()
}

// DestroyChanges deletes every change with what was said of it.
func (tx *Tx) DestroyChanges() error {
	if err := tx.noteErased(); err != nil {
		return err
	}
	for _, sql := range []string{"DELETE FROM changes", "DELETE FROM outcomes", "DELETE FROM quarantined", "DELETE FROM receipts"} {
		if err := tx.write(sql).run(); err != nil {
			return err
		}
	}
	return nil
}
