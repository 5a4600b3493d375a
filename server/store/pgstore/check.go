package pgstore

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store"
)

// The engine checks a page's checksum whenever it reads it, so reading every row and every body of the realm is the check
// of its own structures that any user may run. The keys are counted from the index, the bodies from the table.
const (
	checkLog       = "SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0), coalesce(sum(length(salt) + length(body) + length(extra)), 0) FROM onedoor_log WHERE realm = $1"
	checkRecords   = "SELECT count(*), coalesce(max(seq), 0), coalesce(sum(length(body)), 0) FROM onedoor_records WHERE realm = $1 AND seq >= 0"
	checkScope     = "SELECT count(*), coalesce(max(seq), 0), coalesce(sum(length(key)), 0) FROM onedoor_scope WHERE realm = $1"
	checkDocuments = "SELECT count(*), coalesce(sum(length(key) + length(value)), 0) FROM onedoor_documents WHERE realm = $1"
)

// Check reads all of the realm and gives what does not fit together.
func (s *Store) Check(ctx context.Context) (problems []string, err error) {
	err = s.View(ctx, func(r store.Reader) error {
		problems, err = r.(*reader).check()
		return err
	})
	return s.verdict(problems, err)
}

func (r *reader) check() (problems []string, err error) {
	var entries, first, last, bytes, rows, top int64
	if _, err := r.long("check the log", checkLog, &entries, &first, &last, &bytes); err != nil {
		return nil, err
	}
	if head := int64(r.head.Seq); entries != head || last != head || first != 1 {
		problems = append(problems, fmt.Sprintf("the log has %d entries from %d to %d, and the head stands at %d", entries, first, last, head))
	}
	if _, err := r.long("check the records", checkRecords, &rows, &top, &bytes); err != nil {
		return nil, err
	}
	if _, err := r.long("check the scope index", checkScope, &rows, &top, &bytes); err != nil {
		return nil, err
	}
	_, err = r.long("check the documents", checkDocuments, &rows, &bytes)
	return problems, err
}

// long reads the one row of a query that reads a whole table, as long as the View's context allows.
func (r *reader) long(doing, query string, into ...any) (bool, error) {
	err := r.s.conn.QueryRow(r.ctx, query, r.store.realm).Scan(into...)
	return err == nil, r.fault(doing, ended(r.ctx, err))
}

// verdict makes damage that stops the check its finding, not its failure.
func (s *Store) verdict(problems []string, err error) ([]string, error) {
	if errors.Is(err, store.ErrDamaged) {
		return append(problems, err.Error()), nil
	}
	return problems, err
}
