package exchange

import (
	"context"
	"errors"
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Errors of settling a conflict at the server.
var (
	// ErrNoConflict means that nothing is open under the id, that the user may not know of it, or that there is no such choice.
	ErrNoConflict = errors.New("no such open conflict")
	// ErrMayNotSettle means that the user may read the conflict and not write its cell.
	ErrMayNotSettle = errors.New("the user's role may not write this field here")
	// ErrChangedSince means that somebody has written the record since the caller looked.
	ErrChangedSince = errors.New("the record has changed since it was shown")
)

// Settlement names a conflict and the value that is to stand.
type Settlement struct {
	Record   syncengine.ID
	Conflict syncengine.ConflictID
	// Choice is 0 to confirm what stands, else the place, from 1, among what [Choices] gives.
	Choice int
	// Seen is the seq of the record's newest entry as the caller saw it; 0 asks for no such check.
	Seen syncengine.Seq
}

// Choices gives the values that may take the place of the one that stands. Where a deletion stands, the value shown is one of
// them: to choose it brings the record back.
func Choices(c syncengine.Conflict) []syncengine.Value {
	values := c.Cell.Values[1:]
	if c.Kind == syncengine.DeleteEdit {
		values = c.Cell.Values
	}
	out := append([]syncengine.Value(nil), values...)
	for i := range c.Cell.Kept {
		out = append(out, c.Cell.Kept[i].Value)
	}
	return out
}

// MaySettle tells whether a user may close a conflict at a cell: who may read and write it.
func (s *Service) MaySettle(r store.Reader, user syncengine.ID, rec *syncengine.Record, field syncengine.FieldNumber) (bool, error) {
	roles, err := s.RolesOver(r, user, rec)
	kind, known := s.Schema().Kind(rec.Kind)
	if err != nil || !known {
		return false, err
	}
	class, ok := kind.Engine.Class(field)
	return ok && s.Schema().Access.ReadClasses(rec.Kind, roles).Has(class) && s.Schema().Access.WriteClasses(rec.Kind, roles).Has(class), nil
}

// Settle closes a conflict as a user who is shown it, or gives ErrNoConflict, ErrMayNotSettle or ErrChangedSince and changes
// nothing.
func (s *Service) Settle(ctx context.Context, by syncengine.ID, asked Settlement) (at syncengine.Coordinate, err error) {
	err = s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		change, err := s.settling(k, by, asked)
		if err != nil {
			return err
		}
		made, err := k.writeAll(by, []ServerChange{change})
		if err == nil {
			at = made[0]
		}
		return err
	}})
	return at, err
}

// settling makes the change that closes a conflict.
func (s *Service) settling(k *work, by syncengine.ID, asked Settlement) (out ServerChange, err error) {
	rec, err := k.record(asked.Record)
	if err != nil {
		return out, err
	}
	open, ok := s.conflictOf(k.world, rec, asked.Conflict)
	if !ok {
		return out, fmt.Errorf("record %s: %w", asked.Record, ErrNoConflict)
	}
	may, err := s.MaySettle(k.w, by, rec, open.Cell.Key.Field)
	switch {
	case err != nil:
		return out, err
	case !may:
		return out, ErrMayNotSettle
	case asked.Seen != 0 && rec.Seq != asked.Seen:
		return out, fmt.Errorf("record %s: seq %d, seen %d: %w", rec.ID, rec.Seq, asked.Seen, ErrChangedSince)
	}
	kind, _ := s.Schema().Kind(rec.Kind)
	patch, err := choosing(kind, open, asked.Choice)
	return ServerChange{RecordID: rec.ID, Kind: rec.Kind, Patch: patch, Resolves: []syncengine.ConflictID{open.ID}}, err
}

// conflictOf finds an open conflict of a record.
func (s *Service) conflictOf(world syncengine.World, rec *syncengine.Record, id syncengine.ConflictID) (syncengine.Conflict, bool) {
	if rec == nil {
		return syncengine.Conflict{}, false
	}
	kind, known := s.Schema().Kind(rec.Kind)
	if !known {
		return syncengine.Conflict{}, false
	}
	for _, c := range world.Conflicts(kind.Engine, rec) {
		if c.ID == id {
			return c, true
		}
	}
	return syncengine.Conflict{}, false
}

// choosing makes the patch of a choice, as a phone would.
func choosing(kind *schema.Kind, open syncengine.Conflict, choice int) (*syncv1.Patch, error) {
	if choice == 0 {
		switch open.Kind {
		case syncengine.DeleteEdit:
			return &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}, nil
		case syncengine.KeptOpen:
			return &syncv1.Patch{}, nil
		}
		shown := open.Cell.Shown()
		return wire.WritingAgain(kind, open.Cell.Key, shown.Data, shown.Cleared), nil
	}
	values := Choices(open)
	if choice < 0 || choice > len(values) {
		return nil, fmt.Errorf("value %d of %d: %w", choice, len(values), ErrNoConflict)
	}
	v := values[choice-1]
	return wire.PuttingBack(kind, open.Kind, open.Cell.Key, v.Data, v.Cleared), nil
}
