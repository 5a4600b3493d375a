package adminrpc

import (
	"onedoor/server/report"  // want "the plan does not let server/adminrpc"
	"onedoor/server/syncrpc" // want "an import may only point down"
)

var (
	_ = report.New
	_ = syncrpc.New
)
