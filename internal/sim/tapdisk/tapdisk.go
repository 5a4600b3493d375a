// Package tapdisk is the system's files with a tap on what a database writes and syncs: a process dies there, finds no room, or
// waits for a slow disk. It stands below the engine, where production code takes a disk, so that production code knows nothing
// of it.
//
// It changes no byte and keeps none. A process has one tap, so that what the tap counts is all that the process writes; whoever
// needs several runs several processes, as a crash does anyway.
//
// Read Tap first.
package tapdisk

import (
	"errors"
	"sync/atomic"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs"
)

// Tap is asked about each write and sync. Its methods are called from any thread that a database is used in.
type Tap interface {
	// Wants reports whether a file is tapped; others are the system's alone. It is asked when the file is opened.
	Wants(path string) bool
	// Write is called before n bytes are written; false says that there is no room for them.
	Write(n int) bool
	// Sync is called for a sync and runs it.
	Sync(flush func())
}

// Disk is the system's files under the tap.
type Disk struct {
	sqlitedisk.System
	layer *sqlitevfs.Layer
}

// ErrTapped: the process has a tap.
var ErrTapped = errors.New("this process has a tap already")

// tapped tells that it has.
var tapped atomic.Bool

// New puts a tap onto the disk, for the life of the process.
func New(tap Tap) (*Disk, error) {
	if !tapped.CompareAndSwap(false, true) {
		return nil, ErrTapped
	}
	return over(tap)
}

// over puts a tap onto the system's VFS.
func over(tap Tap) (*Disk, error) {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return nil, err
	}
	layer, err := sqlitevfs.Over("onedoor-tap-", base, func(tls *libc.TLS, o sqlitevfs.Opening) (sqlitevfs.File, int32) {
		return open(tls, o, tap)
	})
	if err != nil {
		return nil, err
	}
	return &Disk{layer: layer}, nil
}

// VFS names the VFS with the tap.
func (d *Disk) VFS() string { return d.layer.Name() }

// open opens a file of the system, with the tap in front of it where that wants it.
func open(tls *libc.TLS, o sqlitevfs.Opening, tap Tap) (sqlitevfs.File, int32) {
	if !tap.Wants(o.Path()) {
		return nil, o.Alone(tls)
	}
	below, rc := o.Below(tls)
	if rc != sqlite3.SQLITE_OK {
		return nil, rc
	}
	return &file{sqlitevfs.SharedBelow{Below: below}, tap}, rc
}

// file is an open file that is tapped.
type file struct {
	sqlitevfs.SharedBelow
	tap Tap
}

func (f *file) Write(tls *libc.TLS, buffer uintptr, n int32, offset int64) int32 {
	if !f.tap.Write(int(n)) {
		return sqlite3.SQLITE_FULL
	}
	return f.SharedBelow.Write(tls, buffer, n, offset)
}

func (f *file) Sync(tls *libc.TLS, flags int32) (rc int32) {
	f.tap.Sync(func() { rc = f.SharedBelow.Sync(tls, flags) })
	return rc
}
