package identity_test

import (
	"bytes"
	"maps"
	"slices"

	"onedoor/server/store"
)

// docs is a writer that keeps documents and nothing else.
type docs struct {
	store.Writer
	buckets map[string]map[string][]byte
}

func (d *docs) PutDocument(bucket string, key, value []byte) error {
	if d.buckets[bucket] == nil {
		d.buckets[bucket] = map[string][]byte{}
	}
	d.buckets[bucket][string(key)] = bytes.Clone(value)
	return nil
}

func (d *docs) DeleteDocument(bucket string, key []byte) error {
	delete(d.buckets[bucket], string(key))
	return nil
}

func (d *docs) Document(bucket string, key []byte) ([]byte, bool, error) {
	v, ok := d.buckets[bucket][string(key)]
	return bytes.Clone(v), ok, nil
}

func (d *docs) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	for _, k := range slices.Sorted(maps.Keys(d.buckets[bucket])) {
		if k < string(from) || to != nil && k >= string(to) {
			continue
		}
		if !f(store.Document{Key: []byte(k), Value: bytes.Clone(d.buckets[bucket][k])}) {
			return nil
		}
	}
	return nil
}

func (d *docs) LastDocument(bucket string, atMost []byte) (doc store.Document, ok bool, err error) {
	err = d.Documents(bucket, nil, append(bytes.Clone(atMost), 0), func(x store.Document) bool {
		doc, ok = x, true
		return true
	})
	return doc, ok, err
}
