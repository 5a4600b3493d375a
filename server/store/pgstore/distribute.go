package pgstore

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoCitus: the database cannot distribute tables.
var ErrNoCitus = errors.New("the database has no Citus: CREATE EXTENSION citus as its superuser first; engines that shard by themselves, such as YugabyteDB and CockroachDB, need nothing")

const (
	findCitus       = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
	findDistributed = "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = $1::regclass"
	distributeFirst = "SELECT create_distributed_table($1::regclass, 'realm')"
	distributeNext  = "SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads')"
)

// runner runs statements. It is a session, or a test's record of them.
type runner interface {
	// count gives the one number of a query.
	count(ctx context.Context, query string, args ...any) (int64, error)
	// do runs a statement.
	do(ctx context.Context, query string, args ...any) error
}

func (s *session) count(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.conn.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}

func (s *session) do(ctx context.Context, query string, args ...any) error {
	_, err := s.conn.Exec(ctx, query, args...)
	return err
}

// Distribute spreads the tables over the nodes of Citus, by realm, and gives those that were not spread before. All rows
// of a realm stay on one node, so that no transaction needs two. It may be run again where it was cut off. The table with
// the schema's number has one row and stays on the coordinator. It gives ErrNoCitus where the extension is not there.
func Distribute(ctx context.Context, o Options) (spread []string, err error) {
	t, err := o.parse(true)
	if err != nil {
		return nil, err
	}
	s := newStore(t, true)
	sess, err := t.connect(ctx)
	if err != nil {
		return nil, s.explain("distribute the tables", err)
	}
	defer sess.close()
	if err := t.migrate(ctx, sess); err != nil {
		return nil, s.explain("distribute the tables", err)
	}
	spread, err = distribute(ctx, sess)
	if errors.Is(err, ErrNoCitus) {
		return nil, fmt.Errorf("database %s: %w", t.config.Database, err)
	}
	return spread, s.explain("distribute the tables", err)
}

func distribute(ctx context.Context, db runner) (spread []string, err error) {
	switch n, err := db.count(ctx, findCitus); {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, ErrNoCitus
	}
	for n, table := range tables {
		done, err := db.count(ctx, findDistributed, table)
		if err != nil {
			return spread, err
		}
		if done > 0 {
			continue
		}
		query := distributeNext
		if n == 0 {
			query = distributeFirst
		}
		if err := db.do(ctx, query, table); err != nil {
			return spread, err
		}
		spread = append(spread, table)
	}
	return spread, nil
}
