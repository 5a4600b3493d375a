package whole

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"onedoor/server/store"
)

// Digest is a running hash over rows: equal rows in equal order give equal sums.
type Digest struct {
	hash hash.Hash
	// rows counts them.
	rows int64
}

// NewDigest makes a digest of no row.
func NewDigest() *Digest { return &Digest{hash: sha256.New()} }

// numbers adds numbers, each in eight bytes.
func (d *Digest) numbers(all ...uint64) {
	for _, n := range all {
		d.hash.Write(binary.BigEndian.AppendUint64(nil, n))
	}
}

// texts adds bytes with their lengths.
func (d *Digest) texts(all ...[]byte) {
	for _, b := range all {
		d.numbers(uint64(len(b)))
		d.hash.Write(b)
	}
}

// Entry adds an entry of the log.
func (d *Digest) Entry(e store.Entry) {
	d.rows++
	suspect := uint64(0)
	if e.Suspect {
		suspect = 1
	}
	d.numbers(uint64(e.Seq), uint64(e.Type), uint64(e.DeviceSeq), uint64(e.Kind), uint64(e.Prev), uint64(e.Ref), uint64(e.Stamp), suspect, uint64(e.Reason), uint64(e.Rank))
	d.texts(e.Incarnation[:], e.RecordID[:], e.Salt, e.Body, e.Extra)
}

// Record adds a record.
func (d *Digest) Record(rec store.Record) {
	d.rows++
	d.numbers(uint64(rec.Kind), uint64(rec.Seq))
	d.texts(rec.ID[:], rec.Body)
}

// Row adds a row of the scope index.
func (d *Digest) Row(row store.ScopeRow) {
	d.rows++
	d.numbers(uint64(row.Seq), uint64(row.Type), uint64(row.Entered))
	d.texts([]byte(row.Key), row.RecordID[:])
}

// Document adds a document of a bucket.
func (d *Digest) Document(bucket string, doc store.Document) {
	d.rows++
	d.texts([]byte(bucket), doc.Key, doc.Value)
}

// Part is what the rows so far come to.
func (d *Digest) Part() Part { return Part{d.rows, [sha256.Size]byte(d.hash.Sum(nil))} }

// Part is what the rows of one kind come to. Two are equal where the rows are.
type Part struct {
	Rows int64
	Sum  [sha256.Size]byte
}

// Parts are the log, the records, the scope index and the documents.
type Parts [4]Part

// names are those of the parts, for people.
var names = [len(Parts{})]string{"the log", "the records", "the scope index", "the documents"}

// Differs names the first part that another copy has otherwise; empty where they are equal.
func (p Parts) Differs(other Parts) string {
	for n, name := range names {
		if p[n] != other[n] {
			return name
		}
	}
	return ""
}
