package sealed

import (
	"encoding/binary"
	"fmt"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// codec seals and opens what a store holds, by the schema.
type codec struct {
	ring   *keyring
	schema *schema.Schema
	// kinds is what is known of each kind, by number: every record that is read or written asks.
	kinds []sealedKind
	// bucket is the one that has sealed documents, seals reports which.
	bucket string
	seals  func(key []byte) bool
}

// sealedKind is what the schema says of a kind.
type sealedKind struct {
	// known is false for a number that this software has no kind for.
	known bool
	// fields are the sealed ones; nil for none.
	fields map[syncengine.FieldNumber]bool
}

// kind gives what is known of a kind.
func (c *codec) kind(number syncengine.KindNumber) (k sealedKind) {
	if int(number) < len(c.kinds) {
		k = c.kinds[number]
	}
	return k
}

// document reports a document that is sealed.
func (c *codec) document(bucket string, key []byte) bool {
	return bucket == c.bucket && c.seals != nil && c.seals(key)
}

func newCodec(ring *keyring, o Options) *codec {
	c := &codec{ring: ring, schema: o.Schema, bucket: o.Bucket, seals: o.SealsDocument}
	for _, kind := range o.Schema.Kinds {
		if more := int(kind.Number) + 1 - len(c.kinds); more > 0 {
			c.kinds = append(c.kinds, make([]sealedKind, more)...)
		}
		k := &c.kinds[kind.Number]
		k.known = true
		for _, f := range kind.Fields {
			if !o.Schema.Access.Sealed().Has(f.Engine.Class) {
				continue
			}
			if k.fields == nil {
				k.fields = map[syncengine.FieldNumber]bool{}
			}
			k.fields[f.Engine.Number] = true
		}
	}
	return c
}

// cellPlace names a cell's value or key.
func cellPlace(id syncengine.ID, at wire.SealedAt) []byte {
	b := append([]byte("onedoor cell 1"), id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(at.Field))
	if at.IsKey {
		return append(b, 1)
	}
	b = append(b, 0)
	b = append(b, at.Dot.Incarnation[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(at.Dot.Seq))
	return append(b, at.Key...)
}

// sealRecord seals the values of a record's sealed fields.
func (c *codec) sealRecord(rec store.Record) (store.Record, error) {
	return c.turnRecord(rec, wire.SealRecord, func(place, b []byte) ([]byte, error) { return c.ring.seal(place, b), nil })
}

// openRecord opens them.
func (c *codec) openRecord(rec store.Record) (store.Record, error) {
	return c.turnRecord(rec, wire.OpenRecord, c.ring.open)
}

func (c *codec) turnRecord(rec store.Record, turn func([]byte, func(syncengine.FieldNumber) bool, wire.Turn) ([]byte, error), with func(place, b []byte) ([]byte, error)) (store.Record, error) {
	fields := c.kind(rec.Kind).fields
	if fields == nil {
		return rec, nil
	}
	body, err := turn(rec.Body, func(n syncengine.FieldNumber) bool { return fields[n] }, func(at wire.SealedAt, b []byte) ([]byte, error) {
		return with(cellPlace(rec.ID, at), b)
	})
	if err != nil {
		return rec, fmt.Errorf("record %s: %w", rec.ID, err)
	}
	rec.Body = body
	return rec, nil
}

// entryPlace names a change in the log.
func entryPlace(e *store.Entry) []byte {
	b := append([]byte("onedoor change 1"), e.RecordID[:]...)
	b = append(b, e.Incarnation[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.DeviceSeq))
	return binary.BigEndian.AppendUint64(b, uint64(e.Seq))
}

// sealsEntry reports that an entry's change is kept sealed: it writes a sealed
// field, or one that this software does not know, or cannot be read at all.
func (c *codec) sealsEntry(e *store.Entry) bool {
	if len(e.Body) == 0 {
		return false
	}
	merged := e.Type == store.EntryApplied || e.Type == store.EntryMerged
	k := c.kind(e.Kind)
	if k.known && k.fields == nil && merged && len(e.Extra) == 0 {
		return false // Nothing of it is held, so all its fields are known.
	}
	if !k.known || isSealed(e.Body) {
		return true
	}
	kind, _ := c.schema.Kind(e.Kind)
	seals := false
	err := wire.ChangeFields(e.Body, func(n syncengine.FieldNumber) {
		_, ok := kind.Field(n)
		seals = seals || !ok || k.fields[n]
	})
	if err == nil && !seals && !merged {
		_, err = wire.DecodeChange(e.Body)
	}
	return seals || err != nil
}

// sealEntry seals the change of an entry, salt and body together: with the salt in
// the open, a short number could be guessed from the chain.
func (c *codec) sealEntry(e store.Entry) store.Entry {
	content := append([]byte{byte(len(e.Salt))}, e.Salt...)
	e.Body, e.Salt = c.ring.seal(entryPlace(&e), append(content, e.Body...)), nil
	return e
}

// openEntry gives the exact salt and bytes of an entry's change.
func (c *codec) openEntry(e store.Entry) (store.Entry, error) {
	if !isSealed(e.Body) {
		return e, nil
	}
	content, err := c.ring.open(entryPlace(&e), e.Body)
	if err == nil && (len(content) == 0 || len(content) < 1+int(content[0])) {
		err = store.ErrDamaged
	}
	if err != nil {
		return e, fmt.Errorf("log entry %d: %w", e.Seq, err)
	}
	n := 1 + int(content[0])
	if e.Body = content[n:]; n > 1 {
		e.Salt = content[1:n:n]
	}
	return e, nil
}

// documentPlace names a document.
func documentPlace(bucket string, key []byte) []byte {
	return append(append([]byte("onedoor document 1"), bucket...), key...)
}

func (c *codec) sealDocument(bucket string, key, value []byte) []byte {
	if !c.document(bucket, key) {
		return value
	}
	return c.ring.seal(documentPlace(bucket, key), value)
}

func (c *codec) openDocument(bucket string, key, value []byte) ([]byte, error) {
	if !c.document(bucket, key) {
		return value, nil
	}
	value, err := c.ring.open(documentPlace(bucket, key), value)
	if err != nil {
		return nil, fmt.Errorf("%s document %x: %w", bucket, key, err)
	}
	return value, nil
}
