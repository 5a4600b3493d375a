package feed

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// bucketDelivery: feed id -> FeedDelivery. The name is stored and never changes.
const bucketDelivery = "feed.delivery"

func put(w store.Writer, bucket string, key []byte, m proto.Message) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return w.PutDocument(bucket, key, value)
}

func read(r store.Reader, bucket string, key []byte, m proto.Message) (ok bool, err error) {
	value, ok, err := r.Document(bucket, key)
	if err != nil || !ok {
		return false, err
	}
	return true, decode(value, m)
}

func decode(value []byte, m proto.Message) error {
	if err := proto.Unmarshal(value, m); err != nil {
		return fmt.Errorf("feed: %w: %w", store.ErrDamaged, err)
	}
	return nil
}

func walk(r store.Reader, bucket string, f func(id syncengine.ID, value []byte) error) error {
	var failed error
	err := r.Documents(bucket, nil, nil, func(d store.Document) bool {
		id, ok := syncengine.IDFromBytes(d.Key)
		if !ok {
			failed = fmt.Errorf("feed: key of %d bytes: %w", len(d.Key), store.ErrDamaged)
			return false
		}
		failed = f(id, d.Value)
		return failed == nil
	})
	return errors.Join(err, failed)
}
