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

// migration makes the next schema.
type migration struct {
	script string
	// oldest is the oldest schema that software must know to serve a database in which the script has run: that which it makes, or an
	// earlier one where it only adds what software of that one can leave alone. docs/storage.md has the rules.
	oldest int64
}

// oldestServing gives for each migration, in order, the oldest schema that software must know.
var oldestServing = []int64{1}

// ownMigrations are this software's, in order; the first makes schema 1.
var ownMigrations = func() (all []migration) {
	names, _ := fs.Glob(migrations, "migrations/*.sql") // The pattern is right, so there is no error.
	for n, name := range names {
		text, _ := fs.ReadFile(migrations, name) // It was embedded.
		all = append(all, migration{string(text), oldestServing[n]})
	}
	return all
}()

// The version in force stands in a table of one row, which is locked while a migration runs.
const (
	makeVersion   = "CREATE TABLE IF NOT EXISTS onedoor_schema (one integer PRIMARY KEY CHECK (one = 1), version bigint NOT NULL, oldest bigint NOT NULL DEFAULT 0)"
	addOldest     = "ALTER TABLE onedoor_schema ADD COLUMN IF NOT EXISTS oldest bigint NOT NULL DEFAULT 0"
	beginVersion  = "INSERT INTO onedoor_schema (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING"
	selectVersion = "SELECT version FROM onedoor_schema"
	selectOldest  = "SELECT version, oldest FROM onedoor_schema"
	lockVersion   = selectVersion + " FOR UPDATE"
	// setLockWait bounds how long a migration waits for a table, and everybody else behind it: a long reader, such as a backup, is then
	// waited for by trying again.
	setLockWait   = "SET lock_timeout = '2s'"
	updateVersion = "UPDATE onedoor_schema SET version = $1, oldest = $2"
)

// madeBy is the schema of a database: its number, and the oldest schema that software must know to serve it.
type madeBy struct{ version, oldest int64 }

// version gives the schema of a database; none for one without tables. Software from before older software could serve beside it wrote
// no oldest schema down: its own is meant.
func (s *session) version(ctx context.Context) (m madeBy, err error) {
	err = s.conn.QueryRow(ctx, selectOldest).Scan(&m.version, &m.oldest)
	if codeOf(err) == codeUndefinedColumn {
		err = s.conn.QueryRow(ctx, selectVersion).Scan(&m.version)
	}
	if codeOf(err) == codeUndefinedTable || errors.Is(err, pgx.ErrNoRows) {
		return madeBy{}, nil
	}
	if m.oldest == 0 {
		m.oldest = m.version
	}
	return m, err
}

// schemaKnown is the number of the newest schema that this software knows.
func (t *target) schemaKnown() int64 { return int64(len(t.migrations)) }

// oldestOf is the oldest schema that software must know to serve one: no migration up to it may ask for a newer one.
func (t *target) oldestOf(version int64) (oldest int64) {
	for _, m := range t.migrations[:version] {
		oldest = max(oldest, m.oldest)
	}
	return oldest
}

// mayServe refuses what newer software has made, unless that says that this one may serve beside it.
func (t *target) mayServe(m madeBy) error {
	if m.oldest > t.schemaKnown() {
		return t.tooNew(m)
	}
	if m.version > t.schemaKnown() {
		t.log.Info("newer software has added to the database what this one leaves alone", "database", t.config.Database, "schema", m.version, "known", t.schemaKnown())
	}
	return nil
}

// mustKnow refuses a database of which newer software has made a part: who takes a realm's rows away or brings them there has to
// know all tables.
func (t *target) mustKnow(ctx context.Context, s *session) error {
	m, err := s.version(ctx)
	if err == nil && m.version > t.schemaKnown() {
		err = t.tooNew(m)
	}
	return err
}

func (t *target) tooNew(m madeBy) error {
	return fmt.Errorf("%w: database %s has schema %d, this software knows up to %d: install the newer software",
		store.ErrNewer, t.config.Database, m.version, t.schemaKnown())
}

// migrate brings the schema to the newest, forward only. A migration is one transaction under the version's lock, so
// several servers may start at once, and one that was cut off is run again. On an engine whose table definitions are no
// part of a transaction it may have made some of its tables, which the next run passes over.
func (t *target) migrate(ctx context.Context, s *session) error {
	m, err := s.version(ctx)
	if err != nil {
		return err
	}
	if m.version == 0 {
		for _, query := range []string{makeVersion, beginVersion} {
			// Two that make the same table at once: one of them is told so, and the table is there.
			if _, err := s.conn.Exec(ctx, query); err != nil && !madeMeanwhile(err) {
				return err
			}
		}
	}
	if m.version < t.schemaKnown() {
		if err := s.optional(ctx, setLockWait); err != nil {
			return err
		}
		// Before the row is locked: who waits for that holds the table.
		if _, err := s.conn.Exec(ctx, addOldest); err != nil {
			return err
		}
	}
	for done := m.version; done < t.schemaKnown(); {
		if done, err = t.migrateOne(ctx, s); err != nil {
			return err
		}
	}
	if m, err = s.version(ctx); err != nil {
		return err
	}
	return t.mayServe(m)
}

// migrateOne applies the next migration, if there is one still, and gives the version then in force.
func (t *target) migrateOne(ctx context.Context, s *session) (version int64, err error) {
	defer s.idle()
	if _, err := s.conn.Exec(ctx, beginWrite); err != nil {
		return 0, err
	}
	if err := s.conn.QueryRow(ctx, lockVersion).Scan(&version); err != nil {
		return 0, err
	}
	if version >= t.schemaKnown() {
		return version, nil
	}
	if _, err := s.conn.PgConn().Exec(ctx, t.migrations[version].script).ReadAll(); err != nil {
		return 0, fmt.Errorf("schema %d: %w", version+1, err)
	}
	if _, err := s.conn.Exec(ctx, updateVersion, version+1, t.oldestOf(version+1)); err != nil {
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
