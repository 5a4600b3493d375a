package localdb

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"onedoor/syncengine"
)

// dictionaries is what was read of the dictionary tables. Rows of these tables are never changed nor deleted, so an
// entry stays true until a rollback undoes the insert it came from.
type dictionaries struct {
	keyIDs    map[syncengine.ScopeKey]KeyID
	keys      map[KeyID]syncengine.ScopeKey
	authorIDs map[Author]AuthorID
	authors   map[AuthorID]Author
	setIDs    map[string]int64
	sets      map[int64][]KeyID
}

// remember puts an entry into a map that may not be there yet.
func remember[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = value
}

// InternKey gives the number of a scope key, a new one for a key never seen.
func (tx *Tx) InternKey(key syncengine.ScopeKey) (KeyID, error) {
	if id, ok, err := tx.KeyID(key); ok || err != nil {
		return id, err
	}
	n, err := tx.write("INSERT INTO keys (key) VALUES (?) RETURNING id").blob([]byte(key)).number()
	if err != nil {
		return 0, err
	}
	tx.knowKey(KeyID(n), key)
	return KeyID(n), nil
}

// KeyID gives the number of a scope key; ok is false for one never interned.
func (tx *Tx) KeyID(key syncengine.ScopeKey) (id KeyID, ok bool, err error) {
	if id, ok = tx.db.known.keyIDs[key]; ok {
		return id, true, nil
	}
	n, err := tx.statement("SELECT id FROM keys WHERE key = ?").blob([]byte(key)).number()
	if err != nil || n == 0 {
		return 0, false, err
	}
	tx.knowKey(KeyID(n), key)
	return KeyID(n), true, nil
}

// ScopeKey gives the scope key with a number, ErrUnknown where there is none.
func (tx *Tx) ScopeKey(id KeyID) (syncengine.ScopeKey, error) {
	if key, ok := tx.db.known.keys[id]; ok {
		return key, nil
	}
	b, ok, err := one(tx.statement("SELECT key FROM keys WHERE id = ?").int(int64(id)), scanBlob)
	if err == nil && !ok {
		err = fmt.Errorf("scope key %d: %w", id, ErrUnknown)
	}
	if err != nil {
		return "", err
	}
	tx.knowKey(id, syncengine.ScopeKey(b))
	return syncengine.ScopeKey(b), nil
}

func (tx *Tx) knowKey(id KeyID, key syncengine.ScopeKey) {
	remember(&tx.db.known.keyIDs, key, id)
	remember(&tx.db.known.keys, id, key)
}

// InternAuthor gives the number of an author, a new one for an author never seen.
func (tx *Tx) InternAuthor(a Author) (AuthorID, error) {
	if id, ok := tx.db.known.authorIDs[a]; ok {
		return id, nil
	}
	n, err := tx.statement("SELECT id FROM authors WHERE incarnation = ? AND user = ?").
		id(a.Incarnation).id(a.User).number()
	if err == nil && n == 0 {
		n, err = tx.write("INSERT INTO authors (incarnation, user) VALUES (?, ?) RETURNING id").
			id(a.Incarnation).id(a.User).number()
	}
	if err != nil {
		return 0, err
	}
	tx.knowAuthor(AuthorID(n), a)
	return AuthorID(n), nil
}

// Author gives the author with a number, ErrUnknown where there is none.
func (tx *Tx) Author(id AuthorID) (Author, error) {
	if a, ok := tx.db.known.authors[id]; ok {
		return a, nil
	}
	a, ok, err := one(tx.statement("SELECT incarnation, user FROM authors WHERE id = ?").int(int64(id)),
		func(s *statement) (Author, error) {
			return Author{Incarnation: s.columnID(0), User: s.columnID(1)}, nil
		})
	if err == nil && !ok {
		err = fmt.Errorf("author %d: %w", id, ErrUnknown)
	}
	if err != nil {
		return Author{}, err
	}
	tx.knowAuthor(id, a)
	return a, nil
}

func (tx *Tx) knowAuthor(id AuthorID, a Author) {
	remember(&tx.db.known.authorIDs, a, id)
	remember(&tx.db.known.authors, id, a)
}

// keySet is a row of key_sets.
type keySet struct {
	id   int64
	keys []KeyID
}

// setUsual is how many keys few sets exceed: room for them costs no allocation.
const setUsual = 16

// internSet gives the number of a set of keys; the empty set has 0.
func (tx *Tx) internSet(keys []KeyID) (int64, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	var room [setUsual]KeyID
	sorted := append(room[:0], keys...)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	var packedRoom [4 * setUsual]byte
	packed := packedRoom[:0]
	for _, k := range sorted {
		packed = binary.BigEndian.AppendUint32(packed, uint32(k))
	}
	if id, ok := tx.db.known.setIDs[string(packed)]; ok {
		return id, nil
	}
	id, err := tx.statement("SELECT id FROM key_sets WHERE keys = ?").blob(packed).number()
	if err == nil && id == 0 {
		id, err = tx.write("INSERT INTO key_sets (keys) VALUES (?) RETURNING id").blob(packed).number()
	}
	if err != nil {
		return 0, err
	}
	remember(&tx.db.known.setIDs, string(packed), id)
	remember(&tx.db.known.sets, id, slices.Clone(sorted))
	return id, nil
}

// setKeys gives the keys of a set.
func (tx *Tx) setKeys(id int64) ([]KeyID, error) {
	if id == 0 {
		return nil, nil
	}
	if keys, ok := tx.db.known.sets[id]; ok {
		return slices.Clone(keys), nil
	}
	set, ok, err := one(tx.statement("SELECT id, keys FROM key_sets WHERE id = ?").int(id), scanKeySet)
	if err == nil && !ok {
		err = fmt.Errorf("set %d of scope keys: %w", id, ErrUnknown)
	}
	if err != nil {
		return nil, err
	}
	remember(&tx.db.known.sets, id, set.keys)
	return slices.Clone(set.keys), nil
}

// keySets gives every set.
func (tx *Tx) keySets() iter.Seq2[keySet, error] {
	return each(func() *statement { return tx.statement("SELECT id, keys FROM key_sets") }, scanKeySet)
}

func scanKeySet(s *statement) (keySet, error) {
	set := keySet{id: s.columnInt(0)}
	for packed := s.columnBlob(1); len(packed) >= 4; packed = packed[4:] {
		set.keys = append(set.keys, KeyID(binary.BigEndian.Uint32(packed)))
	}
	return set, nil
}

func setOf[T comparable](values []T) map[T]bool {
	set := make(map[T]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return set
}
