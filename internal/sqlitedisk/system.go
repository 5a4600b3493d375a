//go:build unix

package sqlitedisk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// System is the operating system's files.
type System struct{}

var _ Disk = System{}

// VFS is the engine's default.
func (System) VFS() string { return "" }

// MakeFolder is os.MkdirAll.
func (System) MakeFolder(path string) error { return os.MkdirAll(path, 0o700) }

// Exists does not follow a link.
func (System) Exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Size follows links.
func (System) Size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, &fs.PathError{Op: "size", Path: path, Err: syscall.EISDIR}
	}
	return info.Size(), nil
}

// Write leaves a part of the file behind when it fails.
func (System) Write(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return flushed(file, content, 0)
}

// flushed writes to a file, flushes it and closes it.
func flushed(file *os.File, content []byte, at int64) error {
	_, err := file.WriteAt(content, at)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// Rename flushes the folder.
func (System) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Remove is os.Remove.
func (System) Remove(path string) error { return os.Remove(path) }

// LockFile holds a flock, which ends with the process too, however it ends.
func (System) LockFile(path string) (io.Closer, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return locked(file, syscall.LOCK_EX|syscall.LOCK_NB)
}

// LockFolder holds a flock on the folder itself.
func (System) LockFolder(path string) (io.Closer, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return locked(folder, syscall.LOCK_EX)
}

// locked gives the open file with a lock on it, or closes it.
func locked(file *os.File, how int) (io.Closer, error) {
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return file, nil
}

// Probe truncates what stands at the path.
func (System) Probe(path string, at int64, n int) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	return flushed(file, make([]byte, n), at)
}
