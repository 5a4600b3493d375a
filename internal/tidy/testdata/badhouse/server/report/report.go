package report

import (
	"database/sql" // want "SQL stands in the stores"

	"gocloud.dev/blob" // want "only server/backupset knows where backups lie"

	"github.com/prometheus/client_golang/prometheus" // want "only server/observe knows who counts them"
)

var (
	_ = sql.Open
	_ = blob.OpenBucket
	_ = prometheus.NewCounter
)
