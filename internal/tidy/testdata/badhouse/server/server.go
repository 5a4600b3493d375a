package server

import (
	"onedoor/client-sdk" // want "the server trusts nothing of the phone's"
	"onedoor/server/store/memstore"
	"onedoor/server/syncrpc"
)

var (
	_ = client.Open
	_ = memstore.New
	_ = syncrpc.New
)
