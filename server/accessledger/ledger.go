package accessledger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// The buckets. Names are stored and never change.
const (
	bucketEntries = "access"
	bucketHead    = "access.head"
	bucketCuts    = "access.cuts"
)

// headKey is the key of the one document of the head's bucket.
var headKey = []byte("1")

// Buckets lists the buckets of the ledger, for whoever keeps them elsewhere too.
func Buckets() []string { return []string{bucketEntries, bucketHead, bucketCuts} }

// EntriesBucket names the bucket that grows with every entry.
func EntriesBucket() string { return bucketEntries }

// NewestKey gives the key of that bucket from which on the newest entries stand.
func NewestKey(r store.Reader, entries uint64) ([]byte, error) {
	head, err := headOf(r)
	return key(head.GetNumber() + 1 - min(head.GetNumber(), entries)), err
}

// Append adds an entry in the caller's transaction and gives its number.
func Append(w store.Writer, e Entry) (uint64, error) {
	if err := e.Check(); err != nil {
		return 0, err
	}
	head, err := headOf(w)
	if err != nil {
		return 0, err
	}
	e.Number = head.GetNumber() + 1
	copy(e.Previous[:], head.GetHash())
	value, err := e.encode()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := w.PutDocument(bucketEntries, key(e.Number), value); err != nil {
		return 0, err
	}
	return e.Number, putHead(w, e.Number, hashOf(value))
}

// AskAppend announces what Append asks.
func AskAppend(q *store.Questions) { q.Document(bucketHead, headKey) }

// Head gives the number of the newest entry, 0 for none, and its hash.
func Head(r store.Reader) (number uint64, hash Hash, err error) {
	m, err := headOf(r)
	copy(hash[:], m.GetHash())
	return m.GetNumber(), hash, err
}

func headOf(r store.Reader) (*storedv1.AccessHead, error) {
	m := &storedv1.AccessHead{}
	return m, read(r, bucketHead, headKey, m)
}

func putHead(w store.Writer, number uint64, hash Hash) error {
	return put(w, bucketHead, headKey, &storedv1.AccessHead{Number: number, Hash: hash[:]})
}

// CutBefore takes out the oldest entries, up to the first that is not older than
// before, at most as many as limit, and gives how many it took. The chain then
// begins behind them.
func CutBefore(w store.Writer, before, now syncengine.UnixMilli, limit int) (cut int, err error) {
	var last Entry
	var hash Hash
	var failed error
	err = w.Documents(bucketEntries, nil, nil, func(d store.Document) bool {
		var e Entry
		if e, failed = decode(d.Value); failed != nil || cut == limit || e.At >= before {
			return false
		}
		last, hash = e, hashOf(d.Value)
		cut++
		return true
	})
	if err = errors.Join(err, failed); err != nil || cut == 0 {
		return 0, err
	}
	for n := last.Number - uint64(cut) + 1; n <= last.Number; n++ {
		if err := w.DeleteDocument(bucketEntries, key(n)); err != nil {
			return 0, err
		}
	}
	return cut, anchor(w, last.Number, hash, now)
}

// anchor makes one cut of everything up to a number.
func anchor(w store.Writer, to uint64, hash Hash, now syncengine.UnixMilli) error {
	var older [][]byte
	err := w.Documents(bucketCuts, nil, key(to+1), func(d store.Document) bool {
		older = append(older, d.Key)
		return true
	})
	for _, k := range older {
		err = errors.Join(err, w.DeleteDocument(bucketCuts, k))
	}
	if err != nil {
		return err
	}
	return put(w, bucketCuts, key(1), &storedv1.AccessCut{To: to, Hash: hash[:], AtMs: int64(now)})
}

// key is the key of an entry.
func key(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

// numberOf reads such a key; one of another length is no key of the ledger.
func numberOf(key []byte) (uint64, bool) {
	if len(key) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key), true
}

// read decodes a document into m, which stays empty where there is none.
func read(r store.Reader, bucket string, key []byte, m proto.Message) error {
	value, ok, err := r.Document(bucket, key)
	if err != nil || !ok {
		return err
	}
	if err := proto.Unmarshal(value, m); err != nil {
		return fmt.Errorf("%s: %w: %w", bucket, store.ErrDamaged, err)
	}
	return nil
}

func put(w store.Writer, bucket string, key []byte, m proto.Message) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("%s: %w", bucket, err)
	}
	return w.PutDocument(bucket, key, value)
}
