package sqlitestore

import (
	"onedoor/server/store"
	"onedoor/syncengine"
)

// selectBehind walks the records in the order of their rows, which is that in which they were made.
const selectBehind = "SELECT kind, seq, body, rowid, id FROM records WHERE rowid > ? ORDER BY rowid"

// trailRowsMin is how many rows that follow one another are looked up by their ids before the next one is expected behind
// them: two may be chance, and a walk that is begun for nothing costs about what it saves on one record.
const trailRowsMin = 3

// trail is where a View has read records. What a batch made stands row behind row, and a page asks for it in that order: a
// walk over the rows gives the next record for less than half of what it takes to look its id up. What stands elsewhere is looked up.
type trail struct {
	// at is the row that was read last; 0 for none.
	at int64
	// rows counts those read so far that followed one another.
	rows int
	// walking says that the statement stands on row at.
	walking bool
}

// behind gives a record where it stands behind the one that was read last; ok is false where it has to be looked up. The body is
// read into the memory given where that is enough.
func (r *reader) behind(id syncengine.ID, into []byte) (rec store.Record, ok bool, err error) {
	if r.trail == nil || r.trail.rows < trailRowsMin {
		return rec, false, nil
	}
	stmt := r.s.behind
	if !r.trail.walking {
		stmt.BindInt64(1, r.trail.at)
		r.trail.walking = true
	}
	found, err := stmt.Step()
	if err != nil {
		return rec, false, r.fault("read the next record", err)
	}
	if found {
		stmt.ColumnBytes(4, rec.ID[:])
	}
	if !found || rec.ID != id {
		return store.Record{}, false, r.leaveTrail()
	}
	r.trail.at = stmt.ColumnInt64(3)
	rec = recordRow(stmt, into)
	rec.ID = id
	return rec, true, nil
}

// stood notes the row of a record that was looked up.
func (r *reader) stood(row int64) {
	if r.trail == nil {
		return
	}
	if row != r.trail.at+1 {
		r.trail.rows = 0
	}
	r.trail.at, r.trail.rows = row, r.trail.rows+1
}

// leaveTrail ends the walk; where records stand is found out anew.
func (r *reader) leaveTrail() error {
	walking := r.trail.walking
	*r.trail = trail{}
	if !walking {
		return nil
	}
	return r.fault("read the next record", r.s.behind.Reset())
}
