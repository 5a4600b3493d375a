package client

import (
	"fmt"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/wire"
)

// DraftBytesMax bounds one draft: the largest change as text, with room.
const DraftBytesMax = 1 << 20

// Draft is an edit that its user has not finished, or that was refused. It never
// leaves the phone.
type Draft struct {
	// ID names the draft, as UUID text; empty for one not saved yet.
	ID string
	// Kind is the record's kind, RecordID the record it is to; empty for a new one.
	Kind, RecordID string
	// Text is the app's own: the JSON of the form, as a rule.
	Text string
	// Schema is the number of the schema the draft was begun in. It stays when the
	// app is updated, so that an old form can be read as what it was.
	Schema int
	// SavedMs is when it was saved last.
	SavedMs int64
}

// SaveDraft saves a draft and returns its id. Saved again under its id it keeps
// the schema it was begun in.
func (r *Replica) SaveDraft(d *Draft) (string, error) {
	kind, ok := r.schema.KindByName(d.Kind)
	switch {
	case !ok:
		return "", fmt.Errorf("%q: %w", d.Kind, ErrUnknownKind)
	case len(d.Text) > DraftBytesMax:
		return "", refuse("", "draft.too_large", "草稿太大，请删减后再保存。", fmt.Sprintf("a draft of %d bytes, %d are allowed", len(d.Text), DraftBytesMax))
	}
	now := r.now()
	row := localdb.Draft{ID: r.newID(now), Kind: kind.Number, Schema: r.schema.Engine.Version, Saved: now, Body: []byte(d.Text)}
	var err error
	if d.ID != "" {
		if row.ID, err = wire.ParseID(d.ID); err != nil {
			return "", fmt.Errorf("%q: %w", d.ID, ErrNoDraft)
		}
	}
	if d.RecordID != "" {
		if row.RecordID, err = wire.ParseID(d.RecordID); err != nil {
			return "", fmt.Errorf("%q: %w", d.RecordID, ErrNotFound)
		}
	}
	return row.ID.String(), r.update(func(tx *localdb.Tx, _ *state) error {
		if old, ok, err := tx.Draft(row.ID); err != nil {
			return err
		} else if ok {
			row.Schema = old.Schema
		}
		return tx.PutDraft(row)
	})
}

// Drafts lists the drafts, the one saved last first.
func (r *Replica) Drafts() (out []*Draft, err error) {
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		for row, err := range tx.Drafts() {
			if err != nil {
				return err
			}
			d := &Draft{ID: row.ID.String(), Text: string(row.Body), Schema: int(row.Schema), SavedMs: int64(row.Saved)}
			if kind, known := r.schema.Kind(row.Kind); known {
				d.Kind = kind.Name
			}
			if !row.RecordID.IsZero() {
				d.RecordID = row.RecordID.String()
			}
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// DiscardDraft throws a draft away.
func (r *Replica) DiscardDraft(id string) error {
	parsed, err := wire.ParseID(id)
	if err != nil {
		return fmt.Errorf("%q: %w", id, ErrNoDraft)
	}
	return r.update(func(tx *localdb.Tx, _ *state) error {
		if _, ok, err := tx.Draft(parsed); err != nil || !ok {
			if err == nil {
				err = fmt.Errorf("%s: %w", id, ErrNoDraft)
			}
			return err
		}
		return tx.DeleteDraft(parsed)
	})
}
