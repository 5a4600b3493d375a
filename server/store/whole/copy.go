// Package whole copies a whole realm from one store into another, of whatever kinds, and compares the copy with what it was
// made of, byte for byte. It is how a realm in a database gets into the one file that a backup is.
//
// It never changes a number, a tag or a byte, knows nothing of what they mean, and holds no more in memory than a chunk.
//
// What it copies into is nobody's yet: a copy that is cut off is half a realm without a head, to be thrown away.
//
// Read Copy first; Digest is what copies are compared by, also those that a store makes by means of its own.
package whole

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// chunkRows and chunkBytes bound what waits in memory for one transaction: enough for its wait for the disk to be small
	// beside its writing.
	chunkRows  = 5000
	chunkBytes = 4 << 20
	// rowBytes is what a row takes beside its content.
	rowBytes = 100
	// tellEvery is how many rows pass between two words of progress.
	tellEvery = 1000
)

// ErrDiffers: a copy is not what it was made of.
var ErrDiffers = errors.New("the copy is not what it was made of")

// Copy writes all that from holds into a new, empty store, reads it back and compares. progress is told rows done of rows in
// all, each counting twice; it may be nil.
func Copy(ctx context.Context, to store.Store, from store.Whole, progress func(done, total int64)) (Parts, error) {
	c := &copying{ctx: ctx, to: to, from: from, progress: progress}
	given, err := c.write()
	if err != nil {
		return given, err
	}
	got, err := c.readBack()
	if err != nil {
		return given, fmt.Errorf("read the copy back: %w", err)
	}
	if name := given.Differs(got); name != "" {
		return given, fmt.Errorf("%w: %s", ErrDiffers, name)
	}
	return given, nil
}

// copying is a copy under way.
type copying struct {
	ctx      context.Context
	to       store.Store
	from     store.Whole
	progress func(done, total int64)
	// done counts rows written and read back, of total.
	done, total int64
}

func (c *copying) step() {
	if c.done++; c.progress != nil && (c.done%tellEvery == 0 || c.done == c.total) {
		c.progress(c.done, c.total)
	}
}

// write writes everything, the head last.
func (c *copying) write() (parts Parts, err error) {
	records, rows, documents, err := c.from.Size()
	if err != nil {
		return parts, err
	}
	c.total = 2 * (int64(c.from.Head().Seq) + records + rows + documents)
	sums := [len(parts)]*Digest{NewDigest(), NewDigest(), NewDigest(), NewDigest()}
	for _, part := range []func([len(parts)]*Digest) error{c.entries, c.records, c.rows, c.documents} {
		if err := part(sums); err != nil {
			return parts, err
		}
	}
	for n, d := range sums {
		parts[n] = d.Part()
	}
	return parts, c.to.Update(c.ctx, func(w store.Writer) error { return w.SetHead(c.from.Head()) })
}

func (c *copying) entries(sums [4]*Digest) error {
	return chunked(c, func(f func(store.Entry) bool) error { return c.from.Entries(0, f) },
		func(e store.Entry) int { return len(e.Salt) + len(e.Body) + len(e.Extra) }, sums[0].Entry,
		func(w store.Writer, list []store.Entry) error { return w.Append(list...) })
}

func (c *copying) records(sums [4]*Digest) error {
	return chunked(c, c.from.Records, func(r store.Record) int { return len(r.Body) }, sums[1].Record,
		func(w store.Writer, list []store.Record) error { return w.PutRecord(list...) })
}

func (c *copying) rows(sums [4]*Digest) error {
	return chunked(c, c.from.AllScope, func(r store.ScopeRow) int { return len(r.Key) }, sums[2].Row,
		func(w store.Writer, list []store.ScopeRow) error { return w.PutScope(list...) })
}

// placed is a document with its bucket.
type placed struct {
	bucket string
	store.Document
}

func (c *copying) documents(sums [4]*Digest) error {
	walk := func(f func(placed) bool) error {
		return c.from.AllDocuments(func(bucket string, d store.Document) bool { return f(placed{bucket, d}) })
	}
	return chunked(c, walk, func(d placed) int { return len(d.Key) + len(d.Value) }, func(d placed) { sums[3].Document(d.bucket, d.Document) },
		func(w store.Writer, list []placed) error {
			for _, d := range list {
				if err := w.PutDocument(d.bucket, d.Key, d.Value); err != nil {
					return err
				}
			}
			return nil
		})
}

// chunked writes what a walk gives, a chunk a transaction.
func chunked[T any](c *copying, walk func(func(T) bool) error, size func(T) int, sum func(T), put func(store.Writer, []T) error) error {
	var list []T
	var failed error
	bytes := 0
	flush := func() bool {
		if len(list) > 0 {
			failed = c.to.Update(c.ctx, func(w store.Writer) error { return put(w, list) })
		}
		list, bytes = list[:0], 0
		return failed == nil
	}
	err := walk(func(v T) bool {
		sum(v)
		c.step()
		list, bytes = append(list, v), bytes+size(v)+rowBytes
		return len(list) < chunkRows && bytes < chunkBytes || flush()
	})
	if err == nil && failed == nil {
		flush()
	}
	return errors.Join(err, failed)
}

// readBack reads what the copy holds, in the order in which it was given.
func (c *copying) readBack() (parts Parts, err error) {
	err = c.to.View(c.ctx, func(r store.Reader) error {
		if r.Head() != c.from.Head() {
			return fmt.Errorf("%w: the head", ErrDiffers)
		}
		all, ok := r.(store.Whole)
		if !ok {
			return errors.New("the store gives no copy of itself")
		}
		parts, err = Read(all, c.step)
		return err
	})
	return parts, err
}

// Read gives what all that a store holds comes to; step is called for each row.
func Read(from store.Whole, step func()) (parts Parts, err error) {
	entries, records, rows, documents := NewDigest(), NewDigest(), NewDigest(), NewDigest()
	err = errors.Join(
		from.Entries(syncengine.Seq(0), func(e store.Entry) bool { entries.Entry(e); step(); return true }),
		from.Records(func(rec store.Record) bool { records.Record(rec); step(); return true }),
		from.AllScope(func(row store.ScopeRow) bool { rows.Row(row); step(); return true }),
		from.AllDocuments(func(bucket string, d store.Document) bool { documents.Document(bucket, d); step(); return true }),
	)
	return Parts{entries.Part(), records.Part(), rows.Part(), documents.Part()}, err
}
