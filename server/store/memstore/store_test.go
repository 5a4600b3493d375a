package memstore_test

import (
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/store/storetest"
)

func TestStore_KeepsTheContract(t *testing.T) {
	storetest.Run(t, func(testing.TB) store.Store { return memstore.New() })
}
