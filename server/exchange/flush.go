package exchange

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// flush writes everything the group gathered and gives the new head.
func (k *work) flush() (store.Head, error) {
	sums := map[digestKey]uint64{}
	if err := k.flushRecords(sums); err != nil {
		return store.Head{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(k.gridRows)) {
		if err := k.w.PutScope(k.gridRows[key]...); err != nil {
			return store.Head{}, err
		}
	}
	if err := k.w.PutScope(k.rows...); err != nil {
		return store.Head{}, err
	}
	if err := k.w.Append(k.entries...); err != nil {
		return store.Head{}, err
	}
	if err := k.flushDigests(sums); err != nil {
		return store.Head{}, err
	}
	if err := k.flushDocuments(); err != nil {
		return store.Head{}, err
	}
	if err := k.flushNotes(); err != nil {
		return store.Head{}, err
	}
	return k.flushHead()
}

// touched lists the records that changed, in id order, so that one history gives one file.
func (k *work) touched() []syncengine.ID {
	ids := make([]syncengine.ID, 0, len(k.records))
	for id, s := range k.records {
		if s.after != s.before {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// flushScope moves the record's rows in the scope index from its old seq to its new one.
func (k *work) flushScope(before, after *syncengine.Record) error {
	if before != nil {
		for _, s := range before.Keys {
			if s.Left != 0 {
				continue
			}
			if err := k.w.DeleteScope(s.Key, before.Seq, before.ID); err != nil {
				return err
			}
		}
	}
	for _, s := range after.Keys {
		row := store.ScopeRow{Key: s.Key, Seq: after.Seq, RecordID: after.ID, Type: store.RowPresent, Entered: s.Entered}
		if s.Left != 0 {
			// A stay that ended within this group is told even if it began there: who
			// made the record has to hear that it is gone.
			if before != nil && s.Left <= before.Seq {
				continue
			}
			row.Seq, row.Type = s.Left, store.RowLeft
		}
		if before == nil && summed(s.Key) {
			// What a phone makes mostly stands in one grid: those rows are written together.
			k.gridRows[s.Key] = append(k.gridRows[s.Key], row)
		} else if err := k.w.PutScope(row); err != nil {
			return err
		}
	}
	return nil
}

// flushConflict keeps the list of records with something open.
func (k *work) flushConflict(s *standing) error {
	kind := k.svc.schema.Engine.Kinds[s.after.Kind]
	was := s.before != nil && k.world.AnyConflict(kind, s.before)
	is := k.world.AnyConflict(kind, s.after)
	switch {
	case is && !was:
		return k.w.PutDocument(bucketConflict, s.after.ID[:], []byte{1})
	case was && !is:
		return k.w.DeleteDocument(bucketConflict, s.after.ID[:])
	}
	return nil
}

// digestKey names one sum: of a key, for a kind and class.
type digestKey struct {
	key   syncengine.ScopeKey
	class uint32
}

func (d digestKey) bytes() []byte {
	return binary.BigEndian.AppendUint32([]byte(d.key), d.class)
}

// digestClass is the wire's number of a kind and class.
func digestClass(kind syncengine.KindNumber, class syncengine.Class) uint32 {
	return uint32(kind)*syncengine.ClassMax + uint32(class)
}

// SealedDigests tells the bucket of the digests and which of them sum up values of
// sealed classes: of a grid with one contact, the sum is that contact's hash.
func SealedDigests(s *schema.Schema) (bucket string, seals func(key []byte) bool) {
	return bucketDigest, func(key []byte) bool {
		if len(key) < 4 {
			return false
		}
		class := binary.BigEndian.Uint32(key[len(key)-4:]) % syncengine.ClassMax
		return s.Access.Sealed().Has(syncengine.Class(class))
	}
}

// summed reports the keys whose digests are kept incrementally; the others are
// small and computed when asked for.
func summed(key syncengine.ScopeKey) bool { return key.IsTerritory() || key == syncengine.RealmKey }

func (k *work) sum(rec *syncengine.Record, sums map[digestKey]uint64, add bool) {
	if rec == nil || !slices.ContainsFunc(rec.Keys, func(s syncengine.ScopeSpan) bool { return s.Left == 0 && summed(s.Key) }) {
		return
	}
	kind, ok := k.kind(rec.Kind)
	if !ok {
		return
	}
	digest := kind.Engine.Digest(rec)
	for _, s := range rec.Keys {
		if s.Left != 0 || !summed(s.Key) {
			continue
		}
		for class, sum := range digest {
			if sum == 0 {
				continue
			}
			if !add {
				sum = -sum
			}
			sums[digestKey{s.Key, digestClass(rec.Kind, syncengine.Class(class))}] += sum
		}
	}
}

func (k *work) flushDigests(sums map[digestKey]uint64) error {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b digestKey) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class))
	})
	for _, key := range keys {
		if sums[key] == 0 {
			continue
		}
		standing, err := digestOf(k.w, key)
		if err != nil {
			return err
		}
		value := binary.BigEndian.AppendUint64(nil, standing+sums[key])
		if err := k.w.PutDocument(bucketDigest, key.bytes(), value); err != nil {
			return err
		}
	}
	return nil
}

func digestOf(r store.Reader, key digestKey) (uint64, error) {
	value, ok, err := r.Document(bucketDigest, key.bytes())
	if err != nil || !ok || len(value) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(value), nil
}

func (k *work) flushDocuments() error {
	keys := slices.SortedFunc(maps.Keys(k.documents), func(a, b documentKey) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key))
	})
	for _, key := range keys {
		var err error
		if value := k.documents[key]; value == nil {
			err = k.w.DeleteDocument(key.bucket, []byte(key.key))
		} else {
			err = k.w.PutDocument(key.bucket, []byte(key.key), value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flushHead marks the commit with a random tag. A group without log entries
// leaves the head alone.
func (k *work) flushHead() (store.Head, error) {
	head := k.w.Head()
	if len(k.entries) == 0 {
		return head, nil
	}
	head.Epoch, head.Seq, head.Committed = k.world.History.Epoch, k.next-1, k.now
	k.svc.random(head.Tag[:])
	commit := &storedv1.Commit{Tag: head.Tag[:], TimeMs: int64(k.now), Epoch: uint32(head.Epoch)}
	if err := k.w.PutDocument(bucketCommit, seqKey(head.Seq), encode(commit)); err != nil {
		return head, err
	}
	return head, k.w.SetHead(head)
}
