package main

import "C" // want "without a C compiler"

import (
	"onedoor/billing" // want "it is not in the plan of the house"
	"onedoor/internal/demo"
	"onedoor/server"
	"onedoor/server/store/storetest" // want "only tests may import it"
)

var (
	_ = billing.New
	_ = demo.New
	_ = server.New
	_ = storetest.Run
)
