package localdb

import (
	"iter"

	"onedoor/syncengine"
)

// The kinds of records that turns follow from, by their numbers on the wire, which are never used again.
const (
	kindDoor  syncengine.KindNumber = 1
	kindVisit syncengine.KindNumber = 2
)

func hasTurns(kind syncengine.KindNumber) bool { return kind == kindDoor || kind == kindVisit }

// Call is one call at one door.
type Call struct {
	// Door is the door's id.
	Door syncengine.ID
	// At is when it was made.
	At syncengine.UnixMilli
	// Outcome is the number of what came of it.
	Outcome int32
	// Seen says that it counts as seen.
	Seen bool
}

// Turns is what plans look at of one record.
type Turns struct {
	// Facts are those of a door that is visited; nil for any other record.
	Facts []byte
	// Calls are those of a visit, at most one a door.
	Calls []Call
}

// DoorTurn is a door that is visited, with its last calls.
type DoorTurn struct {
	// ID is the door's id, Facts what was derived of it.
	ID    syncengine.ID
	Facts []byte
	// Seen is when it was last seen, Tried when it was last called at; 0 for never. Outcome is what came of the last call.
	Seen, Tried syncengine.UnixMilli
	Outcome     int32
}

// queueTurns notes that what was derived of a row is out of date; of one above the mark nothing was derived. What a door
// said goes at once, so that nothing outlives an erasure here.
func (tx *Tx) queueTurns(kind syncengine.KindNumber, row int64) error {
	if row > tx.db.turned || !hasTurns(kind) {
		return nil
	}
	if kind == kindDoor {
		if err := tx.write("DELETE FROM turn_doors WHERE row = ?").int(row).run(); err != nil {
			return err
		}
	}
	return tx.write("INSERT OR IGNORE INTO turn_queue (row) VALUES (?)").int(row).run()
}

// queueStagedTurns queues what waits in staging and is about to be shown.
func (tx *Tx) queueStagedTurns() error {
	if tx.db.turned == 0 {
		return nil
	}
	return tx.write("INSERT OR IGNORE INTO turn_queue (row) SELECT records.row FROM staging" +
		" CROSS JOIN records ON records.id = staging.id WHERE staging.kind IN (?, ?) AND records.row <= ?").
		int(int64(kindDoor)).int(int64(kindVisit)).int(tx.db.turned).run()
}

// DeriveTurns brings turns up to date for up to limit records, by what the callback derives of each, and says of how many.
// They are up to date when that is fewer than limit. Another version than the last one derives everything anew. Records
// that are staged stay out of it until they are shown.
func (tx *Tx) DeriveTurns(limit int, version int64, derive func(Record) (Turns, error)) (derived int, err error) {
	if err := tx.turnsOf(version); err != nil {
		return 0, err
	}
	mark := tx.db.turned
	batch, err := tx.queuedTurns(limit)
	if err != nil {
		return 0, err
	}
	news, err := tx.newTurns(limit - len(batch))
	if err != nil {
		return 0, err
	}
	batch = append(batch, news...)
	for _, q := range batch {
		turns, err := derive(q.record)
		if err != nil {
			return 0, err
		}
		if q.row <= mark {
			if err := tx.dropTurns(q.row); err != nil {
				return 0, err
			}
		}
		if err := tx.putTurns(q, turns); err != nil {
			return 0, err
		}
	}
	return len(batch), nil
}

// turnsOf empties what another version derived.
func (tx *Tx) turnsOf(version int64) error {
	stood, err := tx.statement("SELECT version FROM turn_mark").number()
	if err != nil || stood == version {
		return err
	}
	for _, table := range []string{"turn_queue", "turn_doors", "turn_calls", "turn_last"} {
		if err := tx.write("DELETE FROM " + table).run(); err != nil {
			return err
		}
	}
	tx.db.turned = 0
	return tx.write("UPDATE turn_mark SET row = 0, version = ?").int(version).run()
}

// queuedTurns gives up to limit records of the queue that are shown, and takes them out of it.
func (tx *Tx) queuedTurns(limit int) (batch []queued, err error) {
	s := tx.statement("SELECT " + recordColumns + ", records.row" +
		" FROM turn_queue CROSS JOIN records ON records.row = turn_queue.row" +
		" WHERE records.round <= ? LIMIT ?").int(tx.db.shown).int(int64(limit))
	for s.next() {
		batch = tx.scanQueued(s, batch)
	}
	if err := s.release(); err != nil {
		return nil, err
	}
	for _, q := range batch {
		if err := tx.write("DELETE FROM turn_queue WHERE row = ?").int(q.row).run(); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// newTurns gives up to limit records above the mark, and moves the mark behind them; staged ones that it passes go into
// the queue.
func (tx *Tx) newTurns(limit int) (batch []queued, err error) {
	var staged []int64
	mark := tx.db.turned
	s := tx.statement("SELECT " + recordColumns + ", records.row, records.round > ? FROM records WHERE row > ? ORDER BY row").
		int(tx.db.shown).int(mark)
	for len(batch) < limit && s.next() {
		mark = s.columnInt(12)
		switch kind := syncengine.KindNumber(s.columnInt(1)); {
		case !hasTurns(kind):
		case s.columnBool(13):
			staged = append(staged, mark)
		default:
			batch = tx.scanQueued(s, batch)
		}
	}
	if err := s.release(); err != nil || mark == tx.db.turned {
		return nil, err
	}
	tx.db.turned = mark
	if err := tx.write("UPDATE turn_mark SET row = ?").int(mark).run(); err != nil {
		return nil, err
	}
	for _, row := range staged {
		if err := tx.write("INSERT OR IGNORE INTO turn_queue (row) VALUES (?)").int(row).run(); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

// putTurns writes what was derived of a row of which nothing stands.
func (tx *Tx) putTurns(q queued, turns Turns) error {
	if turns.Facts != nil {
		err := tx.write("INSERT INTO turn_doors (row, id, facts) VALUES (?, ?, ?)").int(q.row).id(q.record.ID).blob(turns.Facts).run()
		if err != nil {
			return err
		}
	}
	for _, c := range turns.Calls {
		if err := tx.putCall(q.row, c); err != nil {
			return err
		}
	}
	return nil
}

// putCall writes a call and adds it to the sum of its door. Of two calls at one time the greater outcome counts as last.
func (tx *Tx) putCall(row int64, c Call) error {
	err := tx.write("INSERT OR REPLACE INTO turn_calls (door, at, row, outcome, seen) VALUES (?, ?, ?, ?, ?)").
		id(c.Door).int(int64(c.At)).int(row).int(int64(c.Outcome)).bool(c.Seen).run()
	if err != nil {
		return err
	}
	seen := syncengine.UnixMilli(0)
	if c.Seen {
		seen = c.At
	}
	return tx.write("INSERT INTO turn_last (door, seen, tried, outcome) VALUES (?, ?, ?, ?) ON CONFLICT (door) DO UPDATE SET" +
		" seen = max(seen, excluded.seen)," +
		" outcome = iif(excluded.tried > tried, excluded.outcome, iif(excluded.tried < tried, outcome, max(outcome, excluded.outcome)))," +
		" tried = max(tried, excluded.tried)").
		id(c.Door).int(int64(seen)).int(int64(c.At)).int(int64(c.Outcome)).run()
}

// dropTurns takes out what was derived of a row, and sums up anew the doors that it had called at.
func (tx *Tx) dropTurns(row int64) error {
	if err := tx.write("DELETE FROM turn_doors WHERE row = ?").int(row).run(); err != nil {
		return err
	}
	var doors []syncengine.ID
	s := tx.statement("SELECT door FROM turn_calls WHERE row = ?").int(row)
	for s.next() {
		doors = append(doors, s.columnID(0))
	}
	if err := s.release(); err != nil || len(doors) == 0 {
		return err
	}
	if err := tx.write("DELETE FROM turn_calls WHERE row = ?").int(row).run(); err != nil {
		return err
	}
	for _, door := range doors {
		if err := tx.sumTurns(door); err != nil {
			return err
		}
	}
	return nil
}

// sumTurns sums up the calls at a door anew.
func (tx *Tx) sumTurns(door syncengine.ID) error {
	if err := tx.write("DELETE FROM turn_last WHERE door = ?").id(door).run(); err != nil {
		return err
	}
	return tx.write("INSERT INTO turn_last (door, seen, tried, outcome)" +
		" SELECT door, coalesce((SELECT max(at) FROM turn_calls WHERE door = ?1 AND seen = 1), 0), at, outcome" +
		" FROM turn_calls WHERE door = ?1 ORDER BY at DESC, outcome DESC LIMIT 1").id(door).run()
}

// DoorTurns gives all doors that are visited, in no particular order. Call DeriveTurns first: a door that is
// queued is missing here.
func (tx *Tx) DoorTurns() iter.Seq2[DoorTurn, error] {
	return each(func() *statement {
		return tx.statement("SELECT turn_doors.id, turn_doors.facts, coalesce(turn_last.seen, 0), coalesce(turn_last.tried, 0)," +
			" coalesce(turn_last.outcome, 0) FROM turn_doors LEFT JOIN turn_last ON turn_last.door = turn_doors.id")
	}, func(s *statement) (DoorTurn, error) {
		return DoorTurn{
			ID: s.columnID(0), Facts: s.columnBlob(1), Seen: syncengine.UnixMilli(s.columnInt(2)),
			Tried: syncengine.UnixMilli(s.columnInt(3)), Outcome: int32(s.columnInt(4)),
		}, nil
	})
}
