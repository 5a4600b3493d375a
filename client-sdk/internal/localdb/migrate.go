package localdb

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"onedoor/client-sdk/internal/cryptvfs"

	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the schema to the newest version, each migration in a transaction with its number. The first read also
// takes the lock that keeps every other connection out until Close.
func (db *DB) migrate() error {
	migrations, err := readMigrations()
	if err != nil {
		return err
	}
	stmt, _, err := db.conn.PrepareTransient("PRAGMA user_version")
	if err != nil {
		return cryptvfs.Explain(err)
	}
	version, err := sqlitex.ResultInt(stmt)
	if err != nil {
		_ = stmt.Finalize() // it repeats the error of the step
		return cryptvfs.Explain(err)
	}
	if err := stmt.Finalize(); err != nil {
		return cryptvfs.Explain(err)
	}
	if version > len(migrations) {
		return fmt.Errorf("%w (schema %d, this software knows %d)", ErrNewer, version, len(migrations))
	}
	schema := sqlitemigration.Schema{Migrations: migrations}
	return cryptvfs.Explain(sqlitemigration.Migrate(context.Background(), db.conn, schema))
}

// readMigrations gives the scripts in the order of their numbers.
func readMigrations() ([]string, error) {
	paths, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	scripts := make([]string, len(paths))
	for i, path := range paths {
		script, err := migrationFiles.ReadFile(path)
		if err != nil {
			return nil, err
		}
		scripts[i] = string(script)
	}
	return scripts, nil
}
