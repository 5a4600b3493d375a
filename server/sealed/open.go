package sealed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Options say how a store is sealed; Key, Schema and Random are needed.
type Options struct {
	// Key is the contact key; nil where there is none.
	Key *Key
	// Schema says which classes are sealed.
	Schema *schema.Schema
	// Random draws the first data key.
	Random io.Reader
	// Now is the clock; the system's when nil.
	Now func() time.Time
	// Bucket is one that has documents whose value is sealed, SealsDocument reports which; none when nil.
	Bucket        string
	SealsDocument func(key []byte) bool
	// Progress is told the log entries and records done while a store of older software is sealed; it may be nil.
	Progress func(done, total uint64)
}

// Open gives a store sealed. A new one gets its first data key; what software of
// before has written in the open is sealed first, which may go on where it was cut
// off, and does not end before it is gone from the store's files too.
func Open(ctx context.Context, st store.Store, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	var ring *keyring
	state := &storedv1.Sealing{}
	err := st.Update(ctx, func(w store.Writer) (err error) {
		if ring, err = readKeyring(w, o.Key); err != nil {
			return err
		}
		if ring.active == nil {
			return firstKey(w, o)
		}
		return readState(w, state)
	})
	if err == nil && ring.active == nil {
		err = st.View(ctx, func(r store.Reader) (err error) {
			if ring, err = readKeyring(r, o.Key); err != nil {
				return err
			}
			return readState(r, state)
		})
	}
	if err != nil {
		return nil, err
	}
	s := newStore(st, ring, o)
	if state.GetDone() {
		return s, nil
	}
	m := migrating{Store: s, state: state, progress: o.Progress}
	if err := m.all(ctx); err != nil {
		return nil, fmt.Errorf("seal what stands in the open: %w", err)
	}
	return s, nil
}

func newStore(st store.Store, ring *keyring, o Options) *Store {
	s := &Store{Store: st, key: o.Key}
	s.codec.Store(newCodec(ring, o))
	return s
}

// OpenReader gives a store that is only read sealed, and one that was never
// sealed as it is: that one needs no key.
func OpenReader(ctx context.Context, st store.Store, o Options) (store.Store, error) {
	var ring *keyring
	state := &storedv1.Sealing{}
	err := st.View(ctx, func(r store.Reader) (err error) {
		if ring, err = readKeyring(r, o.Key); err != nil {
			return err
		}
		return readState(r, state)
	})
	switch {
	case err != nil:
		return nil, err
	case ring.active == nil:
		return st, nil
	case !state.GetDone():
		return nil, ErrUnfinished
	}
	return newStore(st, ring, o), nil
}

// Has reports whether a store has data keys, so that it needs a contact key.
func Has(r store.Reader) (has bool, err error) {
	err = r.Documents(bucketKeys, nil, nil, func(store.Document) bool {
		has = true
		return false
	})
	return has, err
}

// Check refuses a reader of a store that has data keys and is read without them:
// every contact in it would be taken for damaged.
func Check(r store.Reader) error {
	if _, opened := r.(*reader); opened {
		return nil
	}
	has, err := Has(r)
	if err == nil && has {
		err = ErrKeyMissing
	}
	return err
}

// firstKey begins to seal a store. A new one has nothing in the open.
func firstKey(w store.Writer, o Options) error {
	if o.Key == nil {
		return ErrKeyMissing
	}
	if _, err := AddKey(w, o.Key, o.Random, syncengine.UnixMilli(o.Now().UnixMilli())); err != nil {
		return err
	}
	return putState(w, &storedv1.Sealing{Done: w.Head().Seq == 0})
}

var stateKey = []byte("1")

func readState(r store.Reader, m *storedv1.Sealing) error {
	value, _, err := r.Document(bucketState, stateKey)
	if err != nil {
		return err
	}
	return proto.Unmarshal(value, m)
}

func putState(w store.Writer, m *storedv1.Sealing) error {
	value, err := proto.Marshal(m)
	return errors.Join(err, w.PutDocument(bucketState, stateKey, value))
}
