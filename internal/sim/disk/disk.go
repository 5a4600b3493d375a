package disk

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitedisk"
	"onedoor/internal/sqlitevfs"
)

// Disk is the disk of one machine.
type Disk struct {
	engine *sqlitevfs.VFS
	// handle is what the engine's VFS refers to the disk by.
	handle uintptr

	// mu guards the fields below and everything in nodes and files.
	mu sync.Mutex
	names
	// off is set while there is no power.
	off bool
	// locks are the paths that LockFile holds.
	locks map[string]*lock
	// folders are the locks of folders.
	folders map[string]*sync.Mutex
	// steps counts what changed the disk or confirmed a change.
	steps int
	// fault is what is to go wrong.
	fault fault
	// files are those that the engine has open, dead ones too.
	files map[*file]struct{}
}

var _ sqlitedisk.Disk = (*Disk)(nil)

// disks finds a disk by the application data of its VFS.
var disks sqlitevfs.Handles[Disk]

// New makes an empty disk and registers its VFS; Close takes that away.
func New() (*Disk, error) {
	base, err := sqlitevfs.Find("")
	if err != nil {
		return nil, err
	}
	d := &Disk{names: newNames(), locks: make(map[string]*lock), folders: make(map[string]*sync.Mutex), files: make(map[*file]struct{})}
	d.handle = disks.Add(d)
	d.engine, err = sqlitevfs.Register("onedoor-disk-", base, func(own *sqlite3.Tsqlite3_vfs) { become(own, d.handle) })
	if err != nil {
		disks.Drop(d.handle)
		return nil, err
	}
	return d, nil
}

// Close gives the engine's VFS back. It gives syscall.EBUSY while the engine has a file open.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.files) > 0 {
		return &fs.PathError{Op: "close", Path: d.engine.Name(), Err: syscall.EBUSY}
	}
	disks.Drop(d.handle)
	return d.engine.Unregister()
}

// VFS names the engine's VFS for this disk.
func (d *Disk) VFS() string { return d.engine.Name() }

// Steps counts the writes, truncations, syncs and changes of names so far: what FailAfter and PowerOffAfter count on.
func (d *Disk) Steps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

// begin counts a step and gives what keeps it from happening; mu is held.
func (d *Disk) begin() error {
	if d.off {
		return syscall.EIO
	}
	if d.fault.cut && d.fault.cutAfter == 0 {
		d.powerOff(d.fault.loss, d.fault.random)
		return syscall.EIO
	}
	d.fault.cutAfter--
	d.steps++
	return d.fault.fails()
}

// MakeFolder has nothing to do: a folder is there when a file is in it.
func (d *Disk) MakeFolder(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.powered()
}

// powered gives EIO while there is no power; mu is held.
func (d *Disk) powered() error {
	if d.off {
		return syscall.EIO
	}
	return nil
}

// Exists reports whether a file bears the name.
func (d *Disk) Exists(name string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, found := d.now[path.Clean(name)]
	return found, d.powered()
}

// Size gives the length of a file.
func (d *Disk) Size(name string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("size", name)
	if err != nil {
		return 0, err
	}
	return int64(len(n.content)), nil
}

// Read copies the content of a file.
func (d *Disk) Read(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("read", name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(n.content), nil
}

// Write makes a file, or writes over one that stands there, and flushes it. Its name is durable with the next sync of a
// folder.
func (d *Disk) Write(name string, content []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.create(name)
	if err != nil {
		return err
	}
	if err := n.truncate(0); err != nil {
		return err
	}
	if err := n.writeAt(content, 0); err != nil {
		return err
	}
	return n.sync()
}

// Rename gives a file another name and makes that durable.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.rename(from, to); err != nil {
		return err
	}
	return d.syncNames()
}

// Remove takes a name away; the next sync of a folder makes that durable.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(name)
}

// Probe writes a file of its own and removes it.
func (d *Disk) Probe(name string, at int64, n int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	probe, err := d.create(name)
	if err != nil {
		return err
	}
	written := probe.writeAt(make([]byte, n), at)
	if err := d.remove(name); err != nil {
		return err
	}
	return written
}

// lock is a held LockFile.
type lock struct {
	disk *Disk
	path string
}

// LockFile holds a lock that ends with Close or with the power.
func (d *Disk) LockFile(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.powered(); err != nil {
		return nil, err
	}
	name = path.Clean(name)
	if d.locks[name] != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: syscall.EWOULDBLOCK}
	}
	d.locks[name] = &lock{d, name}
	return d.locks[name], nil
}

// Close gives the lock up.
func (l *lock) Close() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	if l.disk.locks[l.path] == l {
		delete(l.disk.locks, l.path)
	}
	return nil
}

// folderLock is a held LockFolder.
type folderLock struct{ mu *sync.Mutex }

// LockFolder waits for the folder's lock.
func (d *Disk) LockFolder(name string) (io.Closer, error) {
	d.mu.Lock()
	if err := d.powered(); err != nil {
		d.mu.Unlock()
		return nil, err
	}
	name = path.Clean(name)
	if d.folders[name] == nil {
		d.folders[name] = &sync.Mutex{}
	}
	held := folderLock{d.folders[name]}
	d.mu.Unlock()
	held.mu.Lock()
	return held, nil
}

// Close gives the lock up.
func (l folderLock) Close() error {
	l.mu.Unlock()
	return nil
}
