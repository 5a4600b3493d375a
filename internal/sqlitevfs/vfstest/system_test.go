package vfstest_test

import (
	"path/filepath"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs/vfstest"
)

func TestRun_TheEnginesOwnVFSDoesWhatIsAsked(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		return vfstest.Subject{Main: filepath.Join(t.TempDir(), "records.db"), Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ}
	})
}
