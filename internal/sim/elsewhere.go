package sim

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"onedoor/server/sealed"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
)

// The seeds that would run on a real file run in a database of the PostgreSQL family where one is named. Each run makes
// realms of its own there, its backups too, and drops them at its end. What a database server adds (lost lines, fail-overs)
// is tested beside the store: here it must show the history that the other stores show.

// runName tells the realms of this process from those of others.
var runName = func() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // It never fails.
	return hex.EncodeToString(b[:])
}()

// elsewhere reports a run whose store lies in a database server.
func (s *server) elsewhere() bool { return s.w.c.Store != "" && s.w.weather.sqlite }

// nextRealm names one more realm of this run.
func (s *server) nextRealm() pgstore.Options {
	o := pgstore.Options{URL: s.w.c.Store, Realm: fmt.Sprintf("sim-%s-%d-%d", runName, s.w.c.Seed, len(s.realms)+1)}
	s.realms = append(s.realms, o)
	return o
}

// createRealm makes the run's realm.
func (s *server) createRealm() (store.Store, error) {
	st, err := pgstore.Create(s.ctx, s.nextRealm())
	if err != nil {
		return nil, err
	}
	return s.sealed(st)
}

// copyRealm copies the realm of a store into one of its own.
func (s *server) copyRealm(from store.Store) (pgstore.Options, error) {
	o := s.nextRealm()
	return o, from.View(s.ctx, func(r store.Reader) error {
		whole, ok := r.(store.Whole)
		if !ok {
			return errors.New("the store gives no copy")
		}
		_, err := pgstore.Import(s.ctx, o, whole, nil)
		return err
	})
}

// beneath is the store below what seals it.
func (s *server) beneath() store.Store {
	if front, ok := s.store.Store.(*sealed.Store); ok {
		return front.Inner()
	}
	return s.store.Store
}

// putRealmBack opens a copy of a backup's realm.
func (s *server) putRealmBack(b *backup) (store.Store, error) {
	kept, err := pgstore.OpenReader(s.ctx, *b.realm)
	if err != nil {
		return nil, err
	}
	o, err := s.copyRealm(kept)
	if err = errors.Join(err, kept.Close()); err != nil {
		return nil, err
	}
	st, err := pgstore.Open(s.ctx, o)
	if err != nil {
		return nil, err
	}
	return s.sealed(st)
}

// dropRealms removes what the run made.
func (s *server) dropRealms() {
	for _, o := range s.realms {
		// One that was never finished is not there.
		_ = pgstore.Drop(s.ctx, o)
	}
}
