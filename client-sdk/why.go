package client

import (
	"encoding/json"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Reason says why one cell of a record shows what it shows.
type Reason struct {
	// Field names the cell, such as note or contributions.<user id>.
	Field string
	// Shown is the value that stands, with its author.
	Shown Value
	// Rule is the policy by which it stands: latest, greatest, least, ranked,
	// first, states, review, add_wins for elements of a set, dead_wins for life.
	Rule string
	// Pending tells that the value is this phone's own and not sent yet.
	Pending bool
	// Losing are the values beside it: concurrent ones in the policy's order, then
	// those kept.
	Losing []Value
}

var ruleNames = map[syncengine.PolicyKind]string{
	syncengine.Latest: "latest", syncengine.Greatest: "greatest", syncengine.Least: "least", syncengine.Ranked: "ranked",
	syncengine.First: "first", syncengine.States: "states", syncengine.Review: "review",
}

// Why says of every cell of a record who wrote what it shows, when, and by which
// rule it stands against which others.
func (r *Replica) Why(id syncengine.ID) (out []*Reason, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		row, err := r.visible(tx, s, id)
		if err != nil {
			return err
		}
		rec, kind, err := r.decodeShown(&row)
		if err != nil {
			return err
		}
		w := r.valuesIn(tx, s)
		for i := range rec.Cells {
			reason, err := w.reason(kind, &rec.Cells[i])
			if err != nil {
				return err
			}
			out = append(out, reason)
		}
		return nil
	})
	return out, err
}

func (w *valueWriter) reason(kind *schema.Kind, c *pagerecord.Cell) (*Reason, error) {
	if w.err != nil {
		return nil, w.err
	}
	out := &Reason{
		Field: recordjson.CellName(kind, c.Key, w.places), Rule: ruleOf(kind, c.Key.Field), Pending: c.Shown.Write.Pending(),
	}
	var err error
	if out.Shown, err = w.value(kind, c.Key, c.Shown); err != nil {
		return nil, err
	}
	out.Losing, err = w.values(kind, c.Key, append(append([]pagerecord.Value(nil), c.Others...), c.Kept...))
	return out, err
}

func ruleOf(kind *schema.Kind, n syncengine.FieldNumber) string {
	if n == syncengine.LifeField {
		return "dead_wins"
	}
	f, known := kind.Field(n)
	switch {
	case !known:
		return "unknown"
	case f.Engine.Shape == syncengine.Set:
		return "add_wins"
	}
	return ruleNames[f.Engine.Policy]
}

// object gives a value as the command line writes it.
func (v *Value) object() recordjson.Object {
	var authorID any // null for the server, which is no user.
	if v.AuthorID != nobody {
		authorID = v.AuthorID
	}
	return recordjson.Object{}.With("value", json.RawMessage(v.JSON)).With("author", v.Author).With("author_id", authorID).
		With("time", recordjson.Time(syncengine.UnixMilli(v.TimeMs)))
}
