package memstore

import (
	"onedoor/server/exchange"          // want "a store keeps what it is given"
	"onedoor/server/store/sqlitestore" // want "the plan does not let server/store/memstore"

	"google.golang.org/protobuf/proto"
)

var (
	_ = exchange.New
	_ = sqlitestore.Open
	_ = proto.Merge
)

// Reduce gets its engine from elsewhere and need not import it.
func Reduce(engine interface{ Merge() }) {
	engine.Merge() // want "there is one write path"
}
