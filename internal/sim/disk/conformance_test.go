package disk_test

import (
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
	"onedoor/internal/sqlitevfs/vfstest"
)

func TestDisk_DoesWhatEveryVFSDoes(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		d := disktest.New(t)
		return vfstest.Subject{VFS: d.VFS(), Main: "/d/x.db", Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ,
			Fill: d.FullAfter, Heal: d.Heal, Cut: func() { d.PowerOff(disk.Everything, nil); d.PowerOn() }}
	})
}
