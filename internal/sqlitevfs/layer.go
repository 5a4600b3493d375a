package sqlitevfs

import (
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Layer is a registered VFS that stands over another one, its base, and has files of its own in front of the base's. What is
// not about open files is the base's. It may be used by several goroutines.
type Layer struct {
	engine *VFS
	base   uintptr
	open   Open
}

// Open opens a file for a layer. It gives the file to be put in front of what o.Below opened; or, after o.Alone, none. Where it
// gives another code than SQLITE_OK, it leaves nothing open.
type Open func(tls *libc.TLS, o Opening) (File, int32)

// layers finds a *Layer by the address that the engine has for its VFS: the application data stay those of the base, whose
// functions read them.
var layers sync.Map

// Over registers a layer over the VFS at base, which must stay registered until Close, under a name that begins with prefix.
func Over(prefix string, base uintptr, open Open) (*Layer, error) {
	engine, err := Register(prefix, base, func(own *sqlite3.Tsqlite3_vfs) {
		own.FszOsFile += HeadBytes
		own.FxOpen = Function[OpenFunc](openInLayer)
	})
	if err != nil {
		return nil, err
	}
	l := &Layer{engine, base, open}
	layers.Store(engine.Address(), l)
	return l, nil
}

// Name is what a connection's URI names as its vfs.
func (l *Layer) Name() string { return l.engine.Name() }

// Address is where a layer over this one has its base.
func (l *Layer) Address() uintptr { return l.engine.Address() }

// Close unregisters the layer. No connection may have a file open on it.
func (l *Layer) Close() error {
	// The engine gives the address to nobody else before it is free.
	layers.Delete(l.engine.Address())
	err := l.engine.Unregister()
	if err != nil {
		layers.Store(l.engine.Address(), l)
	}
	return err
}

// openInLayer is the layers' xOpen.
func openInLayer(tls *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	found, _ := layers.Load(vfs)
	l := found.(*Layer)
	PutNone(address)
	f, rc := l.open(tls, Opening{Flags: flags, base: l.base, name: name, address: address, outFlags: outFlags})
	if rc == sqlite3.SQLITE_OK && f != nil {
		Put(address, f)
	}
	return rc
}

// Opening is a file that the engine wants to have open.
type Opening struct {
	// Flags are the engine's SQLITE_OPEN_….
	Flags int32

	base, name, address, outFlags uintptr
}

// Path is the file's, and empty for one that nobody else can open.
func (o Opening) Path() string { return TextAt(o.name) }

// Alone has the base open the file, with nothing of the layer in front of it.
func (o Opening) Alone(tls *libc.TLS) int32 {
	return openAt(tls, o.base, o.name, o.address, o.Flags, o.outFlags)
}

// Below has the base open the file, for the layer to put one of its own in front of.
func (o Opening) Below(tls *libc.TLS) (Below, int32) {
	return OpenAt(tls, o.base, o.name, o.address+HeadBytes, o.Flags, o.outFlags)
}

// Writable reports whether the engine asked for, and the base has opened, a file that can be written: one that cannot be is
// opened for reading.
func (o Opening) Writable() bool {
	return o.outFlags == 0 || *At[int32](o.outFlags)&o.Flags&sqlite3.SQLITE_OPEN_READWRITE != 0
}
