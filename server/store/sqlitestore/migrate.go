package sqlitestore

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// applicationID marks the file as a onedoor realm: "oned" in the header.
const applicationID = 0x6f6e6564

//go:embed migrations/*.sql
var migrations embed.FS

// schemaNewest is the number of the last migration.
var schemaNewest = func() int {
	names, _ := fs.Glob(migrations, "migrations/*.sql") // The pattern is right, so there is no error.
	return len(names)
}()

// schemaVersion checks whose file it is and gives its schema's number.
func schemaVersion(conn *sqlite.Conn, f file) (int, error) {
	id, err := askInt(conn, "PRAGMA application_id")
	if err != nil {
		return 0, f.explain("read the header", err)
	}
	if id != applicationID {
		return 0, fmt.Errorf("%w: %s is empty or of another program: check the path; %s", store.ErrDamaged, f.path, restoreAdvice)
	}
	stored, err := askInt(conn, "PRAGMA user_version")
	if err != nil {
		return 0, f.explain("read the header", err)
	}
	version := int(stored)
	if version < 1 {
		return 0, fmt.Errorf("%w: %s has schema %d: %s", store.ErrDamaged, f.path, version, restoreAdvice)
	}
	if version > schemaNewest {
		return 0, fmt.Errorf("%w: %s has schema %d, this software knows up to %d: install the newer software again",
			store.ErrNewer, f.path, version, schemaNewest)
	}
	return version, nil
}

// probeWrite changes nothing, and fails where nothing can be written: on such a
// file SQLite begins even an immediate transaction without an error.
const probeWrite = "UPDATE head SET one = one WHERE one = 0"

// migrate brings the schema from a version to the newest, in one transaction,
// and notices a file that cannot be written.
func migrate(conn *sqlite.Conn, from int) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	entries, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range entries[from:] {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if err := sqlitex.ExecuteScript(conn, string(script), nil); err != nil {
			return fmt.Errorf("%s: %w", path.Base(name), err)
		}
	}
	if from == schemaNewest {
		return run(conn, probeWrite)
	}
	return run(conn, fmt.Sprintf("PRAGMA user_version = %d", schemaNewest))
}
