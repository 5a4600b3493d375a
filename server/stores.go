package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
)

// elsewhere reports that the realm lies in a database server, and its keys alone in the folder.
func (c Config) elsewhere() bool { return c.Store != "" }

// database says how the realm is reached in its database server.
func (c Config) database() pgstore.Options {
	return pgstore.Options{URL: c.Store, Log: c.Log, Dial: c.Dial, Realm: c.name, Pool: c.pool}
}

// openStore opens the realm for reading and writing.
func (c Config) openStore(ctx context.Context) (store.Store, error) {
	if err := checkFolder(c.Dir); err != nil {
		return nil, err
	}
	if c.elsewhere() {
		st, err := pgstore.Open(ctx, c.database())
		if err != nil {
			return nil, c.absent(err)
		}
		return st, nil
	}
	st, err := sqlitestore.Open(ctx, c.path(DatabaseFile), sqlitestore.Options{Disk: c.Disk})
	if err != nil {
		return nil, c.absent(err)
	}
	return st, nil
}

// openStoreReader opens the realm for reading, on a stopped or a running server.
func (c Config) openStoreReader(ctx context.Context) (store.Store, error) {
	if c.elsewhere() {
		st, err := pgstore.OpenReader(ctx, c.database())
		if err != nil {
			return nil, c.absent(err)
		}
		return st, nil
	}
	st, err := sqlitestore.OpenReader(ctx, c.path(DatabaseFile))
	if err != nil {
		return nil, c.absent(err)
	}
	return st, nil
}

// absent says of a realm that is not where it was looked for what to do about it.
func (c Config) absent(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c.elsewhere() {
		return fmt.Errorf("%w: %w: make it with `onedoor init --store`, or bring it there with `onedoor migrate`", identity.ErrNotInitialised, err)
	}
	return absent(c.Dir, err)
}

// absent says of a database that is not in its folder what to do about it. Keys without one are those of a realm in a
// database server.
func absent(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, e := os.Stat(Config{Dir: dir}.path(SecretsFile)); e == nil {
		return fmt.Errorf("%s holds a realm's keys and no %s: %w: name its database with --store, or put the file back", dir, DatabaseFile, identity.ErrNotInitialised)
	}
	return fmt.Errorf("%s: %w", dir, identity.ErrNotInitialised)
}
