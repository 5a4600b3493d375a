package notify

import "onedoor/internal/wire" // want "a hint carries no data"

var _ = wire.Decode
