package pgstore

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"onedoor/server/store"
)

// digest is a running hash over rows: equal rows in equal order give equal sums.
type digest struct {
	hash hash.Hash
	// Rows counts them.
	Rows int64
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

// numbers adds numbers, each in eight bytes.
func (d *digest) numbers(all ...uint64) {
	for _, n := range all {
		d.hash.Write(binary.BigEndian.AppendUint64(nil, n))
	}
}

// texts adds bytes with their lengths.
func (d *digest) texts(all ...[]byte) {
	for _, b := range all {
		d.numbers(uint64(len(b)))
		d.hash.Write(b)
	}
}

func (d *digest) entry(e store.Entry) {
	d.Rows++
	suspect := uint64(0)
	if e.Suspect {
		suspect = 1
	}
	d.numbers(uint64(e.Seq), uint64(e.Type), uint64(e.DeviceSeq), uint64(e.Kind), uint64(e.Prev), uint64(e.Ref), uint64(e.Stamp), suspect, uint64(e.Reason), uint64(e.Rank))
	d.texts(e.Incarnation[:], e.RecordID[:], e.Salt, e.Body, e.Extra)
}

func (d *digest) record(rec store.Record) {
	d.Rows++
	d.numbers(uint64(rec.Kind), uint64(rec.Seq))
	d.texts(rec.ID[:], rec.Body)
}

func (d *digest) row(row store.ScopeRow) {
	d.Rows++
	d.numbers(uint64(row.Seq), uint64(row.Type), uint64(row.Entered))
	d.texts([]byte(row.Key), row.RecordID[:])
}

func (d *digest) document(bucket string, doc store.Document) {
	d.Rows++
	d.texts([]byte(bucket), doc.Key, doc.Value)
}

// sum is the hash so far.
func (d *digest) sum() [sha256.Size]byte { return [sha256.Size]byte(d.hash.Sum(nil)) }
