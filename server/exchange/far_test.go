package exchange_test

import (
	"context"
	"fmt"
	"testing"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// far is a store as on another machine: whatever is asked of it is a trip, unless it was announced. It counts them, and tells
// what was asked without an announcement.
type far struct {
	store.Store
	trips  int
	lonely []string
}

// counted resets the count and gives the trips of f.
func (s *far) counted(f func()) int {
	s.trips, s.lonely = 0, nil
	f()
	return s.trips
}

// atMost wants f to make no more trips than that.
func (s *far) atMost(t *testing.T, what string, most int, f func()) {
	t.Helper()
	if n := s.counted(f); n > most {
		t.Errorf("%s made %d trips, at most %d are wanted; read one by one were %q", what, n, most, s.lonely)
	} else {
		t.Logf("%s made %d trips", what, n)
	}
}

// View begins in one trip and ends in another.
func (s *far) View(ctx context.Context, f func(store.Reader) error) error {
	s.trips += 2
	return s.Store.View(ctx, func(r store.Reader) error { return f(s.reader(ctx, r)) })
}

// Update begins in one trip, and commits in another with all that it wrote.
func (s *far) Update(ctx context.Context, f func(store.Writer) error) error {
	s.trips += 2
	return s.Store.Update(ctx, func(w store.Writer) error { return f(&farWriter{*s.reader(ctx, w), w}) })
}

func (s *far) reader(ctx context.Context, r store.Reader) *farReader {
	out := &farReader{Reader: r, s: s, known: map[string]bool{}}
	if q := store.Asked(ctx); q != nil {
		out.announce(*q)
	}
	return out
}

// farReader counts what is read without an announcement.
type farReader struct {
	store.Reader
	s     *far
	known map[string]bool
}

func (r *farReader) Gathering() store.Gatherer { return r }

func (r *farReader) Gather(q store.Questions) error {
	before := len(r.known)
	r.announce(q)
	if len(r.known) > before {
		r.s.trips++
	}
	return nil
}

func (r *farReader) announce(q store.Questions) {
	for _, id := range q.Records {
		r.known[nameRecord(id)] = true
	}
	for _, d := range q.Documents {
		r.known[nameDocument(d.Bucket, d.Key)] = true
	}
	for _, d := range q.Beginnings {
		r.known[nameWalk(d.Bucket, d.From, d.To)] = true
	}
	for _, d := range q.Last {
		r.known[nameLast(d.Bucket, d.Key)] = true
	}
	for _, e := range q.Entries {
		for seq := e.From; seq <= e.To; seq++ {
			r.known[nameEntry(seq)] = true
		}
	}
	for _, x := range q.Rows {
		r.known[nameRows(x.Key, x.After, x.Limit)] = true
	}
	for _, key := range q.Bare {
		// Only a key without rows is known by this.
		if rows, err := r.Reader.Scope(nil, key, 0, 1); err == nil && len(rows) == 0 {
			r.known[nameBare(key)] = true
		}
	}
}

func nameRecord(id syncengine.ID) string { return "record " + id.String() }
func nameDocument(bucket string, key []byte) string {
	return fmt.Sprintf("document %s %x", bucket, key)
}
func nameWalk(bucket string, from, to []byte) string {
	return fmt.Sprintf("walk %s %x %x", bucket, from, to)
}
func nameLast(bucket string, key []byte) string { return fmt.Sprintf("last %s %x", bucket, key) }
func nameEntry(seq syncengine.Seq) string       { return fmt.Sprintf("entry %d", seq) }
func nameBare(key syncengine.ScopeKey) string   { return fmt.Sprintf("bare %x", key) }
func nameRows(key syncengine.ScopeKey, after syncengine.Seq, limit int) string {
	return fmt.Sprintf("rows %x %d %d", key, after, limit)
}

// asked counts a trip for what was not announced.
func (r *farReader) asked(names ...string) {
	for _, name := range names {
		if r.known[name] {
			return
		}
	}
	r.s.trips++
	r.s.lonely = append(r.s.lonely, names[0])
}

func (r *farReader) Record(id syncengine.ID) (store.Record, bool, error) {
	r.asked(nameRecord(id))
	return r.Reader.Record(id)
}

func (r *farReader) AnyRecord(from, to syncengine.ID) (bool, error) {
	r.asked("any record")
	return r.Reader.AnyRecord(from, to)
}

func (r *farReader) Entry(seq syncengine.Seq) (store.Entry, bool, error) {
	r.asked(nameEntry(seq))
	return r.Reader.Entry(seq)
}

func (r *farReader) Entries(after syncengine.Seq, f func(store.Entry) bool) error {
	r.asked(fmt.Sprintf("entries after %d", after))
	return r.Reader.Entries(after, f)
}

func (r *farReader) Scope(dst []store.ScopeRow, key syncengine.ScopeKey, after syncengine.Seq, limit int) ([]store.ScopeRow, error) {
	r.asked(nameRows(key, after, limit), nameBare(key))
	return r.Reader.Scope(dst, key, after, limit)
}

func (r *farReader) AnyScope(from, to syncengine.ScopeKey) (bool, error) {
	r.asked("any row")
	return r.Reader.AnyScope(from, to)
}

func (r *farReader) Document(bucket string, key []byte) ([]byte, bool, error) {
	r.asked(nameDocument(bucket, key))
	return r.Reader.Document(bucket, key)
}

func (r *farReader) Documents(bucket string, from, to []byte, f func(store.Document) bool) error {
	r.asked(nameWalk(bucket, from, to))
	return r.Reader.Documents(bucket, from, to, f)
}

func (r *farReader) LastDocument(bucket string, atMost []byte) (store.Document, bool, error) {
	r.asked(nameLast(bucket, atMost))
	return r.Reader.LastDocument(bucket, atMost)
}

// farWriter writes with the commit, and forgets what was announced of what it writes.
type farWriter struct {
	farReader
	w store.Writer
}

func (w *farWriter) Append(entries ...store.Entry) error   { return w.w.Append(entries...) }
func (w *farWriter) RewriteEntry(e store.Entry) error      { return w.w.RewriteEntry(e) }
func (w *farWriter) PutRecord(recs ...store.Record) error  { return w.w.PutRecord(recs...) }
func (w *farWriter) PutScope(rows ...store.ScopeRow) error { return w.w.PutScope(rows...) }
func (w *farWriter) SetHead(h store.Head) error            { return w.w.SetHead(h) }

func (w *farWriter) DeleteScope(key syncengine.ScopeKey, seq syncengine.Seq, record syncengine.ID) error {
	return w.w.DeleteScope(key, seq, record)
}

func (w *farWriter) PutDocument(bucket string, key, value []byte) error {
	return w.w.PutDocument(bucket, key, value)
}

func (w *farWriter) DeleteDocument(bucket string, key []byte) error {
	return w.w.DeleteDocument(bucket, key)
}
