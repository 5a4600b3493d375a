package logvfs_test

import (
	"path/filepath"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs/vfstest"
)

func TestVFS_DoesWhatEveryVFSDoes(t *testing.T) {
	t.Run("simulated disk", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfstest.Subject {
			d, v := stand(t)
			return vfstest.Subject{VFS: v.Name(), Main: path, Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ,
				Fill: d.FullAfter, Heal: d.Heal, Cut: func() { d.PowerOff(disk.Everything, nil); d.PowerOn() }}
		})
	})
	t.Run("system", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfstest.Subject {
			v := over(t, sqlitedisk.System{})
			return vfstest.Subject{VFS: v.Name(), Main: filepath.Join(t.TempDir(), "records.db"), Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ}
		})
	})
}
