package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// SyncState says how far a record's edits have come.
type SyncState string

// The sync states.
const (
	// Synced: the record is as the server has it at the checkpoint.
	Synced SyncState = "synced"
	// Pending: own edits are on this phone only, or not yet part of the checkpoint.
	Pending SyncState = "pending"
	// InQuarantine: an own edit waits for a person's decision at the server.
	InQuarantine SyncState = "quarantined"
)

// Record is one record as the screen shows it.
type Record struct {
	// ID is the record's id.
	ID syncengine.ID
	// Kind is the kind's name, such as visit.
	Kind string
	// Seq is the newest log entry it reflects; 0 while it is only on this phone.
	Seq uint64
	// State says how far own edits have come.
	State SyncState
	// Deleted is true for a record shown as deleted.
	Deleted bool
	// Conflicts counts what is open in it.
	Conflicts int

	kind   *schema.Kind
	fields []byte
	places *places
}

// Message gives the record as its message, such as *recordv1.Visit.
func (r *Record) Message() (proto.Message, error) {
	m := r.kind.Type.New().Interface()
	if err := proto.Unmarshal(r.fields, m); err != nil {
		return nil, fmt.Errorf("record %s: %w: %w", r.ID, ErrDamaged, err)
	}
	return m, nil
}

// Read fills a message of the record's kind.
func (r *Record) Read(m proto.Message) error {
	if m.ProtoReflect().Descriptor().FullName() != r.kind.Message.FullName() {
		return fmt.Errorf("record %s is a %s, not a %T: %w", r.ID, r.Kind, m, ErrUnknownKind)
	}
	if err := proto.Unmarshal(r.fields, m); err != nil {
		return fmt.Errorf("record %s: %w: %w", r.ID, ErrDamaged, err)
	}
	return nil
}

// JSON gives the record's fields beside id, kind, seq and sync_state, as one object.
func (r *Record) JSON() (recordjson.Object, error) {
	fields, err := recordjson.EncodeFields(r.kind, r.fields, r.places)
	if err != nil {
		return nil, err
	}
	out := recordjson.Object{}.With(recordjson.NameID, r.ID.String()).With(recordjson.NameKind, r.Kind).
		With(recordjson.NameSeq, r.Seq).With(recordjson.NameSyncState, r.State)
	return append(out, fields...), nil
}

// shown makes a record of a row.
func (r *Replica) shown(tx *localdb.Tx, row *localdb.Record) (*Record, error) {
	rec, kind, err := r.decodeShown(row)
	if err != nil {
		return nil, err
	}
	return r.recordOf(tx, rec, kind, row.Pending > 0)
}

func (r *Replica) recordOf(tx *localdb.Tx, rec *pagerecord.Record, kind *schema.Kind, pending bool) (*Record, error) {
	p, err := r.placesIn(tx)
	if err != nil {
		return nil, err
	}
	out := &Record{
		ID: rec.ID, Kind: kind.Name, Seq: uint64(rec.Seq), State: Synced, Deleted: rec.Dead(), Conflicts: len(rec.Conflicts(kind)),
		kind: kind, fields: rec.Fields(), places: p,
	}
	if pending {
		out.State = Pending
		return out, nil
	}
	for q, err := range tx.QuarantinedOf(rec.ID) {
		if err != nil {
			return nil, err
		}
		if q.State == localdb.QuarantineWaiting {
			out.State = InQuarantine
		}
	}
	return out, nil
}

// Get gives a record as the screen shows it, deleted ones too. A record whose
// making waits in quarantine is shown as its author made it.
func (r *Replica) Get(id syncengine.ID) (out *Record, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		row, ok, err := tx.Record(id)
		if err != nil {
			return err
		}
		if !ok {
			if err := s.checkSealed(tx, id); err != nil {
				return err
			}
			out, err = r.quarantinedRecord(tx, s, id)
			return err
		}
		if err := r.hides(tx, s, &row); err != nil {
			return err
		}
		out, err = r.shown(tx, &row)
		return err
	})
	return out, err
}

// quarantinedRecord puts a record together from its author's quarantined changes.
func (r *Replica) quarantinedRecord(tx *localdb.Tx, s *state, id syncengine.ID) (*Record, error) {
	var rec *pagerecord.Record
	var kind *schema.Kind
	for q, err := range tx.QuarantinedOf(id) {
		if err != nil {
			return nil, err
		}
		row, ok, err := tx.Change(q.DeviceSeq)
		if err != nil {
			return nil, err
		}
		if !ok || len(row.Body) == 0 || q.State != localdb.QuarantineWaiting {
			continue
		}
		own, err := r.readOwn(s, &row)
		if err != nil {
			return nil, err
		}
		if rec == nil {
			rec, kind = pagerecord.New(id, own.kind.Number), own.kind
		}
		rec.Overlay(kind, &own.change)
	}
	if rec == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	return r.recordOf(tx, rec, kind, false)
}
