package localdb

import (
	"slices"

	"onedoor/syncengine"
)

// Switch makes what is staged the base and empties the staging:
//   - A staged record takes the place of Base, Seq and Keys, and of the index columns unless the record has a View or
//     Pending changes: then the columns follow from the view, which is the caller's.
//   - A record staged as gone leaves the base as with DropBase. So does one under a filled key that is not staged,
//     unless it also stands under a key of view that was not filled; and one under no key of view. A nil view means
//     that the view is what it was: then every key counts as held, and the last rule is skipped.
//
// It returns the records with a View or Pending changes whose base was replaced or dropped. Their view and index columns
// are the caller's to build again, with PutRecord in the same transaction.
func (tx *Tx) Switch(view []KeyID) (overlaid []syncengine.ID, err error) {
	if !tx.writes {
		return nil, ErrReadOnly
	}
	leaving, err := tx.leaving(view)
	if err != nil {
		return nil, err
	}
	if overlaid, err = tx.ids("SELECT records.id FROM staging CROSS JOIN records ON records.id = staging.id" +
		" WHERE records.pending > 0 OR records.view IS NOT NULL"); err != nil {
		return nil, err
	}
	if err := tx.showStaged(); err != nil {
		return nil, err
	}
	if err := tx.emptyStaging(); err != nil {
		return nil, err
	}
	if view != nil {
		held := setOf(view)
		outside, err := tx.idsBySet(func(keys []KeyID) bool { return !slices.ContainsFunc(keys, in(held)) }, "1")
		if err != nil {
			return nil, err
		}
		leaving = append(leaving, outside...)
	}
	known := setOf(overlaid)
	for _, id := range leaving {
		kept, err := tx.DropBase(id)
		if err != nil {
			return nil, err
		}
		if kept && !known[id] {
			overlaid = append(overlaid, id)
		}
	}
	return overlaid, nil
}

// leaving gives the ids staged as gone and those that a fill did not name.
func (tx *Tx) leaving(view []KeyID) ([]syncengine.ID, error) {
	gone, err := tx.ids("SELECT id FROM staging_gone")
	if err != nil {
		return nil, err
	}
	list, err := tx.StagedFilled()
	if err != nil || len(list) == 0 || !tx.db.holds.based {
		return gone, err
	}
	filled, held := setOf(list), setOf(view)
	unnamed, err := tx.idsBySet(func(keys []KeyID) bool {
		stands := func(k KeyID) bool { return !filled[k] && (view == nil || held[k]) }
		return slices.ContainsFunc(keys, in(filled)) && !slices.ContainsFunc(keys, stands)
	}, "NOT EXISTS (SELECT 1 FROM staging WHERE staging.id = records.id)")
	return append(gone, unnamed...), err
}

// in gives the test for being in a set.
func in[T comparable](set map[T]bool) func(T) bool { return func(v T) bool { return set[v] } }

// showStaged copies staging to records and shows the round.
func (tx *Tx) showStaged() error {
	any, err := tx.statement("SELECT EXISTS (SELECT 1 FROM staging)").number()
	if err == nil && any > 0 {
		err = tx.copyStaged()
	}
	if err != nil {
		return err
	}
	if err := tx.write("UPDATE rounds SET shown = shown + 1").run(); err != nil {
		return err
	}
	tx.db.shown++
	tx.db.holds.based = true
	return nil
}

// copyStaged makes what waits in staging the base of its records.
func (tx *Tx) copyStaged() error {
	clear(tx.db.baseSets)
	const own = "(records.pending > 0 OR records.view IS NOT NULL)"
	err := tx.write("UPDATE records SET kind = s.kind, seq = s.seq, key_set = s.key_set, base = s.base," +
		" territory = iif(" + own + ", records.territory, s.territory), state = iif(" + own + ", records.state, s.state)," +
		" due = iif(" + own + ", records.due, s.due), mine = iif(" + own + ", records.mine, s.mine)," +
		" dead = iif(" + own + ", records.dead, s.dead)" +
		" FROM staging AS s WHERE records.id = s.id").run()
	if err != nil {
		return err
	}
	if err := tx.queueStagedTurns(); err != nil {
		return err
	}
	return tx.write("INSERT OR IGNORE INTO search_queue (row) SELECT records.row FROM staging" +
		" CROSS JOIN records ON records.id = staging.id WHERE staging.search = 1 AND records.row <= ?").int(tx.db.indexed).run()
}

// ids gives the ids that a query selects.
func (tx *Tx) ids(sql string) (ids []syncengine.ID, err error) {
	s := tx.statement(sql)
	for s.next() {
		ids = append(ids, s.columnID(0))
	}
	return ids, s.release()
}
