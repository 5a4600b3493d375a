package exchange

import (
	"errors"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// World gives the epochs and lineages that the engine needs to explain a record.
func (s *Service) World(r store.Reader) (syncengine.World, error) {
	history, err := readHistory(r)
	if err != nil {
		return syncengine.World{}, err
	}
	lineage, err := identity.Lineage(r)
	return syncengine.World{History: history, Lineage: lineage}, err
}

// Record gives a record's state; nil when there is none.
func (s *Service) Record(r store.Reader, id syncengine.ID) (*syncengine.Record, error) {
	row, ok, err := r.Record(id)
	if err != nil || !ok {
		return nil, err
	}
	return wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
}

// UserOf names the user behind an incarnation; zero for the server itself and for one that is not known.
func (s *Service) UserOf(r store.Reader, incarnation syncengine.ID) syncengine.ID {
	if d, err := s.caches.device(r, incarnation); err == nil {
		return d.UserID
	}
	value, ok, err := r.Document(bucketAuthor, incarnation[:])
	if err != nil || !ok {
		return syncengine.ID{}
	}
	id, _ := syncengine.IDFromBytes(value)
	return id
}

// ReadClasses gives the classes of a record's fields that a console user may
// read now; empty when the record is outside of the user's grants.
func (s *Service) ReadClasses(r store.Reader, user syncengine.ID, rec *syncengine.Record) (schema.Classes, error) {
	roles, err := s.RolesOver(r, user, rec)
	if err != nil {
		return 0, err
	}
	return s.Schema().Access.ReadClasses(rec.Kind, roles), nil
}

// Entries walks a record's history from the newest entry back, until f returns false.
func (s *Service) Entries(r store.Reader, rec *syncengine.Record, f func(store.Entry) bool) error {
	for seq := rec.Seq; seq != 0; {
		e, ok, err := r.Entry(seq)
		if err != nil || !ok {
			return err
		}
		if !f(e) {
			return nil
		}
		seq = e.Prev
	}
	return nil
}

// ErrNoIndex: the store keeps no index of telephone numbers, as one in memory that seals nothing.
var ErrNoIndex = sealed.ErrNoIndex

// RecordsByPhone gives the records of which any change that the log or the
// quarantine holds names a telephone number, by id. The caller notes the look-up.
func (s *Service) RecordsByPhone(r store.Reader, phone string) ([]syncengine.ID, error) {
	return sealed.Lookup(r, phone)
}

// Quarantined is a change that waits for a decision.
type Quarantined struct {
	Seq         syncengine.Seq
	RecordID    syncengine.ID
	Kind        syncengine.KindNumber
	Incarnation syncengine.ID
	DeviceSeq   syncengine.DeviceSeq
	Reason      syncv1.QuarantineReason
	// At is when it arrived.
	At     syncengine.UnixMilli
	Create bool
}

// ListQuarantine calls f for each waiting change above after, in log order, until f returns false.
func (s *Service) ListQuarantine(r store.Reader, after syncengine.Seq, f func(Quarantined) bool) error {
	var failed error
	err := r.Documents(bucketQuarantine, seqKey(after+1), nil, func(d store.Document) bool {
		m := &storedv1.Quarantined{}
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			return false
		}
		q := Quarantined{
			Seq: seqOfKey(d.Key), Kind: syncengine.KindNumber(m.GetKind()), DeviceSeq: syncengine.DeviceSeq(m.GetDeviceSeq()),
			Reason: syncv1.QuarantineReason(m.GetReason()), At: syncengine.UnixMilli(m.GetAtMs()), Create: m.GetCreate(),
		}
		q.RecordID, _ = syncengine.IDFromBytes(m.GetRecordId())
		q.Incarnation, _ = syncengine.IDFromBytes(m.GetIncarnation())
		return f(q)
	})
	return errors.Join(err, failed)
}

// ListConflicts calls f for each record above after with something open, in id order, until f returns false.
func (s *Service) ListConflicts(r store.Reader, after syncengine.ID, f func(*syncengine.Record) bool) error {
	var failed error
	from := append(after[:], 0)
	err := r.Documents(bucketConflict, from, nil, func(d store.Document) bool {
		id, _ := syncengine.IDFromBytes(d.Key)
		var rec *syncengine.Record
		if rec, failed = s.Record(r, id); failed != nil || rec == nil {
			return failed == nil
		}
		return f(rec)
	})
	return errors.Join(err, failed)
}

// CountConflicts counts the records with something open.
func CountConflicts(r store.Reader) (n int, err error) {
	err = r.Documents(bucketConflict, nil, nil, func(store.Document) bool {
		n++
		return true
	})
	return n, err
}

// ServerEntries lists the log entries that the server itself made, which no
// phone can bring back: changes of records, and a person's decisions about
// quarantined changes.
func ServerEntries(r store.Reader) (writes, decisions []syncengine.Seq, err error) {
	authors := map[syncengine.ID]bool{}
	err = r.Documents(bucketAuthor, nil, nil, func(d store.Document) bool {
		id, _ := syncengine.IDFromBytes(d.Key)
		authors[id] = true
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	var failed error
	err = r.Entries(0, func(e store.Entry) bool {
		switch {
		case e.Type == store.EntryReleased || e.Type == store.EntryRejected:
			var extra *storedv1.Extra
			if extra, failed = Extra(e); len(extra.GetDecidedBy()) > 0 || extra.GetDecision() != "" {
				decisions = append(decisions, e.Seq)
			}
		case authors[e.Incarnation]:
			writes = append(writes, e.Seq)
		}
		return failed == nil
	})
	return writes, decisions, errors.Join(err, failed)
}
