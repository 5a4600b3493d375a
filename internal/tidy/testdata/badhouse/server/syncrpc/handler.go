package syncrpc

import (
	"google.golang.org/grpc"

	"onedoor/server/exchange"
	"onedoor/server/store/sqlitestore/migrations" // want "a handler decodes, calls and encodes"
	engine "onedoor/syncengine"
)

var (
	_ = grpc.NewServer
	_ = exchange.New
	_ = migrations.All
	_ = engine.Merge // want "there is one write path"
)
