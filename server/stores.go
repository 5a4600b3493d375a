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
	st, err := c.openFile(ctx)
	if err != nil {
		return nil, c.absent(err)
	}
	return st, nil
}

// lockSuffix follows the database's name in that of the file that its writer locks.
const lockSuffix = ".lock"

// openFile opens the realm's file for writing. The lock stays behind, so it must be the server's too.
func (c Config) openFile(ctx context.Context) (*sqlitestore.Store, error) {
	st, err := sqlitestore.Open(ctx, c.path(DatabaseFile), sqlitestore.Options{Disk: c.Disk})
	if err != nil {
		return nil, err
	}
	if err := inherit(c.path(DatabaseFile + lockSuffix)); err != nil {
		return nil, errors.Join(err, st.Close())
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
	has := func(name string) bool {
		_, e := os.Lstat(Config{Dir: dir}.path(name))
		return e == nil
	}
	switch {
	case has(DatabaseFile + MovedSuffix):
		return &keysAlone{dir + ": the realm was moved into a database by `onedoor migrate`: name it with --store"}
	case has(SecretsFile):
		return &keysAlone{fmt.Sprintf("%s holds a realm's keys and no %s: name its database with --store, or put the file back", dir, DatabaseFile)}
	}
	return fmt.Errorf("%s: %w", dir, identity.ErrNotInitialised)
}

// keysAlone tells of a folder with a realm's keys whose records lie elsewhere. It counts as identity.ErrNotInitialised, and does
// not say to run init, which would make another realm.
type keysAlone struct{ why string }

// Error says where to look.
func (k *keysAlone) Error() string { return k.why }

// Unwrap makes it an identity.ErrNotInitialised.
func (k *keysAlone) Unwrap() error { return identity.ErrNotInitialised }
