package syncengine

import (
	"crypto/sha256"
	"encoding/binary"
)

// ClassMax bounds the numbers of visibility classes, so that sums fit an array.
const ClassMax = 16

// Sums are digests by visibility class, each modulo 2^64.
type Sums [ClassMax]uint64

// Add adds o to s.
func (s *Sums) Add(o Sums) {
	for i := range s {
		s[i] += o[i]
	}
}

// Sub takes o from s.
func (s *Sums) Sub(o Sums) {
	for i := range s {
		s[i] -= o[i]
	}
}

// CellHash is H(record, cell, shown value) of the protocol's digest.
func CellHash(record ID, key CellKey, data []byte, cleared bool) uint64 {
	var buf cellBuffer
	return buf.hash(record, key, data, cleared)
}

// cellBuffer is room for what is hashed of a cell, used again from cell to cell. Longer ones have room of their own.
type cellBuffer [640]byte

func (buf *cellBuffer) hash(record ID, key CellKey, data []byte, cleared bool) uint64 {
	b := append(buf[:0], record[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(key.Field))
	b = binary.BigEndian.AppendUint32(b, uint32(len(key.Key)))
	b = append(b, key.Key...)
	if cleared {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = append(b, data...)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}

// Digest gives what a record adds to the digests of each of its scope keys.
func (k *Kind) Digest(rec *Record) (s Sums) {
	var buf cellBuffer
	for i := range rec.Cells {
		c := &rec.Cells[i]
		class, ok := k.Class(c.Key.Field)
		if !ok || len(c.Values) == 0 {
			continue
		}
		v := c.Shown()
		s[class] += buf.hash(rec.ID, c.Key, v.Data, v.Cleared)
	}
	return s
}
