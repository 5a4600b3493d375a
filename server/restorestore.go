package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/tenure"
)

// A backup is restored into a database as it is into a folder: made and checked in the folder's stage, in a new epoch, and
// then brought there in one transaction. The folder gets the keys. A realm of that name is copied into a file first and
// replaced in that same transaction, where somebody says so; it is never deleted before there is a copy of it.

// ErrServed: a server has the realm open.
var ErrServed = tenure.ErrServed

// checkKeyFolder refuses a folder that holds a realm itself.
func (r *restoring) checkKeyFolder() error {
	if _, err := os.Lstat(r.config.path(DatabaseFile)); err == nil {
		return fmt.Errorf("%s has a %s: %w: choose another folder for the keys, or leave --store out", r.config.Dir, DatabaseFile, ErrHoldsRealm)
	}
	return nil
}

// face looks at the realm and the keys that the backup would take the place of.
func (r *restoring) face(ctx context.Context) error {
	realm, _, ok := r.staged(ctx)
	if !ok {
		return fmt.Errorf("%w: it holds no realm", ErrNoBackup)
	}
	o := r.config.database().Named(fmt.Sprintf("%06d", realm.Code))
	var err error
	if r.config.Store, err = o.Address(); err != nil {
		return err
	}
	there, err := r.config.inDatabase(ctx, "")
	switch {
	case err != nil:
		return err
	case there != nil && r.o.Replace == 0:
		return fmt.Errorf("the database: %w: name it with --replace CODE, or another name for the new one with ?%s= in the URL", ErrHoldsRealm, pgstore.RealmParameter)
	case there != nil:
		return r.faceStanding(ctx)
	}
	return r.checkKeys(realm)
}

// checkKeys refuses a folder with the keys of another realm, unless they may be moved aside.
func (r *restoring) checkKeys(realm identity.Realm) error {
	if _, err := os.Lstat(r.config.path(SecretsFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	secrets, err := identity.LoadSecrets(r.config.Dir)
	if r.o.Replace != 0 || err == nil && secrets.Fingerprint() == realm.Secrets {
		return nil
	}
	return fmt.Errorf("%s has keys that are not the backup's: %w: choose another folder for the keys", r.config.Dir, ErrHoldsRealm)
}

// faceStanding reads the realm that stands in the database, once it is sure that nobody serves it.
func (r *restoring) faceStanding(ctx context.Context) error {
	st, err := pgstore.Open(ctx, r.config.database())
	if err != nil {
		return err
	}
	roll, err := r.config.unserved(ctx, st)
	if err == nil {
		r.old, err = readOldIn(ctx, st, "the database", r.o.Replace)
	}
	if err == nil {
		r.may, err = untouched(ctx, st, roll)
	}
	return errors.Join(err, st.Close())
}

// untouched gives what is asked of the realm that stands in the database in the moment in which it is replaced: that no server has
// come since the roll was called, and that nothing was written that its copy may lack.
func untouched(ctx context.Context, st store.Store, roll *tenure.Roll) (may func(store.Reader) error, err error) {
	var seen exchange.Seen
	err = st.View(ctx, func(r store.Reader) (err error) {
		seen, err = exchange.SeenIn(r)
		return err
	})
	return func(r store.Reader) error {
		err := roll.Stands(r)
		same, failed := seen.Same(r)
		if err = errors.Join(err, failed); err == nil && !same {
			err = ErrServed
		}
		if errors.Is(err, ErrServed) {
			err = fmt.Errorf("%w: it was started while the backup was checked and copied: nothing was changed: stop it and run this again", err)
		}
		return err
	}, err
}

// copyAside puts a copy of the realm that stands in the database, and the keys in the folder, into a folder of their own.
func (r *restoring) copyAside(ctx context.Context) error {
	_, err := os.Lstat(r.config.path(SecretsFile))
	if r.old == nil && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := r.makeAside(); err != nil {
		return fmt.Errorf("put the old realm aside: %w", err)
	}
	if r.old != nil {
		if err := r.config.copyTo(ctx, filepath.Join(r.result.Replaced, DatabaseFile), r.o.Progress.renamed("copying the old realm")); err != nil {
			err = fmt.Errorf("copy the realm that stands in the database: %w: nothing was changed; one that cannot be copied stays where it is: give the new one another name with ?%s= in the URL",
				err, pgstore.RealmParameter)
			return errors.Join(err, os.RemoveAll(r.result.Replaced))
		}
	}
	for _, name := range asideKeys {
		err := os.Rename(r.config.path(name), filepath.Join(r.result.Replaced, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("put the old realm's keys aside: %w", err), r.takeBack())
		}
	}
	return syncFolder(r.config.Dir)
}

// asideKeys are the files of a realm in a database that lie in its folder.
var asideKeys = []string{SecretsFile, TokenFile, BackupsFile, CountFile}

// takeBack undoes copyAside.
func (r *restoring) takeBack() (err error) {
	if r.result.Replaced == "" {
		return nil
	}
	for _, name := range asideKeys {
		if e := os.Rename(filepath.Join(r.result.Replaced, name), r.config.path(name)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return err // What is left there may be all that there is of the keys.
	}
	return os.RemoveAll(r.result.Replaced)
}

// renamed tells every piece of work under one name.
func (p Progress) renamed(what string) Progress {
	if p == nil {
		return nil
	}
	return func(_ string, done, total int64) { p(what, done, total) }
}

// unserved makes sure that no server has the realm in a database open.
func (c Config) unserved(ctx context.Context, st store.Store) (*tenure.Roll, error) {
	pause := c.pause
	if pause == nil {
		pause = wait
	}
	roll, err := tenure.CallRoll(ctx, postsIn{st}, pause)
	if errors.Is(err, tenure.ErrServed) {
		return nil, fmt.Errorf("%w: stop every server of it first", err)
	}
	return roll, err
}

// postsIn keeps posts in a store that no service is open over.
type postsIn struct{ store.Store }

// Put runs f in a transaction.
func (p postsIn) Put(ctx context.Context, f func(store.Writer) error) error { return p.Update(ctx, f) }
