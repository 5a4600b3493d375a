package exchange

import (
	"google.golang.org/grpc/status" // want "one table turns errors into statuses"

	"onedoor/internal/sim" // want "faults and false clocks stay in the simulated world"
	"onedoor/server/store"
	"onedoor/server/store/memstore" // want "every room above the stores runs on each of them"
	"onedoor/syncengine"
)

var (
	_ = status.New
	_ = sim.New
	_ = store.ErrGone
	_ = memstore.New
	_ = syncengine.Merge
)
