package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// What an init leaves that was ended half way: a stage that nobody holds, perhaps the keys in the folder already, perhaps, at
// its very end, the realm in its database. The next init takes that up: a realm that is whole is kept, anything less is taken
// away and made anew.

// takeUp sees to what an ended init has left. done tells that it had come to its end.
func (f *founding) takeUp(ctx context.Context) (realm identity.Realm, done bool, err error) {
	realm, epoch, made := f.staged(ctx)
	if made && f.ownKeys(realm) {
		if f.config.elsewhere() {
			if done, err = f.config.holds(ctx, realm, epoch); err != nil {
				return realm, false, err
			}
		}
		if !done {
			for _, name := range []string{TokenFile, SecretsFile} {
				if err := os.Remove(f.config.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return realm, false, unusable(f.config.Dir, err)
				}
			}
		}
	}
	return realm, done, emptyStage(f.stage.Dir)
}

// staged reads which realm was being made; ok is false where it had not got so far.
func (f *founding) staged(ctx context.Context) (realm identity.Realm, epoch syncengine.Epoch, ok bool) {
	st, err := sqlitestore.Open(ctx, f.stage.path(DatabaseFile), sqlitestore.Options{})
	if err != nil {
		return realm, 0, false
	}
	err = st.View(ctx, func(r store.Reader) (err error) {
		epoch = r.Head().Epoch
		realm, err = identity.GetRealm(r)
		return err
	})
	return realm, epoch, errors.Join(err, st.Close()) == nil
}

// ownKeys reports that the keys in the folder are those of the realm that was being made, and no database stands beside them.
func (f *founding) ownKeys(realm identity.Realm) bool {
	if _, err := os.Lstat(f.config.path(DatabaseFile)); err == nil {
		return false
	}
	secrets, err := identity.LoadSecrets(f.config.Dir)
	return err == nil && secrets.Fingerprint() == realm.Secrets
}

// holds reports that the database has this very realm, in its epoch or a later one.
func (c Config) holds(ctx context.Context, realm identity.Realm, epoch syncengine.Epoch) (bool, error) {
	there, err := c.inDatabase(ctx, fmt.Sprintf("%06d", realm.Code))
	return there != nil && there.secrets == realm.Secrets && there.epoch >= epoch, err
}

// standingRealm is what a realm in a database is told apart by.
type standingRealm struct {
	secrets identity.Fingerprint
	epoch   syncengine.Epoch
}

// inDatabase looks for a realm in the database, under the name in its URL, or the given one where that has none; nil for none.
func (c Config) inDatabase(ctx context.Context, name string) (*standingRealm, error) {
	o := c.database().Named(name)
	name, err := o.RealmName()
	if err != nil {
		return nil, err
	}
	names, err := pgstore.Realms(ctx, o)
	if err != nil || !slices.Contains(names, name) {
		return nil, err
	}
	st, err := pgstore.OpenReader(ctx, o)
	if err != nil {
		return nil, err
	}
	there := &standingRealm{}
	err = st.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		there.secrets, there.epoch = realm.Secrets, r.Head().Epoch
		return err
	})
	return there, errors.Join(err, st.Close())
}

// publish brings the staged realm into its database: there whole or not at all.
func (f *founding) publish(ctx context.Context) error {
	st, err := sqlitestore.Open(ctx, f.stage.path(DatabaseFile), sqlitestore.Options{})
	if err != nil {
		return err
	}
	err = st.View(ctx, func(r store.Reader) error {
		realm, err := identity.GetRealm(r)
		if err != nil {
			return err
		}
		all, ok := r.(store.Whole)
		if !ok {
			return errors.New("the store gives no copy of itself")
		}
		to, progress := f.config.database().Named(fmt.Sprintf("%06d", realm.Code)), f.progress.of("bringing it into the database")
		if f.may == nil {
			_, err = pgstore.Import(ctx, to, all, progress)
		} else {
			_, err = pgstore.Replace(ctx, to, all, f.may, progress)
		}
		return err
	})
	return errors.Join(err, st.Close())
}

// settled finds out whether a realm is in its database whose bringing failed: the line may have been lost in the very end.
func (f *founding) settled(ctx context.Context, failed error) error {
	switch {
	case failed == nil:
		return nil
	case errors.Is(failed, fs.ErrExist):
		return fmt.Errorf("%w: %w: name another with ?%s= in the URL, or serve that one with the keys of its own folder", identity.ErrInitialised, failed, pgstore.RealmParameter)
	}
	realm, epoch, ok := f.staged(context.WithoutCancel(ctx))
	if !ok {
		return failed
	}
	there, err := f.config.holds(context.WithoutCancel(ctx), realm, epoch)
	switch {
	case err != nil:
		f.doubt = true
		return fmt.Errorf("%w: nobody can tell whether the realm is in its database: run this again when that answers: %w", failed, err)
	case there:
		return nil
	}
	return failed
}
