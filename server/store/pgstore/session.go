package pgstore

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store"
	"onedoor/syncengine"

	"github.com/jackc/pgx/v5"
)

const (
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
	commitTx   = "COMMIT"
	rollbackTx = "ROLLBACK"

	selectHead = "SELECT epoch, seq, tag, committed, place FROM onedoor_heads WHERE realm = $1"
	// lockHead is the realm's one writer: every other waits here, in this process and in others, and sees what was
	// committed before it.
	lockHead = selectHead + " FOR UPDATE"

	// setDurable makes a commit wait for the disk, and for the synchronous standby where there is one, even where the
	// database was set up otherwise; a stronger setting stays. Engines without the setting always wait.
	setDurable = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')"
	// setIdle frees the lock of a process that stopped in the middle of a transaction, as on a machine that was frozen.
	setIdle = "SET idle_in_transaction_session_timeout = 600000"
	// setGeneric has a statement planned once a connection and not for each of its arguments: all find their rows by the whole
	// key or by its beginning, whatever they are asked for, and what an engine believes of a realm that is young is wrong.
	// setIndexed keeps a plan from reading a whole table, as it may where the table was small when the plan was made.
	setGeneric = "SET plan_cache_mode = force_generic_plan"
	// A table that has no index for a statement is read all the same, at a price that would have an engine compile the statement
	// first, for a fifth of a second: setPlain has it not.
	setIndexed = "SET enable_seqscan = off"
	setPlain   = "SET jit = off"
	// askPlace names the cluster and its timeline, which grows when a replica is promoted.
	askPlace = "SELECT system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()"
)

// session is one connection. It belongs to one goroutine at a time.
type session struct {
	conn *pgx.Conn
	// place is where it leads; empty where the engine does not tell.
	place string
	// fresh is set until its first transaction has begun.
	fresh bool
	// leaving tells that the answer to a ROLLBACK is still on the line.
	leaving bool
	// alone tells that the engine has given up waiting for its synchronous standby with a commit.
	alone bool
}

// connect opens a connection.
func (t *target) connect(ctx context.Context) (*session, error) {
	dialing, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	s := &session{fresh: true}
	config := t.config.Copy()
	config.OnNotice = s.notice
	var err error
	if s.conn, err = pgx.ConnectConfig(dialing, config); err != nil {
		return nil, ended(ctx, err)
	}
	for _, set := range []string{setDurable, setIdle, setGeneric, setIndexed, setPlain} {
		if err := s.optional(dialing, set); err != nil {
			s.close()
			return nil, ended(ctx, err)
		}
	}
	if err := s.optional(dialing, askPlace, &s.place); err != nil {
		s.close()
		return nil, ended(ctx, err)
	}
	return s, nil
}

// optional runs a statement that not every engine and not every user may run.
func (s *session) optional(ctx context.Context, query string, into ...any) error {
	var err error
	if len(into) == 0 {
		_, err = s.conn.Exec(ctx, query)
	} else {
		err = s.conn.QueryRow(ctx, query).Scan(into...)
	}
	if told(err) || errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// stored is a head with what the store keeps beside it.
type stored struct {
	store.Head
	place string
	// ahead is what was read with it.
	ahead answers
}

// begin begins a transaction, reads the head and whatever is asked besides, in one trip; the head fixes the snapshot, or
// takes the lock.
func (s *session) begin(ctx context.Context, begin, head, realm string, asked *store.Questions) (h stored, err error) {
	var b pgx.Batch
	b.Queue(begin)
	b.Queue(head, realm)
	var questions []question
	if asked != nil {
		questions = h.ahead.questions(realm, asked)
	}
	for _, q := range questions {
		b.Queue(q.query, q.args...)
	}
	results := s.conn.SendBatch(ctx, &b)
	defer func() {
		if e := results.Close(); err == nil {
			err = e
		}
		if err == nil {
			s.fresh = false
		}
	}()
	if _, err := results.Exec(); err != nil {
		return h, err
	}
	var epoch, seq, committed int64
	var tag []byte
	switch err := results.QueryRow().Scan(&epoch, &seq, &tag, &committed, &h.place); {
	case errors.Is(err, pgx.ErrNoRows):
		return h, errAbsent
	case err != nil:
		return h, err
	}
	if copy(h.Tag[:], tag) != len(h.Tag) {
		return h, fmt.Errorf("%w: the head's tag has %d bytes", store.ErrDamaged, len(tag))
	}
	h.Epoch, h.Seq, h.Committed = syncengine.Epoch(epoch), syncengine.Seq(seq), syncengine.UnixMilli(committed)
	for _, q := range questions {
		if err := q.read(results); err != nil {
			return h, err
		}
	}
	return h, nil
}

// ask reads the answers to questions, in one trip.
func (s *session) ask(questions []question) (err error) {
	var b pgx.Batch
	for _, q := range questions {
		b.Queue(q.query, q.args...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	results := s.conn.SendBatch(ctx, &b)
	defer func() {
		if e := results.Close(); err == nil {
			err = e
		}
	}()
	for _, q := range questions {
		if err := q.read(results); err != nil {
			return err
		}
	}
	return nil
}

// exec runs one statement within its patience and gives how many rows it touched.
func (s *session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tag, err := s.conn.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

// idle ends whatever transaction is open and reports whether the connection is fit for another one.
func (s *session) idle() bool {
	if s.conn.IsClosed() || s.leaving {
		return !s.conn.IsClosed()
	}
	if s.conn.PgConn().TxStatus() == statusIdle {
		return true
	}
	_, err := s.exec(context.Background(), rollbackTx)
	return err == nil && !s.conn.IsClosed() && s.conn.PgConn().TxStatus() == statusIdle
}

// close gives the connection up.
func (s *session) close() {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
	defer cancel()
	_ = s.conn.Close(ctx) // It is gone either way.
}
