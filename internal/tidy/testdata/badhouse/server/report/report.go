package report

import "database/sql" // want "SQL stands in the stores"

var _ = sql.Open
