package logvfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs"
)

// VFS is a registered VFS. It may be used by several goroutines.
type VFS struct{ *sqlitevfs.Layer }

// Register registers a VFS over that of a disk, which must stay registered until Close.
func Register(disk sqlitedisk.Disk) (*VFS, error) {
	base, err := sqlitevfs.Find(disk.VFS())
	if err != nil {
		return nil, err
	}
	layer, err := sqlitevfs.Over("onedoor-log-", base, openFile)
	if err != nil {
		return nil, err
	}
	return &VFS{layer}, nil
}

// openFile opens a log with what gathers its writes, and any other file as the base does.
func openFile(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
	if o.Flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return nil, o.Alone(tls)
	}
	below, rc := o.Below(tls)
	if rc != sqlite3.SQLITE_OK {
		return nil, rc
	}
	return &log{Below: below}, rc
}
