package localdb

import (
	"iter"
	"maps"
	"slices"

	"onedoor/syncengine"
)

// recordColumns is what scanRecord reads.
const recordColumns = "records.id, records.kind, records.seq, records.key_set, records.territory, records.state," +
	" records.due, records.mine, records.dead, records.pending, records.base, records.view"

func (tx *Tx) scanRecord(s *statement) (r Record, err error) {
	r = Record{
		ID:        s.columnID(0),
		Kind:      syncengine.KindNumber(s.columnInt(1)),
		Seq:       syncengine.Seq(s.columnInt(2)),
		Territory: s.columnID(4),
		State:     int32(s.columnInt(5)),
		Due:       syncengine.UnixMilli(s.columnInt(6)),
		Mine:      s.columnBool(7),
		Dead:      s.columnBool(8),
		Pending:   uint32(s.columnInt(9)),
		Base:      s.columnBlob(10),
		View:      s.columnBlob(11),
	}
	r.Keys, err = tx.setKeys(s.columnInt(3))
	return r, err
}

// Record gives a record by its id.
func (tx *Tx) Record(id syncengine.ID) (r Record, ok bool, err error) {
	return one(tx.statement("SELECT "+recordColumns+" FROM records WHERE id = ? AND round <= ?").
		id(id).int(tx.db.shown), tx.scanRecord)
}

// Records gives every record, dead ones too, in no particular order.
func (tx *Tx) Records() iter.Seq2[Record, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + recordColumns + " FROM records WHERE round <= ?").int(tx.db.shown)
	}, tx.scanRecord)
}

// place is where a record's row stands.
type place struct {
	row int64
	// staged is true for a row that is not shown yet.
	staged bool
	// listed is true for a row whose columns in records_list are those of the record it was asked for.
	listed bool
}

func scanPlace(s *statement) (place, error) {
	return place{row: s.columnInt(0), staged: s.columnBool(1), listed: s.columnBool(2)}, nil
}

func (tx *Tx) place(id syncengine.ID) (p place, ok bool, err error) {
	return one(tx.statement("SELECT row, round > ?, 0 FROM records WHERE id = ?").int(tx.db.shown).id(id), scanPlace)
}

// placeOf is place for a record that is to be written.
func (tx *Tx) placeOf(r *Record) (p place, ok bool, err error) {
	return one(tx.statement("SELECT row, round > ?,"+
		" kind = ? AND territory = ? AND state = ? AND due = ? AND mine = ? AND dead = ? FROM records WHERE id = ?").
		int(tx.db.shown).bindListed(r).id(r.ID), scanPlace)
}

// PutRecord writes a record with all its columns. One that is staged as new becomes visible with what is put, and what
// was staged waits for Switch like any other next base.
func (tx *Tx) PutRecord(r Record) error {
	set, err := tx.internSet(r.Keys)
	if err != nil {
		return err
	}
	p, ok, err := tx.placeOf(&r)
	switch {
	case err != nil:
		return err
	case !ok:
		_, err = tx.insertRecord(&r, set, 0)
		return err
	case p.staged:
		if err := tx.stageAside(p.row); err != nil {
			return err
		}
	}
	return tx.updateRecord(&r, set, p, 0)
}

// bindListed binds the columns that records_list holds.
func (s *statement) bindListed(r *Record) *statement {
	return s.int(int64(r.Kind)).idOrEmpty(r.Territory).int(int64(r.State)).int(int64(r.Due)).bool(r.Mine).bool(r.Dead)
}

// bindRest binds the others that a write sets.
func (s *statement) bindRest(r *Record, set int64) *statement {
	return s.int(int64(r.Seq)).int(set).int(int64(r.Pending)).nullable(r.Base).nullable(r.View)
}

// insertRecord writes a row for a record that has none, and answers false where there is one already. A new row mostly
// lies above the index's mark; below it where the last rows were deleted, since their numbers are given out again.
func (tx *Tx) insertRecord(r *Record, set, round int64) (inserted bool, err error) {
	tx.db.holds.noteBase(r.Base, set, round <= tx.db.shown)
	err = tx.write("INSERT INTO records"+
		" (id, round, kind, territory, state, due, mine, dead, seq, key_set, pending, base, view)"+
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING").
		id(r.ID).int(round).bindListed(r).bindRest(r, set).run()
	if err != nil || tx.db.conn.Changes() == 0 {
		return false, err
	}
	return true, tx.queueDerived(r, tx.db.conn.LastInsertRowID())
}

// holds says what the records may hold: true where it is not known better, as it is of a database that was empty when it
// was opened. The first fill need not look through all that it brings then for what leaves.
type holds struct {
	// based: a record that is shown has a base. keyless: some base stands under no key.
	based, keyless bool
}

func (tx *Tx) readHolds() error {
	any, err := tx.statement("SELECT EXISTS (SELECT 1 FROM records)").number()
	tx.db.holds = holds{based: any > 0, keyless: any > 0}
	return err
}

// noteBase notes that a row of a round is to have a base under a set of keys.
func (h *holds) noteBase(base []byte, set int64, shown bool) {
	if len(base) > 0 {
		h.based, h.keyless = h.based || shown, h.keyless || set == 0
	}
}

// queueDerived notes that what follows from a record that was written is out of date.
func (tx *Tx) queueDerived(r *Record, row int64) error {
	if err := tx.queueTurns(r.Kind, row); err != nil || !r.Search {
		return err
	}
	return tx.queueRow(row)
}

// updateRecord writes over a row. The engine rewrites an index entry whenever a statement sets one of its columns, so
// the common write that sets none of them has a statement of its own.
func (tx *Tx) updateRecord(r *Record, set int64, p place, round int64) error {
	delete(tx.db.baseSets, r.ID)
	tx.db.holds.noteBase(r.Base, set, round <= tx.db.shown)
	var s *statement
	if p.listed && !p.staged {
		s = tx.write("UPDATE records SET seq = ?, key_set = ?, pending = ?, base = ?, view = ? WHERE row = ?")
	} else {
		s = tx.write("UPDATE records SET round = ?, kind = ?, territory = ?, state = ?, due = ?, mine = ?, dead = ?," +
			" seq = ?, key_set = ?, pending = ?, base = ?, view = ? WHERE row = ?").int(round).bindListed(r)
	}
	if err := s.bindRest(r, set).int(p.row).run(); err != nil {
		return err
	}
	return tx.queueDerived(r, p.row)
}

// ConfirmRecord makes r.Base the base, with r.Seq and r.Keys, of a record that has none and one pending change: its view
// goes. What lists look at stays as it is shown. done is false, and nothing is written, where the record is another one or
// is shown as of another kind or territory than r.
func (tx *Tx) ConfirmRecord(r *Record) (done bool, err error) {
	set, err := tx.internSet(r.Keys)
	if err != nil {
		return false, err
	}
	tx.db.holds.noteBase(r.Base, set, true)
	// What a phone makes one after the other mostly stands so, which saves looking its id up.
	if tx.nextConfirmed > 0 {
		err := tx.bindConfirmed(tx.write(confirmRecord+" AND row = ?"), r, set).int(tx.nextConfirmed).run()
		if done = err == nil && tx.db.conn.Changes() == 1; done || err != nil {
			tx.nextConfirmed++
			return done, err
		}
	}
	s := tx.bindConfirmed(tx.write(confirmRecord+" RETURNING row"), r, set)
	for s.next() {
		tx.nextConfirmed, done = s.columnInt(0)+1, true
	}
	return done, s.release()
}

const confirmRecord = "UPDATE records SET seq = ?, key_set = ?, base = ?, view = NULL, pending = 0" +
	" WHERE id = ? AND round <= ? AND pending = 1 AND base IS NULL AND kind = ? AND territory = ?"

func (tx *Tx) bindConfirmed(s *statement, r *Record, set int64) *statement {
	return s.int(int64(r.Seq)).int(set).blob(r.Base).id(r.ID).int(tx.db.shown).int(int64(r.Kind)).idOrEmpty(r.Territory)
}

// BaseKeys gives the keys under which a record was sent; ok is false for one that the base does not hold.
func (tx *Tx) BaseKeys(id syncengine.ID) (keys []KeyID, ok bool, err error) {
	set, known := tx.db.baseSets[id]
	if !known {
		s := tx.statement("SELECT key_set FROM records WHERE id = ? AND round <= ? AND base IS NOT NULL").id(id).int(tx.db.shown)
		if set, ok, err = one(s, scanInt); err != nil || !ok {
			return nil, false, err
		}
		tx.db.baseSets.remember(id, set)
	}
	keys, err = tx.setKeys(set)
	return keys, err == nil, err
}

// baseSets remembers under which set of keys records stand in the base. A record that is not in it is looked up.
// Whatever writes a row that is shown, or deletes one, takes it out; so does a rollback.
type baseSets map[syncengine.ID]int64

// baseSetsMax bounds it: the doors and cases of a team's area, some half a megabyte.
const baseSetsMax = 8000

func (b *baseSets) remember(id syncengine.ID, set int64) {
	if *b == nil || len(*b) >= baseSetsMax {
		*b = baseSets{}
	}
	(*b)[id] = set
}

func scanInt(s *statement) (int64, error) { return s.columnInt(0), nil }

// DropBase takes a record out of the base. The row goes, unless it has own changes pending: then it stays with what was
// shown as its view, for the caller to build again, and kept is true. Nothing happens to a record without a base.
func (tx *Tx) DropBase(id syncengine.ID) (kept bool, err error) {
	r, ok, err := tx.Record(id)
	if err != nil || !ok || r.Base == nil {
		return false, err
	}
	if err := tx.noteUnclean(); err != nil {
		return false, err
	}
	tx.left = append(tx.left, id)
	if r.Pending == 0 {
		return false, tx.DeleteRecord(id)
	}
	r.View, r.Base, r.Seq, r.Keys = r.Shown(), nil, 0, nil
	return true, tx.PutRecord(r)
}

// DeleteRecord deletes a record and what the search index holds of it, whatever the record holds. What is staged for it
// stays staged.
func (tx *Tx) DeleteRecord(id syncengine.ID) error {
	p, ok, err := tx.place(id)
	if err != nil || !ok || p.staged {
		return err
	}
	if err := tx.tellLeaving(id); err != nil {
		return err
	}
	if err := tx.deleteRow(p.row); err != nil {
		return err
	}
	return tx.restage(id)
}

func (tx *Tx) deleteRow(row int64) error {
	if err := tx.noteUnclean(); err != nil {
		return err
	}
	clear(tx.db.baseSets)
	if row <= tx.db.turned {
		if err := tx.dropTurns(row); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		"DELETE FROM search WHERE rowid = ?",
		"DELETE FROM search_queue WHERE row = ?",
		"DELETE FROM turn_queue WHERE row = ?",
		"DELETE FROM records WHERE row = ?",
	} {
		if err := tx.write(sql).int(row).run(); err != nil {
			return err
		}
	}
	return nil
}

// RecordsUnder gives the ids of the records that were sent under a key. It reads every row, without the bodies: it is
// for purges, not for lists.
func (tx *Tx) RecordsUnder(key KeyID) iter.Seq2[syncengine.ID, error] {
	return func(yield func(syncengine.ID, error) bool) {
		ids, err := tx.idsBySet(func(keys []KeyID) bool { return setOf(keys)[key] }, "1")
		if err != nil {
			yield(syncengine.ID{}, err)
			return
		}
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// setsNamedMax bounds the sets that a statement names: where more are wanted, most rows are read anyway.
const setsNamedMax = 64

// idsBySet gives the ids of visible records with a base whose set of keys is wanted and for which an SQL condition holds.
func (tx *Tx) idsBySet(wanted func([]KeyID) bool, condition string) (ids []syncengine.ID, err error) {
	sets := map[int64]bool{}
	if tx.db.holds.keyless && wanted(nil) {
		sets[0] = true
	}
	for set, err := range tx.keySets() {
		if err != nil {
			return nil, err
		}
		if wanted(set.keys) {
			sets[set.id] = true
		}
	}
	if len(sets) == 0 {
		return nil, nil
	}
	s := tx.rowsOfSets(sets, condition)
	for s.next() {
		if sets[s.columnInt(1)] {
			ids = append(ids, s.columnID(0))
		}
	}
	return ids, s.release()
}

// rowsOfSets selects id and set of visible rows with a base, and leaves out those of other sets where these are few. The
// list is padded with its last number, so that few texts of the statement exist.
func (tx *Tx) rowsOfSets(sets map[int64]bool, condition string) *statement {
	const selects = "SELECT id, key_set FROM records WHERE round <= ? AND base IS NOT NULL AND "
	if len(sets) > setsNamedMax {
		return tx.statement(selects + condition).int(tx.db.shown)
	}
	s := tx.statement(selects + condition + " AND key_set IN (" + marks(len(sets)) + ")").int(tx.db.shown)
	numbers := slices.Collect(maps.Keys(sets))
	for i := range padded(len(numbers)) {
		s.int(numbers[min(i, len(numbers)-1)])
	}
	return s
}
