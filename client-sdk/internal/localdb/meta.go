package localdb

import (
	"encoding/binary"
	"fmt"
)

// MetaKey names a value of the meta table.
type MetaKey string

// Meta gives a value, nil when it was never set or is empty.
func (tx *Tx) Meta(key MetaKey) ([]byte, error) {
	v, _, err := one(tx.statement("SELECT value FROM meta WHERE name = ?").text(string(key)), scanBlob)
	return v, err
}

// SetMeta sets a value.
func (tx *Tx) SetMeta(key MetaKey, value []byte) error {
	return tx.write("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").
		text(string(key)).blob(value).run()
}

// DeleteMeta removes a value, as if it had never been set.
func (tx *Tx) DeleteMeta(key MetaKey) error {
	return tx.write("DELETE FROM meta WHERE name = ?").text(string(key)).run()
}

// MetaInt gives a number set by SetMetaInt, 0 when it was never set.
func (tx *Tx) MetaInt(key MetaKey) (int64, error) {
	v, err := tx.Meta(key)
	switch {
	case err != nil || v == nil:
		return 0, err
	case len(v) != 8:
		return 0, fmt.Errorf("meta value %s has %d bytes and is not a number", key, len(v))
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

// SetMetaInt sets a number.
func (tx *Tx) SetMetaInt(key MetaKey, value int64) error {
	return tx.SetMeta(key, binary.BigEndian.AppendUint64(nil, uint64(value)))
}

func scanBlob(s *statement) ([]byte, error) { return s.columnBlob(0), nil }
