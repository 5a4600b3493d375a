package client

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// sumKey names one digest: of a scope key, for a kind and visibility class.
type sumKey struct {
	key syncengine.ScopeKey
	// class is the kind's number times 16 plus the class's.
	class uint32
}

// keySums are the digests of base.
type keySums map[sumKey]uint64

// sums computes the digests of base over the keys that the phone holds.
func (r *Replica) sums(tx *localdb.Tx, s *state) (keySums, error) {
	out := keySums{}
	for row, err := range tx.Records() {
		if err != nil {
			return nil, err
		}
		kind, known := r.schema.Kind(row.Kind)
		if row.Base == nil || !known {
			continue
		}
		rec, err := r.decodeBase(kind, &row)
		if err != nil {
			return nil, err
		}
		keys, err := scopeKeys(tx, row.Keys)
		if err != nil {
			return nil, err
		}
		out.add(rec, rec.Sums(kind), keys, s)
	}
	return out, nil
}

func (k keySums) add(rec *pagerecord.Record, sums syncengine.Sums, keys []syncengine.ScopeKey, s *state) {
	for _, key := range keys {
		if _, held := s.rights.over[key]; !held {
			continue
		}
		for class, sum := range sums {
			if sum != 0 {
				k[sumKey{key, uint32(rec.Kind)*syncengine.ClassMax + uint32(class)}] += sum
			}
		}
	}
}

// sorted lists the digests that are not zero, by key and class.
func (k keySums) sorted() []sumKey {
	out := make([]sumKey, 0, len(k))
	for key, sum := range k {
		if sum != 0 {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b sumKey) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class)) })
	return out
}

// message gives the digests as they travel. Those of single records, users and
// devices are left out: only territories and the realm have them kept. A key
// under which the phone holds nothing is named, so that a loss is noticed. What
// one request cannot carry is compared on the following days.
func (k keySums) message(s *state, now syncengine.UnixMilli) []*syncv1.KeyDigest {
	var out []*syncv1.KeyDigest
	named := map[syncengine.ScopeKey]bool{}
	for _, key := range k.sorted() {
		if key.key.IsTerritory() || key.key == syncengine.RealmKey {
			out, named[key.key] = append(out, &syncv1.KeyDigest{Key: []byte(key.key), Class: key.class, Sum: k[key]}), true
		}
	}
	for _, v := range s.view.GetKeys() {
		if key := syncengine.ScopeKey(v.GetKey()); key.IsTerritory() && !named[key] {
			out = append(out, &syncv1.KeyDigest{Key: v.GetKey()})
		}
	}
	parts := slices.Collect(slices.Chunk(out, wire.DigestsMax))
	if len(parts) == 0 {
		return nil
	}
	const dayMs = 24 * 60 * 60_000
	return parts[int(now/dayMs)%len(parts)]
}

// hex gives one digest over all: SHA-256 over key, class and sum of each in order.
func (k keySums) hex() string {
	h := sha256.New()
	for _, key := range k.sorted() {
		h.Write([]byte(key.key))
		h.Write(binary.BigEndian.AppendUint32(nil, key.class))
		h.Write(binary.BigEndian.AppendUint64(nil, k[key]))
	}
	return hex.EncodeToString(h.Sum(nil))
}
