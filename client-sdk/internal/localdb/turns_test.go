package localdb_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

const (
	doorKind, visitKind, otherKind = syncengine.KindNumber(1), syncengine.KindNumber(2), syncengine.KindNumber(6)
	turnsVersion                   = 1
)

// door and visit are records as the derivation of these tests reads them: of a door all bytes are its facts, of a visit
// every three are a door's number, a time and an outcome.
func turnsOf(r localdb.Record) (out localdb.Turns, err error) {
	body := r.Shown()
	switch {
	case r.Dead:
	case r.Kind == doorKind:
		out.Facts = body
	case r.Kind == visitKind:
		called := map[byte]bool{}
		for call := range slices.Chunk(body, 3) {
			if len(call) == 3 && !called[call[0]] {
				called[call[0]] = true
				out.Calls = append(out.Calls, localdb.Call{
					Door: id(int(call[0])), At: syncengine.UnixMilli(1 + call[1]), Outcome: int32(call[2]), Seen: call[2] == 1,
				})
			}
		}
	}
	return out, nil
}

// deriveAll brings turns up to date, a few records at a time.
func deriveAll(t testing.TB, db *localdb.DB) {
	t.Helper()
	const limit = 3
	for n := limit; n == limit; {
		update(t, db, func(tx *localdb.Tx) (err error) {
			n, err = tx.DeriveTurns(limit, turnsVersion, turnsOf)
			return err
		})
	}
}

// turnsByHand works out from all records what DoorTurns has to give.
func turnsByHand(t testing.TB, tx *localdb.Tx) map[syncengine.ID]localdb.DoorTurn {
	doors := map[syncengine.ID]localdb.DoorTurn{}
	var calls []localdb.Call
	for _, r := range collect(t, tx.Records()) {
		turns, err := turnsOf(r)
		if err != nil {
			t.Fatal(err)
		}
		if turns.Facts != nil {
			doors[r.ID] = localdb.DoorTurn{ID: r.ID, Facts: turns.Facts}
		}
		calls = append(calls, turns.Calls...)
	}
	for _, c := range calls {
		d, ok := doors[c.Door]
		if !ok {
			continue
		}
		if c.Seen {
			d.Seen = max(d.Seen, c.At)
		}
		if c.At > d.Tried || c.At == d.Tried && c.Outcome > d.Outcome {
			d.Tried, d.Outcome = c.At, c.Outcome
		}
		doors[c.Door] = d
	}
	return doors
}

func compareTurns(t testing.TB, db *localdb.DB, when string) {
	t.Helper()
	view(t, db, func(tx *localdb.Tx) error {
		want, got := turnsByHand(t, tx), map[syncengine.ID]localdb.DoorTurn{}
		for _, d := range collect(t, tx.DoorTurns()) {
			got[d.ID] = d
		}
		same := func(a, b localdb.DoorTurn) bool {
			return bytes.Equal(a.Facts, b.Facts) && a.Seen == b.Seen && a.Tried == b.Tried && a.Outcome == b.Outcome
		}
		if !maps.EqualFunc(got, want, same) {
			t.Fatalf("%s:\n got %v\nwant %v", when, got, want)
		}
		return nil
	})
}

// drawnRecord draws a door, a visit or something else, one of few.
func drawnRecord(d *rand.Rand) localdb.Record {
	r := localdb.Record{Seq: 1, Dead: d.IntN(6) == 0}
	switch d.IntN(5) {
	case 0, 1:
		r.ID, r.Kind, r.Base = id(d.IntN(6)), doorKind, []byte{byte('a' + d.IntN(9))}
	case 2, 3:
		r.ID, r.Kind = id(100+d.IntN(6)), visitKind
		for range 1 + d.IntN(2) {
			r.Base = append(r.Base, byte(d.IntN(6)), byte(d.IntN(4)), byte(d.IntN(4)))
		}
	default:
		r.ID, r.Kind, r.Base = id(200+d.IntN(3)), otherKind, []byte{1}
	}
	if d.IntN(3) == 0 {
		r.View, r.Pending = r.Base, 1
	}
	return r
}

// someWrite draws one of the ways in which records come, change and go.
func someWrite(d *rand.Rand) (string, func(*localdb.Tx) error) {
	r := drawnRecord(d)
	switch d.IntN(8) {
	case 0, 1, 2:
		return fmt.Sprintf("put %s", r.ID), func(tx *localdb.Tx) error { return tx.PutRecord(r) }
	case 3, 4:
		r.View, r.Pending = nil, 0
		return fmt.Sprintf("stage %s", r.ID), func(tx *localdb.Tx) error { return tx.StageRecord(r) }
	case 5:
		return fmt.Sprintf("delete %s", r.ID), func(tx *localdb.Tx) error { return tx.DeleteRecord(r.ID) }
	case 6:
		return fmt.Sprintf("stage %s as gone", r.ID), func(tx *localdb.Tx) error { return tx.StageGone(r.ID) }
	}
	return "switch", func(tx *localdb.Tx) error {
		overlaid, err := tx.Switch(nil)
		for _, id := range overlaid {
			r, ok, errOf := tx.Record(id)
			if err == nil && errOf == nil && ok {
				err = tx.PutRecord(r)
			}
		}
		return err
	}
}

func TestDeriveTurns_IsWhatTheRecordsSayHoweverTheyCame(t *testing.T) {
	for seed := range uint64(60) {
		d := rand.New(rand.NewPCG(seed, 1))
		db := open(t)
		story := ""
		for range 60 {
			what, write := someWrite(d)
			story += what + "; "
			update(t, db, write)
			if d.IntN(4) == 0 {
				deriveAll(t, db)
				compareTurns(t, db, fmt.Sprintf("seed %d: %s", seed, story))
			}
		}
		deriveAll(t, db)
		compareTurns(t, db, fmt.Sprintf("seed %d: %s", seed, story))
	}
}

func TestDeriveTurns_ARollbackTakesTheMarkBackToo(t *testing.T) {
	db := open(t)
	update(t, db, func(tx *localdb.Tx) error {
		return tx.PutRecord(localdb.Record{ID: id(1), Kind: doorKind, Base: []byte("a"), Seq: 1})
	})
	failed := fmt.Errorf("no more")
	err := db.Update(func(tx *localdb.Tx) error {
		if _, err := tx.DeriveTurns(10, turnsVersion, turnsOf); err != nil {
			t.Error(err)
		}
		return failed
	})
	if err == nil {
		t.Fatal("the transaction stands")
	}
	deriveAll(t, db)
	compareTurns(t, db, "after a rollback")
}

func TestDeriveTurns_AnotherVersionDerivesEverythingAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.db")
	db := reopen(t, path)
	update(t, db, func(tx *localdb.Tx) error {
		return tx.PutRecord(localdb.Record{ID: id(1), Kind: doorKind, Base: []byte("a"), Seq: 1})
	})
	deriveAll(t, db)
	anew := 0
	counted := func(r localdb.Record) (localdb.Turns, error) { anew++; return turnsOf(r) }
	derive := func(version int64) func(*localdb.Tx) error {
		return func(tx *localdb.Tx) error { _, err := tx.DeriveTurns(10, version, counted); return err }
	}
	update(t, db, derive(turnsVersion))
	if anew != 0 {
		t.Errorf("%d records are derived again for nothing", anew)
	}
	update(t, db, derive(turnsVersion+1))
	if anew != 1 {
		t.Errorf("another version derives %d records", anew)
	}
	compareTurns(t, db, "in another version")
}
