package store

import (
	"context"

	"onedoor/syncengine"
)

// Questions are what is about to be asked of a reader, so that an engine on another machine answers many of them in one
// trip. They change no answer: what is asked without having been announced is read then, and what is announced in vain
// costs its reading. Whoever announces bounds how many.
type Questions struct {
	// Records are ids of which Record will be asked.
	Records []syncengine.ID
	// Documents are keys of which Document will be asked.
	Documents []DocumentKey
	// Beginnings are walks over documents, of which the first few are read.
	Beginnings []DocumentRange
	// Last are the keys that LastDocument will be asked for.
	Last []DocumentKey
	// Entries are stretches of the log of which Entry will be asked.
	Entries []Stretch
	// Rows are chunks of which Scope will be asked.
	Rows []RowsOf
	// Bare are keys of which Scope will be asked and that are likely to have no row.
	Bare []syncengine.ScopeKey
}

// Stretch is a part of the log, both ends included.
type Stretch struct{ From, To syncengine.Seq }

// DocumentKey names a document.
type DocumentKey struct {
	Bucket string
	Key    []byte
}

// DocumentRange is what a walk over documents is asked for.
type DocumentRange struct {
	Bucket   string
	From, To []byte
}

// RowsOf is what Scope is asked for.
type RowsOf struct {
	Key   syncengine.ScopeKey
	After syncengine.Seq
	Limit int
}

// Empty reports that nothing is asked.
func (q *Questions) Empty() bool {
	return len(q.Records)+len(q.Documents)+len(q.Beginnings)+len(q.Last)+len(q.Entries)+len(q.Rows)+len(q.Bare) == 0
}

// Document adds a document.
func (q *Questions) Document(bucket string, key []byte) {
	q.Documents = append(q.Documents, DocumentKey{bucket, key})
}

// Beginning adds a walk over documents.
func (q *Questions) Beginning(bucket string, from, to []byte) {
	q.Beginnings = append(q.Beginnings, DocumentRange{bucket, from, to})
}

// LastUpTo adds what LastDocument will be asked for.
func (q *Questions) LastUpTo(bucket string, atMost []byte) {
	q.Last = append(q.Last, DocumentKey{bucket, atMost})
}

// Gatherer is a reader for which many answers at once cost little more than one, as over a network.
type Gatherer interface {
	// Gather reads the answers to what will be asked next, in one trip.
	Gather(q Questions) error
}

// gathering is a reader that tells whether it gathers: one that stands in front of another says what that one says.
type gathering interface{ Gathering() Gatherer }

// Gathering gives a reader as one that gathers; nil where announcing questions gains nothing.
func Gathering(r Reader) Gatherer {
	if g, ok := r.(gathering); ok {
		return g.Gathering()
	}
	return nil
}

// Gather announces questions to a reader that gathers.
func Gather(r Reader, q Questions) error {
	if g := Gathering(r); g != nil && !q.Empty() {
		return g.Gather(q)
	}
	return nil
}

// entriesAtOnce is how many entries EntriesAhead reads before it reads the records that they name.
const entriesAtOnce = 500

// EntriesAhead is Entries for a function that asks for the records of those entries which names reports: a reader that gathers
// reads them many at a time.
func EntriesAhead(r Reader, after syncengine.Seq, names func(Entry) bool, f func(Entry) bool) error {
	if Gathering(r) == nil {
		return r.Entries(after, f)
	}
	for {
		some := make([]Entry, 0, entriesAtOnce)
		var q Questions
		err := r.Entries(after, func(e Entry) bool {
			some = append(some, e)
			if names(e) {
				q.Records = append(q.Records, e.RecordID)
			}
			return len(some) < entriesAtOnce
		})
		if err == nil {
			err = Gather(r, q)
		}
		if err != nil {
			return err
		}
		for i := range some {
			if !f(some[i]) {
				return nil
			}
		}
		if len(some) < entriesAtOnce {
			return nil
		}
		after = some[len(some)-1].Seq
	}
}

// askingKey is where a context carries questions.
type askingKey struct{}

// Asking gives a context for View or Update with what will be asked first: a store that gathers answers it in the trip in
// which the transaction begins.
func Asking(ctx context.Context, q Questions) context.Context {
	return context.WithValue(ctx, askingKey{}, &q)
}

// Asked gives the questions that a context carries; nil for none.
func Asked(ctx context.Context) *Questions {
	q, _ := ctx.Value(askingKey{}).(*Questions)
	return q
}
