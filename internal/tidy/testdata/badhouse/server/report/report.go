package report

import (
	"database/sql" // want "SQL stands in the stores"

	"github.com/prometheus/client_golang/prometheus" // want "only server/observe knows who counts them"
)

var (
	_ = sql.Open
	_ = prometheus.NewCounter
)
