package exchange

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Buckets of the documents this package keeps; see the package comment.
const (
	bucketProgress   = "progress"
	bucketBatch      = "batch"
	bucketCommit     = "commit"
	bucketQuarantine = "quarantine"
	bucketAwaiting   = "awaiting"
	bucketConflict   = "conflict"
	bucketDigest     = "digest"
	bucketHeld       = "held"
	bucketHistory    = "history"
	bucketAuthor     = "author"
	bucketRevision   = "revision"
	bucketNonces     = "nonces"
	bucketAttends    = "attends"
	bucketOpened     = "opened"
	bucketBarrier    = "barrier"
	bucketErasure    = "erasure"
	bucketAside      = "aside"
	bucketUnclean    = "unclean"
	bucketRules      = "rules"
	bucketPastRules  = "rules.past"
	bucketPlaced     = "placed"
	// BucketHolds is the bucket of legal holds, which server/retention keeps and a restore must not undo.
	BucketHolds = "retention.holds"
	// BucketDerivedKeys is the bucket of keys that open what readers of the log keep in files beside the store. An erasure
	// deletes them all, so that such a file tells nothing of what was erased.
	BucketDerivedKeys = "derived.keys"
	// BucketFrozen is the bucket of the months whose figures are final, which server/report keeps and a restore must not undo.
	BucketFrozen = "report.frozen"
	// BucketFeeds is the bucket of systems outside that are sent records, which server/feed keeps: a restore must not open
	// again what was closed.
	BucketFeeds = "feed"
)

var historyKey = []byte("1")

func seqKey(seq syncengine.Seq) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

func seqOfKey(key []byte) syncengine.Seq { return syncengine.Seq(binary.BigEndian.Uint64(key)) }

func numberedKey(id syncengine.ID, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 24), id[:]...), n)
}

// read decodes a document into m; ok is false when there is none.
func read(r store.Reader, bucket string, key []byte, m proto.Message) (ok bool, err error) {
	value, ok, err := r.Document(bucket, key)
	if err != nil || !ok {
		return false, err
	}
	if err := proto.Unmarshal(value, m); err != nil {
		return false, fmt.Errorf("%s document %x: %w", bucket, key, err)
	}
	return true, nil
}

// anyDocument reports whether a bucket holds anything.
func anyDocument(r store.Reader, bucket string) (found bool, err error) {
	err = r.Documents(bucket, nil, nil, func(store.Document) bool {
		found = true
		return false
	})
	return found, err
}

// encode marshals a message that this package made; it cannot fail.
func encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	assert(err == nil, "encode %T: %v", m, err)
	return b
}

// assert stops a transaction on a programmer's error; the group rolls the change back and quarantines it.
func assert(ok bool, format string, args ...any) {
	if !ok {
		panic("exchange: " + fmt.Sprintf(format, args...))
	}
}

// commitAt gives the commit that wrote seq.
func commitAt(r store.Reader, seq syncengine.Seq) (*storedv1.Commit, error) {
	var found *storedv1.Commit
	var failed error
	err := r.Documents(bucketCommit, seqKey(seq), nil, func(d store.Document) bool {
		found = new(storedv1.Commit)
		failed = proto.Unmarshal(d.Value, found)
		return false
	})
	if err == nil {
		err = failed
	}
	return found, err
}

func tagAt(r store.Reader, seq syncengine.Seq) (tag store.Tag, ok bool, err error) {
	if seq == 0 {
		return store.Tag{}, true, nil
	}
	c, err := commitAt(r, seq)
	if err != nil || c == nil {
		return store.Tag{}, false, err
	}
	copy(tag[:], c.GetTag())
	return tag, true, nil
}

func coordinate(m *storedv1.Coordinate) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetEpoch()), Seq: syncengine.Seq(m.GetSeq())}
}

func storedCoordinate(c syncengine.Coordinate) *storedv1.Coordinate {
	if c.IsZero() {
		return nil
	}
	return &storedv1.Coordinate{Epoch: uint32(c.Epoch), Seq: uint64(c.Seq)}
}

// firstOf gives the coordinates that a change had before restores.
func firstOf(extra *storedv1.Extra) (first syncengine.Coordinate, since []syncengine.Coordinate) {
	for i, at := range extra.GetFirst() {
		if i == 0 {
			first = coordinate(at)
			continue
		}
		since = append(since, coordinate(at))
	}
	return first, since
}
