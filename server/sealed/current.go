package sealed

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"onedoor/server/store"
)

// The data keys in the store may be others than those that a server has read: a database was put back to before a key was made, a
// realm was replaced by a backup of it, keys were changed while the server was asleep. What it then sealed under a key that the store
// does not have nobody could ever open. So each transaction looks at the newest key first.

// lastKey is at or above the key of every data key's document.
var lastKey = bytes.Repeat([]byte{0xff}, 4)

// askingKeys announces that look.
func askingKeys(ctx context.Context) context.Context {
	var q store.Questions
	if asked := store.Asked(ctx); asked != nil {
		q = *asked
	}
	q.Last = append(slices.Clip(q.Last), store.DocumentKey{Bucket: bucketKeys, Key: lastKey})
	return store.Asking(ctx, q)
}

// current gives the codec with the data keys that stand in the store, which are read anew where they are others.
func (s *Store) current(r store.Reader) (*codec, error) {
	c := s.codec.Load()
	d, ok, err := r.LastDocument(bucketKeys, lastKey)
	if err != nil || ok && bytes.Equal(d.Value, c.ring.newest) {
		return c, err
	}
	if !ok {
		return nil, errKeysGone
	}
	ring, err := readKeyring(r, s.key)
	if err != nil {
		return nil, errors.Join(errKeysChanged, err)
	}
	other := *c
	other.ring = ring
	s.codec.Store(&other)
	return &other, nil
}
