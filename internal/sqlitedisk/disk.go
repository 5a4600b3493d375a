package sqlitedisk

import "io"

// Disk is what the files of a database stand on. The engine reaches them through the VFS that it names; what the engine
// does not do, such as making a file whole, goes through its methods. Errors are those of package os.
type Disk interface {
	// VFS names the engine's VFS for the files; "" is the engine's own, on the system's.
	VFS() string
	// MakeFolder makes a folder, and those it stands in, for its owner alone.
	MakeFolder(path string) error
	// Exists reports whether anything bears a name.
	Exists(path string) (bool, error)
	// Size gives the length of a file, and syscall.EISDIR for what is no file.
	Size(path string) (int64, error)
	// Write makes a file that only its owner reads, over one that stands there, and flushes it. Until Rename, its name may
	// be lost with the power.
	Write(path string, content []byte) error
	// Rename gives a file another name in its folder, over a file that has it, and makes that durable.
	Rename(from, to string) error
	// Remove takes a file away.
	Remove(path string) error
	// LockFile makes a file where there is none and locks it until it is closed; syscall.EWOULDBLOCK says that somebody
	// else holds the lock.
	LockFile(path string) (io.Closer, error)
	// LockFolder waits until nobody else holds the folder's lock, and holds it until it is closed.
	LockFolder(path string) (io.Closer, error)
	// Probe makes a file, writes n bytes at a place in it, flushes it and takes it away again. The error says why the
	// files beside it cannot grow.
	Probe(path string, at int64, n int) error
}
