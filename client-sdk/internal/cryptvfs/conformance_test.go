package cryptvfs_test

import (
	"path/filepath"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/client-sdk/internal/cryptvfs"
	"onedoor/internal/sim/disk"
	"onedoor/internal/sim/disk/disktest"
	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs/vfstest"
)

// sealed makes a database on a disk and gives it to the suite. A main file that ends before a page is damaged here.
func sealed(t *testing.T, d sqlitedisk.Disk, path string) vfstest.Subject {
	t.Helper()
	v, err := cryptvfs.Register(keyOf(7), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := v.Create(path); err != nil {
		t.Fatal(err)
	}
	return vfstest.Subject{VFS: v.Name(), Main: path, PastEnd: sqlite3.SQLITE_IOERR_DATA}
}

func TestVFS_DoesWhatEveryVFSDoes(t *testing.T) {
	t.Run("simulated disk", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfstest.Subject {
			d := disktest.New(t)
			s := sealed(t, d, "/phone/phone.db")
			s.Fill, s.Heal = d.FullAfter, d.Heal
			s.Cut = func() { d.PowerOff(disk.Everything, nil); d.PowerOn() }
			return s
		})
	})
	t.Run("system", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfstest.Subject {
			return sealed(t, sqlitedisk.System{}, filepath.Join(t.TempDir(), "phone.db"))
		})
	})
}
