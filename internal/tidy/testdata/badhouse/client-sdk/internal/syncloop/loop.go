package syncloop

import (
	"context" // want "not a pure part of the standard library"
	"time"

	"onedoor/client-sdk" // want "an import may only point down"
	"onedoor/internal/wire"
)

func Step(context.Context) time.Time {
	_ = client.Open
	_ = wire.Decode
	return time.Now() // want "time.Now reads the clock"
}
