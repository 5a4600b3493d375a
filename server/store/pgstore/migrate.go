package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"onedoor/server/store"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// scripts are the migrations in order; the first makes schema 1.
var scripts = func() (all []string) {
	names, _ := fs.Glob(migrations, "migrations/*.sql") // The pattern is right, so there is no error.
	for _, name := range names {
		text, _ := fs.ReadFile(migrations, name) // It was embedded.
		all = append(all, string(text))
	}
	return all
}()

// The version in force stands in a table of one row, which is locked while a migration runs.
const (
	makeVersion   = "CREATE TABLE IF NOT EXISTS onedoor_schema (one integer PRIMARY KEY CHECK (one = 1), version bigint NOT NULL)"
	beginVersion  = "INSERT INTO onedoor_schema (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING"
	selectVersion = "SELECT version FROM onedoor_schema"
	lockVersion   = selectVersion + " FOR UPDATE"
	updateVersion = "UPDATE onedoor_schema SET version = $1"
)

// version gives the schema's number; 0 for a database without one.
func (s *session) version(ctx context.Context) (version int64, err error) {
	err = s.conn.QueryRow(ctx, selectVersion).Scan(&version)
	if codeOf(err) == codeUndefinedTable || errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return version, err
}

// checkVersion refuses what newer software has written.
func (t *target) checkVersion(version int64) error {
	if newest := int64(len(scripts)); version > newest {
		return fmt.Errorf("%w: database %s has schema %d, this software knows up to %d: install the newer software again",
			store.ErrNewer, t.config.Database, version, newest)
	}
	return nil
}

// migrate brings the schema to the newest, forward only. A migration is one transaction under the version's lock, so
// several servers may start at once, and one that was cut off is run again. On an engine whose table definitions are no
// part of a transaction it may have made some of its tables, which the next run passes over.
func (t *target) migrate(ctx context.Context, s *session) error {
	version, err := s.version(ctx)
	if err != nil {
		return err
	}
	if version == 0 {
		for _, query := range []string{makeVersion, beginVersion} {
			// Two that make the same table at once: one of them is told so, and the table is there.
			if _, err := s.conn.Exec(ctx, query); err != nil && !madeMeanwhile(err) {
				return err
			}
		}
	}
	for version < int64(len(scripts)) {
		if version, err = s.migrateOne(ctx); err != nil {
			return err
		}
	}
	return t.checkVersion(version)
}

// migrateOne applies the next migration, if there is one still, and gives the version then in force.
func (s *session) migrateOne(ctx context.Context) (version int64, err error) {
	defer s.idle()
	if _, err := s.conn.Exec(ctx, beginWrite); err != nil {
		return 0, err
	}
	if err := s.conn.QueryRow(ctx, lockVersion).Scan(&version); err != nil {
		return 0, err
	}
	if version >= int64(len(scripts)) {
		return version, nil
	}
	if _, err := s.conn.PgConn().Exec(ctx, scripts[version]).ReadAll(); err != nil {
		return 0, fmt.Errorf("schema %d: %w", version+1, err)
	}
	if _, err := s.conn.Exec(ctx, updateVersion, version+1); err != nil {
		return 0, err
	}
	_, err = s.conn.Exec(ctx, commitTx)
	return version + 1, err
}

// madeMeanwhile reports that another server made the same table at the same moment: by whichever of its rows in the engine's
// catalogues the two met.
func madeMeanwhile(err error) bool {
	return slices.Contains([]string{codeUnique, codeDuplicateTable, codeDuplicateType}, codeOf(err))
}
