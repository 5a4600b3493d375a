package client

import (
	"encoding/json"
	"errors"
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// Value is a value of a cell with who wrote it.
type Value struct {
	// JSON is the value as records write it; null for a removal.
	JSON json.RawMessage
	// Author is the name a screen shows, AuthorID the user's id as UUID text; "server" and the zero UUID for what an import,
	// or the server itself, wrote.
	Author, AuthorID string
	// TimeMs is the stamp, milliseconds since the Unix epoch.
	TimeMs int64
	// Seq is the log entry that brought it; 0 while it is only on this phone.
	Seq uint64
}

// Conflict is something open at a cell that waits for a person.
type Conflict struct {
	// ID names it on every phone and at the server, as UUID text.
	ID string
	// Kind is conflict (two people wrote without knowing of each other), kept (a
	// value was replaced by someone who had not been shown it) or delete_edit (a
	// record was deleted by someone who had not seen this value).
	Kind string
	// RecordID and RecordKind name the record.
	RecordID, RecordKind string
	// Field names the cell, such as note or contributions.<user id>.
	Field string
	// Shown is the value that stands; its JSON is null where the record is shown as deleted.
	Shown Value
	// Others are the values a person may choose instead, in the policy's order.
	Others []Value
}

var conflictKinds = map[syncengine.ConflictKind]string{
	syncengine.Contested: "conflict", syncengine.KeptOpen: "kept", syncengine.DeleteEdit: "delete_edit",
}

// Conflicts lists what is open in the records on this phone.
func (r *Replica) Conflicts() (out []*Conflict, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		w := r.valuesIn(tx, s)
		return r.eachOpen(tx, func(rec *pagerecord.Record, kind *schema.Kind, open pagerecord.Open) (bool, error) {
			c, err := w.conflict(rec, kind, open)
			out = append(out, c)
			return err == nil, err
		})
	})
	return out, err
}

// ConflictCount counts them.
func (r *Replica) ConflictCount() (n int, err error) {
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		n, err = r.countOpen(tx)
		return err
	})
	return n, err
}

func (r *Replica) countOpen(tx *localdb.Tx) (n int, err error) {
	err = r.eachOpen(tx, func(*pagerecord.Record, *schema.Kind, pagerecord.Open) (bool, error) {
		n++
		return true, nil
	})
	return n, err
}

// eachOpen calls f for everything open, record by record, until f answers false.
func (r *Replica) eachOpen(tx *localdb.Tx, f func(*pagerecord.Record, *schema.Kind, pagerecord.Open) (bool, error)) error {
	for row, err := range tx.Records() {
		if err != nil {
			return err
		}
		if _, known := r.schema.Kind(row.Kind); !known || !pagerecord.MayBeOpen(row.Shown()) {
			continue
		}
		if err := r.hides(tx, &r.state, &row); errors.Is(err, ErrGrantEnded) {
			continue
		} else if err != nil {
			return err
		}
		rec, kind, err := r.decodeShown(&row)
		if err != nil {
			return err
		}
		for _, open := range rec.Conflicts(kind) {
			if again, err := f(rec, kind, open); err != nil || !again {
				return err
			}
		}
	}
	return nil
}

// valueWriter writes values for people and scripts.
type valueWriter struct {
	people *people
	places *places
	err    error
}

func (r *Replica) valuesIn(tx *localdb.Tx, s *state) *valueWriter {
	w := &valueWriter{people: r.peopleIn(tx, s)}
	w.places, w.err = r.placesIn(tx)
	return w
}

func (w *valueWriter) value(kind *schema.Kind, key syncengine.CellKey, v pagerecord.Value) (Value, error) {
	if w.err != nil {
		return Value{}, w.err
	}
	user, name, err := w.people.author(v.Write)
	return Value{
		JSON: recordjson.Value(kind, key, v.Data, v.Cleared, w.places), Author: name, AuthorID: user.String(),
		TimeMs: int64(v.Write.Stamp), Seq: uint64(v.Write.At.Seq),
	}, err
}

func (w *valueWriter) values(kind *schema.Kind, key syncengine.CellKey, values []pagerecord.Value) ([]Value, error) {
	out := make([]Value, 0, len(values))
	for _, v := range values {
		written, err := w.value(kind, key, v)
		if err != nil {
			return nil, err
		}
		out = append(out, written)
	}
	return out, nil
}

func (w *valueWriter) conflict(rec *pagerecord.Record, kind *schema.Kind, open pagerecord.Open) (*Conflict, error) {
	if w.err != nil {
		return nil, w.err
	}
	c := &Conflict{
		ID: syncengine.ID(open.ID).String(), Kind: conflictKinds[open.Kind], RecordID: rec.ID.String(), RecordKind: kind.Name,
		Field: recordjson.CellName(kind, open.Cell.Key, w.places),
	}
	var err error
	if c.Others, err = w.values(kind, open.Cell.Key, open.Choices()); err != nil {
		return nil, err
	}
	shown, stands := open.Shown()
	if !stands {
		life, _ := rec.Find(syncengine.CellKey{Field: syncengine.LifeField})
		shown = pagerecord.Value{Write: life.Shown.Write, Cleared: true}
	}
	c.Shown, err = w.value(kind, open.Cell.Key, shown)
	return c, err
}

// Restore puts the n-th of a conflict's other values, counted from 1, in the
// place of the one that stands, and closes the conflict. Where the record was
// deleted, it comes back.
func (r *Replica) Restore(conflictID string, n int) error {
	return r.settleConflict(conflictID, func(kind *schema.Kind, open pagerecord.Open) (*syncv1.Patch, error) {
		choices := open.Choices()
		if n < 1 || n > len(choices) {
			return nil, fmt.Errorf("value %d of %d: %w", n, len(choices), ErrNoChoice)
		}
		v := choices[n-1]
		return wire.PuttingBack(kind, open.Kind, open.Cell.Key, v.Data, v.Cleared), nil
	})
}

// Acknowledge closes a conflict with the value that stands: kept values are let
// go, of concurrent ones the shown one is confirmed, and a deletion is confirmed.
func (r *Replica) Acknowledge(conflictID string) error {
	return r.settleConflict(conflictID, func(kind *schema.Kind, open pagerecord.Open) (*syncv1.Patch, error) {
		switch open.Kind {
		case syncengine.DeleteEdit:
			return &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}, nil
		case syncengine.KeptOpen:
			return &syncv1.Patch{}, nil
		}
		v := open.Cell.Shown
		return wire.WritingAgain(kind, open.Cell.Key, v.Data, v.Cleared), nil
	})
}

// settleConflict commits the change that closes a conflict.
func (r *Replica) settleConflict(conflictID string, patch func(*schema.Kind, pagerecord.Open) (*syncv1.Patch, error)) error {
	named, err := wire.ParseID(conflictID)
	if err != nil {
		return fmt.Errorf("%q: %w: an id is a UUID", conflictID, ErrConflictClosed)
	}
	id := syncengine.ConflictID(named)
	var asked *change
	err = r.viewEnrolled(func(tx *localdb.Tx, _ *state) error {
		return r.eachOpen(tx, func(rec *pagerecord.Record, kind *schema.Kind, open pagerecord.Open) (bool, error) {
			if open.ID != id {
				return true, nil
			}
			p, err := patch(kind, open)
			asked = &change{id: rec.ID, patch: p, onDead: true, resolves: []syncengine.ConflictID{id}}
			return false, err
		})
	})
	switch {
	case err != nil:
		return err
	case asked == nil:
		return fmt.Errorf("%s: %w", conflictID, ErrConflictClosed)
	}
	return r.commit([]change{*asked})
}
