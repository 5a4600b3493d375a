package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// shared is one database in which each test makes realms of its own.
var shared struct {
	once   sync.Once
	url    string
	realms atomic.Uint64
}

// fresh names a realm that nobody has made.
func fresh(t testing.TB) pgstore.Options {
	shared.once.Do(func() { shared.url = pgtest.Database(t) })
	return pgstore.Options{URL: shared.url, Realm: fmt.Sprintf("realm %d", shared.realms.Add(1))}
}

// kept is a store whose realm can be opened again.
type kept struct {
	*pgstore.Store
	options pgstore.Options
}

func (k *kept) Reopen() (err error) {
	if err := k.Close(); err != nil {
		return err
	}
	k.Store, err = pgstore.Open(context.Background(), k.options)
	return err
}

func create(t testing.TB) store.Store {
	t.Helper()
	o := fresh(t)
	s, err := pgstore.Create(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return &kept{s, o}
}

func TestStore_KeepsTheContract(t *testing.T) {
	fresh(t) // The cluster starts here, outside of the suite's bubbles.
	storetest.Run(t, create)
}
