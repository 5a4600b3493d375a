package exchange

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// flush writes everything the group gathered and gives the new head.
func (k *work) flush() (store.Head, error) {
	ids := k.touched()
	if len(ids) <= runChanges {
		k.store.here()
	}
	k.handEntries()
	k.handRecords(ids)
	if err := k.store.finish(); err != nil {
		return store.Head{}, err
	}
	if err := k.w.PutScope(k.rows...); err != nil {
		return store.Head{}, err
	}
	if err := k.flushDigests(); err != nil {
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

// sum adds a record to the sums, or takes it out of them.
func (k *work) sum(rec *syncengine.Record, add bool) {
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
			k.sums[digestKey{s.Key, digestClass(rec.Kind, syncengine.Class(class))}] += sum
		}
	}
}

func (k *work) flushDigests() error {
	keys := slices.SortedFunc(maps.Keys(k.sums), func(a, b digestKey) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class))
	})
	var q store.Questions
	for _, key := range keys {
		q.Document(bucketDigest, key.bytes())
	}
	if len(k.notes) > 0 {
		accessledger.AskAppend(&q)
	}
	if err := store.Gather(k.w, q); err != nil {
		return err
	}
	for _, key := range keys {
		if k.sums[key] == 0 {
			continue
		}
		standing, err := digestOf(k.w, key)
		if err != nil {
			return err
		}
		value := binary.BigEndian.AppendUint64(nil, standing+k.sums[key])
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
