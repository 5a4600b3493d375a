package sqlitestore

import (
	"context"
	"time"
)

// AskWriter runs a statement on the writing connection, outside a transaction,
// and gives the first column of its row.
func (s *Store) AskWriter(query string) (string, error) {
	sess, err := s.take(context.Background(), s.writer, s.openWriter)
	if err != nil {
		return "", err
	}
	defer give(sess, s.writer)
	return ask(sess.conn, query)
}

// AskReader does the same on a reading connection.
func (s *Store) AskReader(query string) (string, error) {
	sess, err := s.take(context.Background(), s.readers, s.openReader)
	if err != nil {
		return "", err
	}
	defer give(sess, s.readers)
	return ask(sess.conn, query)
}

// WaitForReaders has the writer wait so long at most for readers, so that the write-ahead log starts over.
func (s *Store) WaitForReaders(most time.Duration) { s.walWait = most }
