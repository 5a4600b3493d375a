package sqlitestore_test

import (
	"context"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/server/store/storetest"
)

// kept is a store on a file that can be opened again.
type kept struct {
	*sqlitestore.Store
	path string
}

func (k *kept) Reopen() (err error) {
	if err := k.Close(); err != nil {
		return err
	}
	k.Store, err = sqlitestore.Open(context.Background(), k.path, sqlitestore.Options{})
	return err
}

func TestStore_KeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t testing.TB) store.Store {
		s, path := create(t)
		return &kept{s, path}
	})
}
