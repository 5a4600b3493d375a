package localdb

import (
	"iter"

	"onedoor/syncengine"
)

const draftColumns = "id, record_id, kind, schema, saved, body"

func scanDraft(s *statement) (Draft, error) {
	return Draft{
		ID:       s.columnID(0),
		RecordID: s.columnID(1),
		Kind:     syncengine.KindNumber(s.columnInt(2)),
		Schema:   uint32(s.columnInt(3)),
		Saved:    syncengine.UnixMilli(s.columnInt(4)),
		Body:     s.columnBlob(5),
	}, nil
}

// PutDraft saves a draft over the one with its id.
func (tx *Tx) PutDraft(d Draft) error {
	return tx.write("INSERT OR REPLACE INTO drafts (" + draftColumns + ") VALUES (?, ?, ?, ?, ?, ?)").
		id(d.ID).idOrEmpty(d.RecordID).int(int64(d.Kind)).int(int64(d.Schema)).int(int64(d.Saved)).blob(d.Body).run()
}

// Draft gives a draft by its id.
func (tx *Tx) Draft(id syncengine.ID) (d Draft, ok bool, err error) {
	return one(tx.statement("SELECT "+draftColumns+" FROM drafts WHERE id = ?").id(id), scanDraft)
}

// Drafts gives all drafts, the one saved last first.
func (tx *Tx) Drafts() iter.Seq2[Draft, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + draftColumns + " FROM drafts ORDER BY saved DESC, id")
	}, scanDraft)
}

// DeleteDraft discards a draft.
func (tx *Tx) DeleteDraft(id syncengine.ID) error {
	return tx.write("DELETE FROM drafts WHERE id = ?").id(id).run()
}
