package pgstore

import (
	"context"
	"fmt"
	"time"

	"onedoor/server/store"

	"github.com/jackc/pgx/v5"
)

// Rows go to the engine as one array a column, so that a statement's text does not depend on how many there are.
const (
	insertEntries = "INSERT INTO onedoor_log (realm, " + entryColumns + ") SELECT $1::text, u.* FROM unnest(" +
		"$2::bigint[], $3::smallint[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]," +
		" $11::boolean[], $12::smallint[], $13::smallint[], $14::bytea[], $15::bytea[], $16::bytea[]) AS u"
	upsertRecords = "INSERT INTO onedoor_records (realm, id, kind, seq, body) SELECT $1::text, u.* FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[]) AS u" +
		" ON CONFLICT (realm, id) DO UPDATE SET kind = excluded.kind, seq = excluded.seq, body = excluded.body"
	upsertScope = "INSERT INTO onedoor_scope (realm, key, seq, record_id, type, entered) SELECT $1::text, u.* FROM unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::smallint[], $6::bigint[]) AS u" +
		" ON CONFLICT (realm, key, seq, record_id) DO UPDATE SET type = excluded.type, entered = excluded.entered"
	deleteScope = "DELETE FROM onedoor_scope WHERE realm = $1 AND (key, seq, record_id) IN" +
		" (SELECT u.a, u.b, u.c FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS u (a, b, c))"
	upsertDocuments = "INSERT INTO onedoor_documents (realm, bucket, key, value) SELECT $1::text, u.* FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS u" +
		" ON CONFLICT (realm, bucket, key) DO UPDATE SET value = excluded.value"
	deleteDocuments = "DELETE FROM onedoor_documents WHERE realm = $1 AND (bucket, key) IN" +
		" (SELECT u.a, u.b FROM unnest($2::bytea[], $3::bytea[]) AS u (a, b))"

	updateHead   = "UPDATE onedoor_heads SET epoch = $2, seq = $3, tag = $4, committed = $5, place = $6 WHERE realm = $1"
	upsertWriter = "INSERT INTO onedoor_writers (realm, writer, tx, at) VALUES ($1, $2, $3, $4)" +
		" ON CONFLICT (realm, writer) DO UPDATE SET tx = excluded.tx, at = excluded.at"
)

// queue puts the statements that write what is pending into a batch.
func (p *pending) queue(b *pgx.Batch, realm string) {
	if len(p.entries) > 0 {
		b.Queue(insertEntries, entryArrays(realm, p.entries)...)
	}
	if len(p.records) > 0 {
		b.Queue(upsertRecords, recordArrays(realm, p.sortedRecords())...)
	}
	put, gone := p.sortedScope()
	if len(gone) > 0 {
		b.Queue(deleteScope, scopeArrays(realm, gone)[:4]...)
	}
	if len(put) > 0 {
		b.Queue(upsertScope, scopeArrays(realm, put)...)
	}
	kept, dropped := p.sortedDocuments()
	if len(dropped) > 0 {
		b.Queue(deleteDocuments, p.documentArrays(realm, dropped)[:3]...)
	}
	if len(kept) > 0 {
		b.Queue(upsertDocuments, p.documentArrays(realm, kept)...)
	}
}

func entryArrays(realm string, entries []store.Entry) []any {
	n := len(entries)
	seq, deviceSeq, kind := make([]int64, n), make([]int64, n), make([]int64, n)
	prev, ref, stamp := make([]int64, n), make([]int64, n), make([]int64, n)
	types, reason, rank := make([]int16, n), make([]int16, n), make([]int16, n)
	incarnation, record := make([][]byte, n), make([][]byte, n)
	salt, body, extra := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	suspect := make([]bool, n)
	for i := range entries {
		e := &entries[i]
		seq[i], deviceSeq[i], kind[i] = int64(e.Seq), int64(e.DeviceSeq), int64(e.Kind)
		prev[i], ref[i], stamp[i] = int64(e.Prev), int64(e.Ref), int64(e.Stamp)
		types[i], reason[i], rank[i] = int16(e.Type), int16(e.Reason), int16(e.Rank)
		incarnation[i], record[i] = e.Incarnation[:], e.RecordID[:]
		salt[i], body[i], extra[i] = given(e.Salt), given(e.Body), given(e.Extra)
		suspect[i] = e.Suspect
	}
	return []any{realm, seq, types, incarnation, deviceSeq, record, kind, prev, ref, stamp, suspect, reason, rank, salt, body, extra}
}

func recordArrays(realm string, recs []store.Record) []any {
	n := len(recs)
	id, body := make([][]byte, n), make([][]byte, n)
	kind, seq := make([]int64, n), make([]int64, n)
	for i := range recs {
		id[i], kind[i], seq[i], body[i] = recs[i].ID[:], int64(recs[i].Kind), int64(recs[i].Seq), given(recs[i].Body)
	}
	return []any{realm, id, kind, seq, body}
}

// scopeArrays gives the columns of the key first.
func scopeArrays(realm string, rows []store.ScopeRow) []any {
	n := len(rows)
	key, record := make([][]byte, n), make([][]byte, n)
	seq, entered := make([]int64, n), make([]int64, n)
	types := make([]int16, n)
	for i := range rows {
		key[i], seq[i], record[i] = []byte(rows[i].Key), int64(rows[i].Seq), rows[i].RecordID[:]
		types[i], entered[i] = int16(rows[i].Type), int64(rows[i].Entered)
	}
	return []any{realm, key, seq, record, types, entered}
}

func (p *pending) documentArrays(realm string, keys []documentKey) []any {
	n := len(keys)
	bucket, key, value := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, k := range keys {
		bucket[i], key[i], value[i] = []byte(k.bucket), []byte(k.key), given(p.documents[k].value)
	}
	return []any{realm, bucket, key, value}
}

// send writes what is pending, in one trip.
func (w *writer) send() error {
	if w.failed != nil {
		return w.failed
	}
	if w.pending.empty() {
		return nil
	}
	var b pgx.Batch
	w.pending.queue(&b, w.store.realm)
	w.pending, w.sent = pending{}, true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.fault("write", w.s.conn.SendBatch(ctx, &b).Close())
}

// finish writes what is pending and what tells of the commit, and commits, in one trip. sent is false where nothing can
// have been committed. The engine passes over all that stands behind a statement that failed, the commit too.
func (w *writer) finish(tx int64) (sent bool, err error) {
	var b pgx.Batch
	w.pending.queue(&b, w.store.realm)
	if h := w.head; h != w.stored.Head || w.s.place != w.stored.place {
		b.Queue(updateHead, w.store.realm, int64(h.Epoch), int64(h.Seq), h.Tag[:], int64(h.Committed), w.s.place)
	}
	return w.store.sendCommit(w.s, &b, tx)
}

// sendCommit adds this process's own row and the commit to what is to be sent, and sends it; sent is as in finish.
func (s *Store) sendCommit(sess *session, b *pgx.Batch, tx int64) (sent bool, err error) {
	b.Queue(upsertWriter, s.realm, s.id[:], tx, time.Now().UnixMilli())
	b.Queue(commitTx)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sess.alone = false
	results := sess.conn.SendBatch(ctx, b)
	for range b.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // It gives the same error again.
			return true, err
		}
	}
	tag, err := results.Exec()
	if e := results.Close(); err == nil {
		err = e
	}
	switch {
	case err == nil && tag.String() != commitTx:
		return false, fmt.Errorf("the engine answered a commit with %s", tag)
	case err == nil && sess.alone:
		return true, errAlone
	}
	return true, err
}
