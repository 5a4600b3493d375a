package sqlitestore

import (
	"database/sql"

	"onedoor/server/store"
)

var (
	_ = sql.Open
	_ = store.ErrGone
)
