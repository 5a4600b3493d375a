package client

import (
	"time"

	"google.golang.org/grpc"

	"onedoor/client-sdk/internal/syncloop"
	"onedoor/server/store" // want "the phone works without a server"
	"onedoor/syncengine"
)

var (
	_ = grpc.NewClient
	_ = syncloop.Step
	_ = store.ErrGone
	_ = time.Now
	_ = syncengine.World{}.Merge // want "there is one write path"
)
