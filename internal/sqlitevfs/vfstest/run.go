package vfstest

import (
	"testing"

	"modernc.org/libc"

	"onedoor/internal/sqlitevfs"
)

// Subject is a VFS with a place on a disk of its own.
type Subject struct {
	// VFS names it.
	VFS string
	// Main is the path of a main file: there is none, or it has one page.
	Main string
	// Shares says that those who have the main file open share memory.
	Shares bool
	// PastEnd is what a read of the main file behind its end gives.
	PastEnd int32
	// Fill leaves room for so many bytes on the disk, and Heal gives room back. Nil where the disk cannot be filled.
	Fill func(bytes int64)
	Heal func()
	// Cut loses what no sync has confirmed, with the power, and gives the power back. Nil where it cannot be lost.
	Cut func()
}

// rule is one thing that a VFS does.
type rule struct {
	name  string
	check func(e *engine)
}

// Run asks a VFS for everything, each on a fresh one that fresh makes and its cleanup ends.
func Run(t *testing.T, fresh func(t *testing.T) Subject) {
	for _, rules := range [][]rule{mainRules, logRules, lockRules, sharedRules, nameRules, faultRules} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) { r.check(start(t, fresh(t))) })
		}
	}
}

// start makes an engine that ends with the test, before the subject does.
func start(t *testing.T, s Subject) *engine {
	t.Helper()
	vfs, err := sqlitevfs.Find(s.VFS)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{Subject: s, t: t, tls: libc.NewTLS(), vfs: vfs}
	t.Cleanup(e.end)
	return e
}
