package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// syncPurpose is why a phone is sent what its user may read.
const syncPurpose = "sync"

// Note makes an entry of the access ledger durable, together with whatever else
// waits to be. What shows sealed fields is noted before it is shown.
func (s *Service) Note(ctx context.Context, e accessledger.Entry) error {
	e.At = s.now()
	if err := e.Check(); err != nil {
		return err // Not one that the whole group would fail with.
	}
	return s.inGroup(ctx, func(k *work) error {
		k.note(e)
		return nil
	})
}

// note adds an entry to the access ledger with the group's transaction, at its time.
func (k *work) note(e accessledger.Entry) {
	e.At = k.now
	k.notes = append(k.notes, e)
}

// flushNotes writes the entries that the group gathered.
func (k *work) flushNotes() error {
	for _, e := range k.notes {
		if _, err := accessledger.Append(k.w, e); err != nil {
			return err
		}
	}
	return nil
}

// synced tells which sealed fields a page brings to a phone.
func synced(d identity.Device, looks *accessledger.Looks) accessledger.Entry {
	return accessledger.Entry{
		Action: accessledger.Sync, Actor: accessledger.Actor{User: d.UserID, Device: d.Incarnation},
		Records: looks.Records(), Reason: syncPurpose,
	}
}

// enrolled tells that a device belongs to a user from now on.
func enrolled(d identity.Device, now syncengine.UnixMilli, reason string) accessledger.Entry {
	e := accessledger.Entry{
		At: now, Action: accessledger.Enrol, Actor: accessledger.Actor{User: d.UserID, Device: d.Incarnation},
		Users: []syncengine.ID{d.UserID}, Devices: []syncengine.ID{d.Incarnation}, Reason: reason,
	}
	if !d.Parent.IsZero() {
		e.Devices = append(e.Devices, d.Parent)
	}
	return e
}

// decided tells that a person released or refused the waiting change at an entry.
func decided(action accessledger.Action, by syncengine.ID, waited store.Entry) accessledger.Entry {
	e := accessledger.Entry{
		Action: action, Actor: accessledger.Actor{User: by, Operator: by.IsZero()},
		Devices: []syncengine.ID{waited.Incarnation}, Place: fmt.Sprintf("seq %d", waited.Seq),
	}
	if !waited.RecordID.IsZero() {
		e.Records = accessledger.About(waited.Kind, waited.RecordID)
	}
	return e
}

// WrittenSealed calls f for the changes of an incarnation that write sealed
// fields, in its own order, with those fields.
func (s *Service) WrittenSealed(r store.Reader, incarnation syncengine.ID, f func(e store.Entry, fields []syncengine.FieldNumber)) error {
	var runs []*storedv1.Batch
	var failed error
	err := r.Documents(bucketBatch, incarnation[:], numberedKey(incarnation, 1<<64-1), func(d store.Document) bool {
		m := &storedv1.Batch{}
		if failed = proto.Unmarshal(d.Value, m); failed == nil && !m.GetAbsent() {
			runs = append(runs, m)
		}
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	for _, m := range runs {
		for i := range m.GetCount() {
			e, ok, err := r.Entry(syncengine.Seq(m.GetFirst().GetSeq() + i))
			if err != nil || !ok {
				return err
			}
			if fields := s.sealedFields(e); len(fields) > 0 {
				f(e, fields)
			}
		}
	}
	return nil
}

// sealedFields lists the sealed fields that an entry's change writes; none for a
// change that this software cannot read.
func (s *Service) sealedFields(e store.Entry) (out []syncengine.FieldNumber) {
	kind, known := s.Schema().Kind(e.Kind)
	if !known || len(e.Body) == 0 {
		return nil
	}
	c, err := wire.DecodeChange(e.Body)
	if err != nil {
		return nil
	}
	cells, err := wire.Cells(kind, c.Create, c.Patch)
	if err != nil {
		return nil
	}
	for _, w := range cells {
		if class, ok := kind.Engine.Class(w.Key.Field); ok && s.Schema().Access.Sealed().Has(class) && !slices.Contains(out, w.Key.Field) {
			out = append(out, w.Key.Field)
		}
	}
	return out
}
