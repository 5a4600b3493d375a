package localdb

import (
	"iter"

	"onedoor/syncengine"
)

// QueueSearch queues a record for indexing. Putting, staging or switching a record with Search set does so too.
func (tx *Tx) QueueSearch(id syncengine.ID) error {
	p, ok, err := tx.place(id)
	if err != nil || !ok {
		return err
	}
	return tx.queueRow(p.row)
}

// queueRow queues a row; one above the mark waits anyway.
func (tx *Tx) queueRow(row int64) error {
	if row > tx.db.indexed {
		return nil
	}
	return tx.write("INSERT OR IGNORE INTO search_queue (row) VALUES (?)").int(row).run()
}

// queued is a record to index.
type queued struct {
	row    int64
	record Record
}

// IndexQueued brings the index up to date for up to limit queued records, by the text that the callback gives, its
// fields parted by FieldBreak. The index is up to date when it has indexed fewer than limit. Staged records stay queued.
func (tx *Tx) IndexQueued(limit int, text func(Record) (string, error)) (indexed int, err error) {
	batch, err := tx.queuedRows(limit)
	if err != nil {
		return 0, err
	}
	news, err := tx.newRows(limit - len(batch))
	if err != nil {
		return 0, err
	}
	batch = append(batch, news...)
	for _, q := range batch {
		if err := tx.index(q, text); err != nil {
			return 0, err
		}
	}
	return len(batch), nil
}

// queuedRows gives up to limit records of the queue; staged ones stay in it.
func (tx *Tx) queuedRows(limit int) (batch []queued, err error) {
	s := tx.statement("SELECT " + recordColumns + ", records.row" +
		" FROM search_queue CROSS JOIN records ON records.row = search_queue.row" +
		" WHERE records.round <= ? LIMIT ?").int(tx.db.shown).int(int64(limit))
	for s.next() {
		batch = tx.scanQueued(s, batch)
	}
	return batch, s.release()
}

// newRows gives up to limit records above the mark, and moves the mark behind them. Staged ones that it passes go into
// the queue.
func (tx *Tx) newRows(limit int) (batch []queued, err error) {
	var staged []int64
	mark := tx.db.indexed
	s := tx.statement("SELECT " + recordColumns + ", records.row, records.round > ? FROM records WHERE row > ? ORDER BY row").
		int(tx.db.shown).int(mark)
	for len(batch) < limit && s.next() {
		mark = s.columnInt(12)
		if s.columnBool(13) {
			staged = append(staged, mark)
			continue
		}
		batch = tx.scanQueued(s, batch)
	}
	if err := s.release(); err != nil || mark == tx.db.indexed {
		return nil, err
	}
	if err := tx.write("UPDATE search_mark SET row = ?").int(mark).run(); err != nil {
		return nil, err
	}
	tx.db.indexed = mark
	for _, row := range staged {
		if err := tx.queueRow(row); err != nil {
			return nil, err
		}
	}
	return batch, nil
}

func (tx *Tx) scanQueued(s *statement, batch []queued) []queued {
	r, err := tx.scanRecord(s)
	if err != nil {
		s.err = err
		return batch
	}
	return append(batch, queued{row: s.columnInt(12), record: r})
}

func (tx *Tx) index(q queued, text func(Record) (string, error)) error {
	t, err := text(q.record)
	if err != nil {
		return err
	}
	if grams := textGrams(t); grams != "" {
		err = tx.write("INSERT OR REPLACE INTO search (rowid, grams) VALUES (?, ?)").int(q.row).text(grams).run()
	} else {
		err = tx.write("DELETE FROM search WHERE rowid = ?").int(q.row).run()
	}
	if err != nil {
		return err
	}
	return tx.write("DELETE FROM search_queue WHERE row = ?").int(q.row).run()
}

// Search gives the indexed records whose text contains query, the newest first. Every hit of the index is checked
// against the text that the callback gives. Queued records are found by their old text or not at all: call IndexQueued
// first. It gives ErrQueryShort for a query that the index cannot answer in full.
func (tx *Tx) Search(query string, text func(Record) (string, error)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		expression, ok := matchExpression(query)
		if !ok {
			yield(Record{}, ErrQueryShort)
			return
		}
		for r, err := range tx.candidates(expression) {
			var t string
			if err == nil {
				t, err = text(r)
			}
			if err == nil && !Contains(t, query) {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// candidates gives the records that have the grams of an expression.
func (tx *Tx) candidates(expression string) iter.Seq2[Record, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + recordColumns + " FROM search CROSS JOIN records ON records.row = search.rowid" +
			" WHERE search MATCH ? AND records.round <= ? ORDER BY +id DESC").text(expression).int(tx.db.shown)
	}, tx.scanRecord)
}
