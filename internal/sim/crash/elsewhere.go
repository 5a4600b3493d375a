package crash

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	mathrand "math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"onedoor/internal/sim/child"
	"onedoor/server"
	"onedoor/server/store/pgstore"
)

// A realm in a database has no file that could be copied, cut or filled; what happens to the database is for who owns it.

// elsewhere reports that the realm lies in a database.
func (r *run) elsewhere() bool { return r.served.Store != "" }

// served says what servers serve: the realm in a folder, or one in a database under a name that no other run has.
func served(o Options) server.Config {
	c := server.Config{Dir: filepath.Join(o.Dir, "realm")}
	if o.Store != "" {
		var b [6]byte
		_, _ = rand.Read(b[:]) // It never fails.
		c.Store = withRealm(o.Store, "crash-"+hex.EncodeToString(b[:]))
	}
	return c
}

// withRealm names a realm in a database's URL.
func withRealm(store, realm string) string {
	base, query, _ := strings.Cut(store, "?")
	if query != "" {
		query += "&"
	}
	return base + "?" + query + pgstore.RealmParameter + "=" + url.QueryEscape(realm)
}

// removeRealm removes the realm from its database.
func (r *run) removeRealm() error {
	if !r.elsewhere() {
		return nil
	}
	return pgstore.Drop(context.WithoutCancel(r.ctx), pgstore.Options{URL: r.served.Store})
}

// keepState keeps what a cycle may put back: there is nothing to be kept of a database.
func (r *run) keepState(n int) error {
	if r.elsewhere() {
		return nil
	}
	return errors.Join(r.copyAside(), r.backUp(draws(r.o.Seed, n, "backup", 0)))
}

// opensOneOf is how seldom a server of a database dies while it opens, which takes it more than a hundred questions: if it were
// counted from there, hardly one would live to serve anybody.
const opensOneOf = 5

// serverArms draws where a life of a server ends. On a database what it writes are its questions, and a commit has a few.
func (r *run) serverArms(random *mathrand.Rand) (opening, serving Arm) {
	switch {
	case !r.elsewhere():
		return newArm(random, 200, 16), Arm{}
	case random.IntN(opensOneOf) == 0:
		return newArm(random, 120, 80), Arm{}
	}
	return Arm{}, newArm(random, 60, 40)
}

// outagesMany is how often the database goes away in a storm that is about it.
const outagesMany = 2

// stormWithOutages lets the storm of a cycle pass, and takes the database away meanwhile where the cycle is about that.
func (r *run) stormWithOutages(n int, c *Cycle) error {
	var over atomic.Bool
	var both errgroup.Group
	if c.Kind == Outage {
		both.Go(func() error { return r.outages(draws(r.o.Seed, n, "outage", 0), c, &over) })
	}
	both.Go(func() error {
		defer over.Store(true)
		return r.storm(n, c.Kind, 0, roundsMany)
	})
	return both.Wait()
}

// outages takes the database away a few times, until the storm is over.
func (r *run) outages(random *mathrand.Rand, c *Cycle, over *atomic.Bool) error {
	for range outagesMany {
		if err := child.Wait(r.ctx, time.Duration(random.Int64N(int64(stormTypical)))); err != nil {
			return err
		}
		if over.Load() && c.Outages > 0 {
			return nil
		}
		if err := r.o.Outage(); err != nil {
			return err
		}
		c.Outages++
		r.trace("the database was away")
	}
	return nil
}
