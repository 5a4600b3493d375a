package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"onedoor/internal/logvfs"
	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Store keeps one realm in one file. It implements store.Store.
type Store struct {
	file
	opts Options
	// held is the write lock while the store may write, logs what the writing connection stands on; nil otherwise.
	held io.Closer
	logs *logvfs.VFS

	// readers and writer hold the connections that are not in use. A nil session
	// is the right to open one. writer is nil when the store only reads.
	readers, writer chan *session

	// closed is closed by the first Close.
	closed  chan struct{}
	closing sync.Once

	// walAlarm is the length of the write-ahead log above which the writer
	// insists on a checkpoint; guarded by holding the writing session.
	walAlarm int64
	// walWait is how long it waits at most.
	walWait time.Duration
}

var _ store.Store = (*Store)(nil)

// newStore makes a store without connections.
func newStore(file file, opts Options) *Store {
	s := &Store{
		file: file, opts: opts, walAlarm: walBytesMax, walWait: walWaitMax,
		readers: make(chan *session, opts.Readers), closed: make(chan struct{}),
	}
	for range opts.Readers {
		s.readers <- nil
	}
	return s
}

// take waits for a connection until the context ends or the store is closed.
func (s *Store) take(ctx context.Context, from chan *session, open func() (*session, error)) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-s.closed:
		return nil, store.ErrClosed
	default:
	}
	select {
	case sess := <-from:
		return s.opened(sess, from, open)
	case <-s.closed:
		return nil, store.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// opened opens the connection when the slot held none.
func (s *Store) opened(sess *session, from chan *session, open func() (*session, error)) (*session, error) {
	if sess != nil {
		return sess, nil
	}
	sess, err := open()
	if err != nil {
		from <- nil
	}
	return sess, err
}

// give ends what is left of a transaction and returns the connection.
func give(sess *session, to chan *session) {
	if !sess.abandon() {
		_ = sess.conn.Close() // It cannot be used, so its slot opens another.
		sess = nil
	}
	to <- sess
}

// View runs f on a snapshot.
func (s *Store) View(ctx context.Context, f func(store.Reader) error) error {
	sess, err := s.take(ctx, s.readers, s.openReader)
	if err != nil {
		return err
	}
	defer give(sess, s.readers)
	r := &reader{ctx: ctx, store: s, s: sess, trail: &trail{}}
	defer r.end()
	if err := r.begin(); err != nil {
		return err
	}
	return f(r)
}

// begin opens the transaction and reads the head.
func (r *reader) begin() error {
	if err := do(r.s.begin); err != nil {
		return r.fault("begin", err)
	}
	return r.readHead()
}

// end leaves the session to the next transaction.
func (r *reader) end() {
	_ = r.leaveTrail() // It can only tell of a fault that the step before has told of.
	r.s = nil
}

// Update runs f in the write transaction.
func (s *Store) Update(ctx context.Context, f func(store.Writer) error) error {
	if s.writer == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrReadOnly, s.path)
	}
	sess, err := s.take(ctx, s.writer, s.openWriter)
	if err != nil {
		return err
	}
	defer give(sess, s.writer)
	w := &writer{reader: reader{ctx: ctx, store: s, s: sess}}
	defer func() { w.s = nil }()
	if err := w.begin(); err != nil {
		return err
	}
	if err := f(w); err != nil {
		return err
	}
	if w.broken != nil {
		return w.broken
	}
	if err := do(sess.commit); err != nil {
		return s.explain("commit", err)
	}
	s.boundWAL(sess)
	return nil
}

// problemsMax bounds what Check reports; a file with more is beyond repair by hand.
const problemsMax = 100

// Check runs SQLite's own check of the whole file and gives what it finds.
func (s *Store) Check(ctx context.Context) (problems []string, err error) {
	sess, err := s.take(ctx, s.readers, s.openReader)
	if err != nil {
		return nil, err
	}
	defer give(sess, s.readers)
	defer sess.conn.SetInterrupt(nil)
	sess.conn.SetInterrupt(ctx.Done())
	query := fmt.Sprintf("PRAGMA integrity_check(%d)", problemsMax)
	err = sqlitex.ExecuteTransient(sess.conn, query, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			for line := range strings.Lines(stmt.ColumnText(0)) {
				if line = strings.TrimSpace(line); line != "ok" && !strings.HasPrefix(line, "***") {
					problems = append(problems, line) // Stars head a list for one database; there is one.
				}
			}
			return nil
		},
	})
	return s.verdict(ctx, problems, err)
}

// verdict completes what the check found.
func (s *Store) verdict(ctx context.Context, problems []string, err error) ([]string, error) {
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		err = s.explain("check", err)
	}
	if errors.Is(err, store.ErrDamaged) { // Damage that stops the check is its finding, not its failure.
		problems, err = append(problems, err.Error()), nil
	}
	if len(problems) >= problemsMax {
		problems = append(problems, fmt.Sprintf("the check stopped at %d problems; there may be more", problemsMax))
	}
	return problems, err
}

// Close waits for running transactions and closes the file. Transactions that
// wait for a connection, and later ones, get store.ErrClosed. A function that a
// transaction runs must not call it.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		close(s.closed)
		for range s.opts.Readers {
			err = errors.Join(err, closeSession(<-s.readers))
		}
		if s.writer == nil {
			return
		}
		// The last connection to close empties the write-ahead log into the file.
		err = errors.Join(err, closeSession(<-s.writer), s.logs.Close(), s.held.Close())
	})
	return err
}

func closeSession(sess *session) error {
	if sess == nil {
		return nil
	}
	return sess.conn.Close()
}
