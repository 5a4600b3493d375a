package demo

import (
	"context"
	"errors"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// read gathers what the server and the phones have.
func (d *Demo) read(ctx context.Context) (*observed, error) {
	seen := &observed{phones: make([]seenPhone, len(d.phones))}
	if err := d.realm.view(ctx, seen.readStore); err != nil {
		return nil, fmt.Errorf("read the server's records: %w", err)
	}
	if err := seen.readConflicts(d.realm.operator(ctx), d.realm.admin); err != nil {
		return nil, fmt.Errorf("read the server's conflicts: %w", err)
	}
	err := eachPhone(d.phones, func(h *handset) error {
		defer d.watch.done(1)
		return seen.phones[h.index].read(h.replica)
	})
	return seen, err
}

// readStore reads the records and the phones' changes in the log.
func (o *observed) readStore(r store.Reader) error {
	var failed error
	err := r.Records(func(row store.Record) bool {
		var rec seenRecord
		if rec, failed = readRecord(row); failed == nil {
			o.records = append(o.records, rec)
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return r.Entries(0, func(e store.Entry) bool {
		switch e.Type {
		case store.EntryApplied, store.EntryMerged, store.EntryQuarantined:
			o.log = append(o.log, seenChange{e.Incarnation, e.DeviceSeq, e.RecordID, e.Type == store.EntryQuarantined})
		}
		return true
	})
}

// readRecord reads a record as the server has stored it.
func readRecord(row store.Record) (seenRecord, error) {
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return seenRecord{}, fmt.Errorf("record %s: %w", row.ID, err)
	}
	out := seenRecord{id: rec.ID, kind: rec.Kind, cells: make([]seenCell, len(rec.Cells))}
	for i := range rec.Cells {
		c := &rec.Cells[i]
		seen := seenCell{key: c.Key, shown: string(c.Values[0].Data), cleared: c.Values[0].Cleared}
		for _, v := range c.Values[1:] {
			seen.stand = append(seen.stand, string(v.Data))
		}
		for _, k := range c.Kept {
			seen.kept = append(seen.kept, string(k.Value.Data))
		}
		out.cells[i] = seen
	}
	return out, nil
}

// openKinds translates what the server calls a conflict.
var openKinds = map[syncv1.ConflictKind]openKind{
	syncv1.ConflictKind_CONFLICT_KIND_CONFLICT: openContested, syncv1.ConflictKind_CONFLICT_KIND_KEPT: openKept,
	syncv1.ConflictKind_CONFLICT_KIND_DELETE_EDIT: openDeleteEdit,
}

// readConflicts reads what the server lists as open.
func (o *observed) readConflicts(ctx context.Context, admin adminv1.AdminServiceClient) error {
	for req := (&adminv1.ListConflictsRequest{}); ; {
		m, err := admin.ListConflicts(ctx, req)
		if err != nil {
			return err
		}
		for _, c := range m.GetConflicts() {
			o.open = append(o.open, seenConflict{syncengine.ConflictID(c.GetId()), openKinds[c.GetKind()]})
		}
		if req.AfterRecordId = m.GetNextAfterRecordId(); len(req.AfterRecordId) == 0 {
			return nil
		}
	}
}

// read reads everything a phone shows.
func (p *seenPhone) read(replica *client.Replica) error {
	status, err := replica.Status()
	if err != nil {
		return err
	}
	p.digest, p.pending, p.quarantined = status.Digest, status.Pending, status.Quarantined
	if p.incarnation, err = wire.ParseID(replica.Self().Incarnation); err != nil {
		return err
	}
	for _, kind := range schema.Load().Kinds {
		records, err := replica.List(client.Query{Kind: kind.Name, Deleted: true})
		if err != nil {
			return err
		}
		for _, rec := range records {
			m, err := rec.Message()
			if err != nil {
				return err
			}
			p.records = append(p.records, phoneRecord{rec.ID, encoded(m), rec.Deleted})
		}
	}
	return p.readConflicts(replica)
}

func (p *seenPhone) readConflicts(replica *client.Replica) error {
	conflicts, err := replica.Conflicts()
	if err != nil {
		return err
	}
	for _, c := range conflicts {
		id, err := wire.ParseID(c.ID)
		if err != nil {
			return fmt.Errorf("conflict %q has no id", c.ID)
		}
		seen := phoneConflict{id: syncengine.ConflictID(id), kind: openKind(c.Kind)}
		if seen.shown, err = authorOf(&c.Shown); err != nil {
			return err
		}
		for i := range c.Others {
			other, err := authorOf(&c.Others[i])
			if err != nil {
				return err
			}
			seen.others = append(seen.others, other)
		}
		p.conflicts = append(p.conflicts, seen)
	}
	return nil
}

func authorOf(v *client.Value) (author, error) {
	user, err := wire.ParseID(v.AuthorID)
	return author{user, v.TimeMs}, err
}
