package localdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"onedoor/syncengine"
)

// A staged record whose id has no row in records gets its row there at once, in the round after the one that is shown:
// to show ten thousand of them Switch writes one number. Only records that are already shown wait in the table staging
// and are copied.

// readMarks reads rounds.shown, search_mark.row and turn_mark.row, at the start and after a rollback.
func (tx *Tx) readMarks() (err error) {
	if tx.db.shown, err = tx.statement("SELECT shown FROM rounds").number(); err != nil {
		return err
	}
	if tx.db.indexed, err = tx.statement("SELECT row FROM search_mark").number(); err != nil {
		return err
	}
	tx.db.turned, err = tx.statement("SELECT row FROM turn_mark").number()
	return err
}

const stagingColumns = "id, kind, seq, key_set, territory, state, due, mine, dead, search, base"

// StageRecord stages a record's next base with the index columns that go with it; View and Pending are ignored. It
// takes back a StageGone of the same id.
func (tx *Tx) StageRecord(r Record) error {
	if len(r.Base) == 0 {
		return fmt.Errorf("stage record %s: it has no base", r.ID)
	}
	set, err := tx.internSet(r.Keys)
	if err != nil {
		return err
	}
	if err := tx.stayAfterAll(r.ID); err != nil {
		return err
	}
	r.View, r.Pending = nil, 0
	if inserted, err := tx.insertRecord(&r, set, tx.db.shown+1); inserted || err != nil {
		return err
	}
	p, _, err := tx.place(r.ID)
	switch {
	case err != nil:
		return err
	case p.staged:
		return tx.updateRecord(&r, set, p, tx.db.shown+1)
	}
	tx.db.holds.noteBase(r.Base, set, false)
	return tx.write("INSERT OR REPLACE INTO staging (" + stagingColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").
		id(r.ID).int(int64(r.Kind)).int(int64(r.Seq)).int(set).idOrEmpty(r.Territory).int(int64(r.State)).
		int(int64(r.Due)).bool(r.Mine).bool(r.Dead).bool(r.Search).blob(r.Base).run()
}

// StagedAtOnce is how many new records one statement stages: the better part of what a statement costs beside its rows is
// saved by then.
const StagedAtOnce = 16

// stageMany stages StagedAtOnce records. It ignores what cannot be inserted, so that the engine need not keep what it has
// to undo; where a row is missing then, the records are staged one by one.
var stageMany = "INSERT OR IGNORE INTO records" +
	" (id, round, kind, territory, state, due, mine, dead, seq, key_set, pending, base, view) VALUES " +
	strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, NULL), ", StagedAtOnce), ", ")

// StageRecords is StageRecord for a list, which is faster where most of them are new.
func (tx *Tx) StageRecords(records []Record) error {
	for len(records) >= StagedAtOnce {
		if err := tx.stageMany(records[:StagedAtOnce]); err != nil {
			return err
		}
		records = records[StagedAtOnce:]
	}
	return tx.stageEach(records)
}

func (tx *Tx) stageEach(records []Record) error {
	for i := range records {
		if err := tx.StageRecord(records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) stageMany(records []Record) error {
	s := tx.write(stageMany)
	for i := range records {
		r := &records[i]
		set, err := tx.internSet(r.Keys)
		if err == nil && len(r.Base) > 0 {
			err = tx.stayAfterAll(r.ID)
		}
		if err != nil {
			return errors.Join(err, s.release())
		}
		tx.db.holds.noteBase(r.Base, set, false)
		s.id(r.ID).int(tx.db.shown + 1).bindListed(r).int(int64(r.Seq)).int(set).nullable(r.Base)
	}
	if err := s.run(); err != nil {
		return err
	}
	first := tx.db.conn.LastInsertRowID() - int64(len(records)) + 1
	if tx.db.conn.Changes() < len(records) || slices.ContainsFunc(records, func(r Record) bool { return len(r.Base) == 0 }) {
		return tx.stageEach(records)
	}
	for i := range records {
		if err := tx.queueDerived(&records[i], first+int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// stayAfterAll takes back a StageGone.
func (tx *Tx) stayAfterAll(id syncengine.ID) error {
	if !tx.checkedGone {
		n, err := tx.statement("SELECT EXISTS (SELECT 1 FROM staging_gone)").number()
		if err != nil {
			return err
		}
		tx.anyGone, tx.checkedGone = n > 0, true
	}
	if !tx.anyGone {
		return nil
	}
	return tx.write("DELETE FROM staging_gone WHERE id = ?").id(id).run()
}

// stageAside copies a row that is staged in records to staging, so that the row can be shown with something else.
func (tx *Tx) stageAside(row int64) error {
	return tx.write("INSERT OR REPLACE INTO staging (" + stagingColumns + ")" +
		" SELECT id, kind, seq, key_set, territory, state, due, mine, dead," +
		" row > ? OR EXISTS (SELECT 1 FROM search_queue WHERE search_queue.row = records.row), base FROM records WHERE row = ?").
		int(tx.db.indexed).int(row).run()
}

// Staged gives the staged next base of a record; ok is false for one that is not staged or staged as gone.
func (tx *Tx) Staged(id syncengine.ID) (r Record, ok bool, err error) {
	if r, ok, err = tx.waiting(id); ok || err != nil {
		r.Search = false
		return r, ok, err
	}
	return one(tx.statement("SELECT "+recordColumns+" FROM records WHERE id = ? AND round > ?").
		id(id).int(tx.db.shown), tx.scanRecord)
}

// waiting gives the row that a record has in the table staging.
func (tx *Tx) waiting(id syncengine.ID) (r Record, ok bool, err error) {
	s := tx.statement("SELECT id, kind, seq, key_set, territory, state, due, mine, dead, 0, base, NULL, search" +
		" FROM staging WHERE id = ?").id(id)
	return one(s, func(s *statement) (Record, error) {
		r, err := tx.scanRecord(s)
		r.Search = s.columnBool(12)
		return r, err
	})
}

// restage stages anew what waits in staging for a record that no longer has a row in records.
func (tx *Tx) restage(id syncengine.ID) error {
	r, ok, err := tx.waiting(id)
	if err != nil || !ok {
		return err
	}
	if err := tx.write("DELETE FROM staging WHERE id = ?").id(id).run(); err != nil {
		return err
	}
	set, err := tx.internSet(r.Keys)
	if err != nil {
		return err
	}
	_, err = tx.insertRecord(&r, set, tx.db.shown+1)
	return err
}

// StageGone stages that a record leaves the base. It takes back a StageRecord of the same id.
func (tx *Tx) StageGone(id syncengine.ID) error {
	p, ok, err := tx.place(id)
	switch {
	case err != nil || !ok:
		return err
	case p.staged:
		return tx.deleteRow(p.row)
	}
	tx.anyGone, tx.checkedGone = true, true
	if err := tx.noteUnclean(); err != nil {
		return err
	}
	if err := tx.write("DELETE FROM staging WHERE id = ?").id(id).run(); err != nil {
		return err
	}
	return tx.write("INSERT OR IGNORE INTO staging_gone (id) VALUES (?)").id(id).run()
}

// StageFilled marks a key as filled from the start by what is staged: at the switch, what was held under it and is not
// staged goes.
func (tx *Tx) StageFilled(key KeyID) error {
	return tx.write("INSERT OR IGNORE INTO staging_filled (key) VALUES (?)").int(int64(key)).run()
}

// StagedFilled gives the keys marked so far.
func (tx *Tx) StagedFilled() (keys []KeyID, err error) {
	s := tx.statement("SELECT key FROM staging_filled")
	for s.next() {
		keys = append(keys, KeyID(s.columnInt(0)))
	}
	return keys, s.release()
}

// StagedCounts counts staged records and staged gone ids.
func (tx *Tx) StagedCounts() (records, gone int, err error) {
	var n [2]int64
	if n[0], err = tx.statement("SELECT (SELECT count(*) FROM staging) + (SELECT count(*) FROM records WHERE round > ?)").
		int(tx.db.shown).number(); err != nil {
		return 0, 0, err
	}
	n[1], err = tx.statement("SELECT count(*) FROM staging_gone").number()
	return int(n[0]), int(n[1]), err
}

// ClearStaging throws away all that is staged.
func (tx *Tx) ClearStaging() error {
	rows := tx.statement("SELECT row FROM records WHERE round > ?").int(tx.db.shown)
	var staged []int64
	for rows.next() {
		staged = append(staged, rows.columnInt(0))
	}
	if err := rows.release(); err != nil {
		return err
	}
	for _, row := range staged {
		if err := tx.deleteRow(row); err != nil {
			return err
		}
	}
	if err := tx.noteUnclean(); err != nil {
		return err
	}
	return tx.emptyStaging()
}

func (tx *Tx) emptyStaging() error {
	for _, sql := range []string{"DELETE FROM staging", "DELETE FROM staging_gone", "DELETE FROM staging_filled"} {
		if err := tx.write(sql).run(); err != nil {
			return err
		}
	}
	return nil
}
