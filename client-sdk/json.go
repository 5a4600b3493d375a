package client

import (
	"encoding/json"
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// The methods of this file take and give texts, for the command line and for
// apps that do not speak Go. Package recordjson tells the form of records.

// AddJSON makes a record of a kind from its JSON text and returns its id. A text
// that names an id joins a record that somebody else began: see AddWithID.
func (r *Replica) AddJSON(kind, text string) (string, error) {
	k, ok := r.schema.KindByName(kind)
	if !ok {
		return "", fmt.Errorf("%q: %w", kind, ErrUnknownKind)
	}
	p, err := r.resolver()
	if err != nil {
		return "", err
	}
	read, err := recordjson.Decode(k, []byte(text), p)
	if err != nil {
		return "", err
	}
	patch, err := read.Wire()
	if err != nil {
		return "", err
	}
	id := read.ID
	if id.IsZero() {
		id = r.newID(r.now())
	}
	return id.String(), r.commit([]change{{id: id, kind: k, create: true, patch: patch}})
}

// EditJSON edits a record with a JSON merge patch.
func (r *Replica) EditJSON(id, text string) error {
	parsed, err := parseID(id)
	if err != nil {
		return err
	}
	p, err := r.resolver()
	if err != nil {
		return err
	}
	return r.commit([]change{{id: parsed, read: func(kind *schema.Kind, shown []byte) (*syncv1.Patch, error) {
		read, err := recordjson.DecodeEdit(kind, []byte(text), shown, p)
		if err != nil {
			return nil, err
		}
		return read.Wire()
	}}})
}

// DeleteRecord deletes a record by its id as text.
func (r *Replica) DeleteRecord(id string) error {
	parsed, err := parseID(id)
	if err != nil {
		return err
	}
	return r.Delete(parsed)
}

// ShowJSON gives a record as one JSON object.
func (r *Replica) ShowJSON(id string) (string, error) {
	parsed, err := parseID(id)
	if err != nil {
		return "", err
	}
	rec, err := r.Get(parsed)
	if err != nil {
		return "", err
	}
	return text(rec.JSON())
}

// ListJSON gives the records of a query as {"records":[…]}.
func (r *Replica) ListJSON(q *Query) (string, error) {
	records, err := r.List(*q)
	if err != nil {
		return "", err
	}
	return text(RecordsObject(records))
}

// SearchJSON gives the records that contain a text as {"records":[…]}.
func (r *Replica) SearchJSON(query string) (string, error) {
	records, err := r.Search(query)
	if err != nil {
		return "", err
	}
	return text(RecordsObject(records))
}

func parseID(id string) (syncengine.ID, error) {
	parsed, err := wire.ParseID(id)
	if err != nil {
		return parsed, fmt.Errorf("%q is no id: ids are UUID text: %w", id, ErrNotFound)
	}
	return parsed, nil
}

// resolver gives what the phone knows of territories, as of now.
func (r *Replica) resolver() (p *places, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		if !s.enrolled() {
			return ErrNotEnrolled
		}
		p, err = r.placesIn(tx)
		return err
	})
	return p, err
}

func text(o recordjson.Object, err error) (string, error) {
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(o)
	return string(b), err
}

// RecordsObject writes records as {"records":[…]}.
func RecordsObject(records []*Record) (recordjson.Object, error) {
	out := make([]recordjson.Object, len(records))
	for i, rec := range records {
		var err error
		if out[i], err = rec.JSON(); err != nil {
			return nil, err
		}
	}
	return recordjson.Object{}.With("records", out), nil
}

// Object writes a report as the command line does.
func (r *Report) Object() recordjson.Object {
	return recordjson.Object{}.With("pushed", r.Pushed).With("applied", r.Applied).With("merged", r.Merged).
		With("quarantined", r.Quarantined).With("pulled", r.Pulled).With("gone", r.Gone).With("round_trips", r.RoundTrips).
		With("bytes_up", r.BytesUp).With("bytes_down", r.BytesDown).With("caught_up", r.CaughtUp)
}

// Object writes a status as the command line does.
func (s *Status) Object() recordjson.Object {
	return recordjson.Object{}.With("pending", s.Pending).With("quarantined", s.Quarantined).With("conflicts", s.Conflicts).
		With("epoch", s.Epoch).With("seq", s.Seq).With("digest", s.Digest).
		With("oldest_pending", recordjson.Time(syncengine.UnixMilli(s.OldestPendingMs))).
		With("last_sync", recordjson.Time(syncengine.UnixMilli(s.LastSyncMs))).
		With("records", s.Records).With("drafts", s.Drafts).With("database_bytes", s.DatabaseBytes).
		With("bytes_up", s.BytesUp).With("bytes_down", s.BytesDown).With("revoked", s.Revoked).
		With("barred", s.Barred).With("sealed", s.Sealed).With("lease_until", recordjson.Time(syncengine.UnixMilli(s.LeaseUntilMs)))
}

// Object writes a conflict as the command line does.
func (c *Conflict) Object() recordjson.Object {
	others := make([]recordjson.Object, len(c.Others))
	for i := range c.Others {
		others[i] = c.Others[i].object()
	}
	return recordjson.Object{}.With("id", c.ID).With("kind", c.Kind).With("record_id", c.RecordID).With("record_kind", c.RecordKind).
		With("field", c.Field).With("shown", c.Shown.JSON).With("author", c.Shown.Author).
		With("time", recordjson.Time(syncengine.UnixMilli(c.Shown.TimeMs))).With("others", others)
}

// Object writes a reason as the command line does.
func (r *Reason) Object() recordjson.Object {
	losing := make([]recordjson.Object, len(r.Losing))
	for i := range r.Losing {
		losing[i] = r.Losing[i].object()
	}
	return append(recordjson.Object{}.With("field", r.Field), append(r.Shown.object().
		With("seq", r.Shown.Seq).With("rule", r.Rule).With("pending", r.Pending), recordjson.Object{}.With("losing", losing)...)...)
}

// Object writes a quarantined change as the command line does.
func (q *Quarantined) Object() recordjson.Object {
	fields := q.Fields
	if fields == nil {
		fields = recordjson.Object{}
	}
	return recordjson.Object{}.With("device_seq", q.DeviceSeq).With("record_id", q.RecordID).With("kind", q.Kind).
		With("create", q.Create).With("reason", q.Reason).With("says", q.Says.EN).With("state", q.State).With("note", q.Note).
		With("time", recordjson.Time(syncengine.UnixMilli(q.TimeMs))).With("fields", fields)
}
