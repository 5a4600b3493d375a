package localdb

import (
	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sqlitedisk"

	"zombiezen.com/go/sqlite"
)

// OpenPlain opens the same tables in a file that is not encrypted, to measure what the encryption costs.
func OpenPlain(path string) (*DB, error) {
	vfs, err := cryptvfs.Register([32]byte{}, sqlitedisk.System{})
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, disk: sqlitedisk.System{}, vfs: vfs, shelves: map[string]*shelf{}}
	return db, db.connect(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
}

// Number gives the first column of a query's first row.
func (db *DB) Number(sql string) (n int64, err error) {
	err = db.View(func(tx *Tx) error {
		n, err = tx.statement(sql).number()
		return err
	})
	return n, err
}

// Execute runs a statement outside the typed functions.
func (db *DB) Execute(sql string) error { return db.execute(sql) }
