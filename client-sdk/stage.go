package client

import (
	"errors"
	"fmt"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/syncengine"
)

// stage puts the page where no read sees it before the phone has caught up. It
// answers true when the pull has to begin anew.
func (t *taking) stage() (again bool, err error) {
	if again, err = t.takeView(); err != nil || again {
		return again, err
	}
	page := t.a.GetPage()
	keys, err := t.internKeys(page.GetKeys())
	if err != nil {
		return false, err
	}
	authors, err := t.internAuthors(page.GetAuthors())
	if err != nil {
		return false, err
	}
	for records := range slices.Chunk(page.GetRecords(), len(t.rows)) {
		if err := t.stageRecords(records, keys, authors); err != nil {
			return false, err
		}
	}
	for _, b := range page.GetGone() {
		id, ok := syncengine.IDFromBytes(b)
		if !ok {
			return false, fmt.Errorf("%w: a gone id of %d bytes", ErrReply, len(b))
		}
		if err := t.stageGone(id); err != nil {
			return false, err
		}
	}
	return false, t.decisions(page.GetDecisions())
}

// stageGone has a record leave at the next switch. Own changes to it are not
// folded in then: what they came to is not for this phone any more.
func (t *taking) stageGone(id syncengine.ID) error {
	row, ok, err := t.tx.Record(id)
	if err != nil {
		return err
	}
	if ok && row.Pending > 0 && !slices.Contains(t.s.pos.Gone, id) {
		t.s.pos.Gone = append(slices.Clip(t.s.pos.Gone), id)
	}
	t.out.Gone++
	return t.tx.StageGone(id)
}

// takeView takes over the keys that the phone holds from now on, and marks those
// that are filled from the start. A fill of everything replaces what an earlier,
// broken-off pull has staged; a fill of a part in the middle of a pull cannot be
// told from it, so the pull begins anew.
func (t *taking) takeView() (again bool, err error) {
	view := t.a.GetView()
	if view == nil {
		return false, nil
	}
	whole := len(view.GetFilled()) == len(view.GetKeys())
	if t.s.pos.Pulling {
		if err := t.tx.ClearStaging(); err != nil {
			return false, err
		}
		t.s.pos.Pulling, t.s.pos.Gone = false, nil
		if !whole {
			t.s.letCursorGo()
			return true, nil
		}
	}
	if whole && t.s.pos.Renewed {
		if err := t.undecide(); err != nil {
			return false, err
		}
	}
	t.s.view, t.s.pos.NewView = view, true
	t.s.rights = rightsOf(t.s.grants, view)
	filled, err := t.internKeys(view.GetFilled())
	if err != nil {
		return false, err
	}
	for _, k := range filled {
		if err := t.tx.StageFilled(k); err != nil {
			return false, err
		}
	}
	return false, setProto(t.tx, metaView, view)
}

func (t *taking) internKeys(keys [][]byte) ([]localdb.KeyID, error) {
	out := make([]localdb.KeyID, len(keys))
	for i, k := range keys {
		var err error
		if out[i], err = t.tx.InternKey(syncengine.ScopeKey(k)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *taking) internAuthors(authors []*syncv1.Author) ([]pagerecord.AuthorNumber, error) {
	out := make([]pagerecord.AuthorNumber, len(authors))
	for i, a := range authors {
		// An id of another length names nobody the phone could show.
		incarnation, _ := syncengine.IDFromBytes(a.GetIncarnation())
		user, _ := syncengine.IDFromBytes(a.GetUserId())
		n, err := t.tx.InternAuthor(localdb.Author{Incarnation: incarnation, User: user})
		if err != nil {
			return nil, err
		}
		out[i] = pagerecord.AuthorNumber(n)
	}
	return out, nil
}

// stageRecords stages no more records than there is room for rows.
func (t *taking) stageRecords(records []*syncv1.PageRecord, keys []localdb.KeyID, authors []pagerecord.AuthorNumber) error {
	for i, m := range records {
		if err := t.stagedRow(&t.rows[i], m, keys, authors); err != nil {
			return err
		}
	}
	return t.tx.StageRecords(t.rows[:len(records)])
}

// stagedRow makes the row of a page's record, in the room of another one.
func (t *taking) stagedRow(row *localdb.Record, m *syncv1.PageRecord, keys []localdb.KeyID, authors []pagerecord.AuthorNumber) (err error) {
	*row = localdb.Record{
		ID: syncengine.ID(m.GetId()), Kind: syncengine.KindNumber(m.GetKind()), Seq: syncengine.Seq(m.GetSeq()),
		Keys: row.Keys[:0], Base: row.Base[:0], Dead: m.GetDead(),
	}
	for _, k := range m.GetKeys() {
		row.Keys = append(row.Keys, keys[k])
	}
	if kind, known := t.r.schema.Kind(row.Kind); known {
		row.Search = hasText(kind)
		err := t.r.columns(t.tx, t.s, row, &t.glance, kind, m.GetFields(), m.GetDead())
		if errors.Is(err, pagerecord.ErrDamaged) {
			// The damage came with the reply; nothing on the phone is.
			err = fmt.Errorf("%w: %v", ErrReply, err)
		}
		if err != nil {
			return err
		}
	}
	if row.Base, err = pagerecord.AppendLocalised(row.Base, m, authors); err != nil {
		return fmt.Errorf("%w: record %s: %w", ErrReply, row.ID, err)
	}
	t.s.pos.NewPlaces = t.s.pos.NewPlaces || row.Kind == kindTerritory
	if len(t.s.pos.Gone) > 0 {
		t.s.pos.Gone = slices.DeleteFunc(slices.Clone(t.s.pos.Gone), func(id syncengine.ID) bool { return id == row.ID })
	}
	t.out.Pulled++
	return nil
}

// decisions notes what became of the phone's own quarantined changes. What was
// released comes as a record of the page.
func (t *taking) decisions(decisions []*syncv1.Decision) error {
	for _, d := range decisions {
		q, ok, err := t.tx.QuarantinedChange(syncengine.DeviceSeq(d.GetDeviceSeq()))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		q.State, q.Seq, q.Note = localdb.QuarantineRejected, syncengine.Seq(d.GetSeq()), d.GetReason()
		if d.GetReleased() {
			q.State = localdb.QuarantineReleased
		}
		t.changed = true
		if err := t.tx.PutQuarantined(q); err != nil {
			return err
		}
	}
	return nil
}
