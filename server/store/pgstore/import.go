package pgstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"onedoor/server/store"
	"onedoor/server/store/whole"

	"github.com/jackc/pgx/v5"
)

// Imported counts what an import brought.
type Imported struct {
	Entries, Records, ScopeRows, Documents int64
}

// importing is a realm on its way into a database, in one transaction: it is there whole or not at all, and no server
// sees it before.
type importing struct {
	*Store
	sess *session
	from store.Whole
	// replace takes away the realm that stands there under that name, in the same transaction, where it says that it may go; nil
	// replaces none.
	replace func(store.Reader) error
	// done counts the rows that were copied and read back, of total.
	done, total int64
	progress    func(done, total int64)
}

// Import copies a realm that nobody writes meanwhile into a database, reads the copy back, compares it with what it was
// given, and only then lets it be seen. It keeps every number and byte. progress may be nil. The error is fs.ErrExist
// where the database has the realm.
func Import(ctx context.Context, o Options, from store.Whole, progress func(done, total int64)) (Imported, error) {
	return bring(ctx, o, from, nil, progress)
}

// Replace is Import that takes the place of the realm of that name, if there is one, in the same transaction: whoever looks
// sees the old one or the new one. may is asked under the realm's lock what stands there; where it gives an error, that is given
// and nothing has changed. Nobody writes to the realm from then until it is replaced.
func Replace(ctx context.Context, o Options, from store.Whole, may func(store.Reader) error, progress func(done, total int64)) (Imported, error) {
	return bring(ctx, o, from, may, progress)
}

func bring(ctx context.Context, o Options, from store.Whole, replace func(store.Reader) error, progress func(done, total int64)) (out Imported, err error) {
	t, err := o.parse(true)
	if err != nil {
		return out, err
	}
	s := newStore(t, true)
	if s.realm == "" {
		return out, fmt.Errorf("no realm is named: add ?%s=CODE to the database's URL", RealmParameter)
	}
	sess, err := s.connect(ctx)
	if err != nil {
		return out, s.explain("copy a realm", err)
	}
	defer sess.close()
	if err := errors.Join(s.migrate(ctx, sess), s.mustKnow(ctx, sess)); err != nil {
		return out, s.explain("copy a realm", err)
	}
	i := &importing{Store: s, sess: sess, from: from, replace: replace, progress: progress}
	return i.run(ctx)
}

func (i *importing) run(ctx context.Context) (out Imported, err error) {
	records, rows, documents, err := i.from.Size()
	if err != nil {
		return out, err
	}
	h := i.from.Head()
	i.total = 2 * (int64(h.Seq) + records + rows + documents) // Each is written and read back.
	if err := i.claim(ctx); err != nil {
		return out, i.explain("copy a realm", ended(ctx, err))
	}
	copied, err := i.copyAll(ctx)
	if err != nil {
		return out, i.explain("copy a realm", ended(ctx, err))
	}
	read, err := i.readBack(ctx)
	if err != nil {
		return out, i.explain("read the copy back", ended(ctx, err))
	}
	if name := copied.Differs(read); name != "" {
		return out, fmt.Errorf("%s: %w: %s: nothing was kept", i.name(), whole.ErrDiffers, name)
	}
	out = Imported{copied[0].Rows, copied[1].Rows, copied[2].Rows, copied[3].Rows}
	return out, i.publish(ctx, h)
}

// claim makes the realm's row, which a second import of the same realm waits for, or takes the one that stands.
func (i *importing) claim(ctx context.Context) error {
	stood, err := i.takePlace(ctx)
	if err != nil || stood {
		return err
	}
	n, err := i.sess.exec(ctx, insertHead, i.realm, make([]byte, 8), i.sess.place)
	if err == nil && n == 0 {
		return settled{fmt.Errorf("%s: %w", i.name(), fs.ErrExist)}
	}
	return err
}

// takePlace begins the transaction. stood tells that a realm stood there, of which all is taken away but its row: that stays locked, and
// who waits for it finds the new realm.
func (i *importing) takePlace(ctx context.Context) (stood bool, err error) {
	if i.replace == nil {
		_, err := i.sess.exec(ctx, beginWrite)
		return false, err
	}
	bounded, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	h, err := i.sess.begin(bounded, beginWrite, lockHead, i.realm, nil)
	switch {
	case errors.Is(err, errAbsent):
		return false, nil
	case err != nil:
		return false, err
	}
	if err := i.replace(&reader{ctx: ctx, store: i.Store, s: i.sess, head: h.Head}); err != nil {
		return false, settled{err}
	}
	return true, i.sess.removeRows(ctx, i.realm, tables[1:])
}

// publish writes the head and commits.
func (i *importing) publish(ctx context.Context, h store.Head) error {
	_, err := i.sess.exec(ctx, updateHead, i.realm, int64(h.Epoch), int64(h.Seq), h.Tag[:], int64(h.Committed), i.sess.place)
	if err != nil {
		return i.explain("copy a realm", err)
	}
	if _, err := i.sess.exec(context.WithoutCancel(ctx), commitTx); err != nil {
		return fmt.Errorf("the answer to the commit was lost, so the realm is there whole or not at all: run it again, which tells: %w", i.explain("copy a realm", err))
	}
	return nil
}

// step counts a row.
func (i *importing) step() {
	const tellEvery = 1000
	if i.done++; i.progress != nil && (i.done%tellEvery == 0 || i.done == i.total) {
		i.progress(i.done, i.total)
	}
}

// copyAll copies every table.
func (i *importing) copyAll(ctx context.Context) (parts whole.Parts, err error) {
	realm := i.realm
	entries, records, rows, documents := whole.NewDigest(), whole.NewDigest(), whole.NewDigest(), whole.NewDigest()
	err = errors.Join(
		copyRows(ctx, i, "onedoor_log", "realm, "+entryColumns, func(f func(store.Entry) bool) error { return i.from.Entries(0, f) }, func(e store.Entry) []any {
			entries.Entry(e)
			return []any{realm, int64(e.Seq), int16(e.Type), e.Incarnation[:], int64(e.DeviceSeq), e.RecordID[:], int64(e.Kind), int64(e.Prev), int64(e.Ref), int64(e.Stamp),
				e.Suspect, int16(e.Reason), int16(e.Rank), given(e.Salt), given(e.Body), given(e.Extra)}
		}),
		copyRows(ctx, i, "onedoor_records", "realm, id, kind, seq, body", i.from.Records, func(rec store.Record) []any {
			records.Record(rec)
			return []any{realm, rec.ID[:], int64(rec.Kind), int64(rec.Seq), given(rec.Body)}
		}),
		copyRows(ctx, i, "onedoor_scope", "realm, key, seq, record_id, type, entered", i.from.AllScope, func(row store.ScopeRow) []any {
			rows.Row(row)
			return []any{realm, []byte(row.Key), int64(row.Seq), row.RecordID[:], int16(row.Type), int64(row.Entered)}
		}),
		copyRows(ctx, i, "onedoor_documents", "realm, bucket, key, value", i.documents, func(d placed) []any {
			documents.Document(d.bucket, d.Document)
			return []any{realm, []byte(d.bucket), given(d.Key), given(d.Value)}
		}),
	)
	return whole.Parts{entries.Part(), records.Part(), rows.Part(), documents.Part()}, err
}

// documents walks the documents with their buckets.
func (i *importing) documents(f func(placed) bool) error {
	return i.from.AllDocuments(func(bucket string, d store.Document) bool { return f(placed{walked{Document: d}, bucket}) })
}

// copyRows copies what a walk gives into a table. After a table that failed the transaction takes no other.
func copyRows[T any](ctx context.Context, i *importing, table, columns string, walk func(func(T) bool) error, row func(T) []any) error {
	var failed error
	next, stop := iter.Pull(iter.Seq[T](func(yield func(T) bool) { failed = walk(yield) }))
	defer stop()
	_, err := i.sess.conn.CopyFrom(ctx, pgx.Identifier{table}, strings.Split(columns, ", "), pgx.CopyFromFunc(func() ([]any, error) {
		v, ok := next()
		if !ok {
			return nil, failed
		}
		i.step()
		return row(v), nil
	}))
	if failed != nil {
		return settled{failed}
	}
	return ended(ctx, err)
}

// readBack reads what the database holds now, in the order in which it was given.
func (i *importing) readBack(ctx context.Context) (parts whole.Parts, err error) {
	r := &reader{ctx: ctx, store: i.Store, s: i.sess, head: i.from.Head()}
	return whole.Read(r, i.step)
}
