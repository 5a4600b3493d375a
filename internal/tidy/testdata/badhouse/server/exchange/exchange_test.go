package exchange_test

import (
	"os"
	"testing"

	"onedoor/internal/sim"
	"onedoor/server/store/memstore"
	"onedoor/server/store/storetest"
)

func TestExchange_MayUseAWholeWorld(t *testing.T) {
	storetest.Run(t, memstore.New(), sim.New(os.Getenv("SEED")))
	t.Run("but not pass over it", func(t *testing.T) {
		t.SkipNow() // want "a skipped test passes without testing"
	})
	cases := generator{}
	cases.Skip()
}

func help(tb testing.TB) {
	tb.Skipf("no network") // want "a skipped test passes without testing"
}

type generator struct{}

func (generator) Skip() {}
