package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A view ends with nothing that anybody waits for: its ROLLBACK is written to the line, and the answer is read by whoever uses
// the connection next. The engine lets go of the snapshot at once, and the caller has one trip less to wait for.

// Where a connection stands, as the protocol tells it.
const (
	statusIdle, statusOpen, statusFailed = 'I', 'T', 'E'
)

// leave ends whatever transaction is open without waiting, and reports whether the connection is fit for another one.
func (s *session) leave() bool {
	switch {
	case s.conn.IsClosed():
		return false
	case s.leaving:
		return true
	}
	switch s.conn.PgConn().TxStatus() {
	case statusIdle:
		return true
	case statusOpen, statusFailed:
		line := s.conn.PgConn().Frontend()
		line.SendQuery(&pgproto3.Query{String: rollbackTx})
		s.leaving = true
		return line.Flush() == nil
	}
	return false
}

// left reads the answer that is owed, and reports whether the connection can be used.
func (s *session) left(ctx context.Context) bool {
	if s.conn.IsClosed() || !s.leaving {
		return !s.conn.IsClosed()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		answer, err := s.conn.PgConn().ReceiveMessage(ctx)
		if err != nil {
			return false
		}
		if end, ok := answer.(*pgproto3.ReadyForQuery); ok {
			s.leaving = false
			return end.TxStatus == statusIdle
		}
	}
}
