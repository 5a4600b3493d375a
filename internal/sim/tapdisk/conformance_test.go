package tapdisk_test

import (
	"path/filepath"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sim/tapdisk"
	"onedoor/internal/sqlitevfs/vfstest"
)

// meter is a tap that counts what comes.
type meter struct {
	folder        string
	writes, syncs int
}

func (m *meter) Wants(path string) bool { return filepath.Dir(path) == m.folder }

func (m *meter) Write(int) bool {
	m.writes++
	return true
}

func (m *meter) Sync(flush func()) {
	m.syncs++
	flush()
}

func TestDisk_DoesWhatEveryVFSDoes(t *testing.T) {
	writes, syncs := 0, 0
	vfstest.Run(t, func(t *testing.T) vfstest.Subject {
		m := &meter{folder: t.TempDir()}
		d, err := tapdisk.Over(m)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { writes, syncs = writes+m.writes, syncs+m.syncs })
		return vfstest.Subject{VFS: d.VFS(), Main: filepath.Join(m.folder, "records.db"), Shares: true, PastEnd: sqlite3.SQLITE_IOERR_SHORT_READ}
	})
	if writes == 0 || syncs == 0 {
		t.Errorf("the tap was asked about %d writes and %d syncs: it was not in front of the files", writes, syncs)
	}
}
