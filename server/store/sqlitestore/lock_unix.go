//go:build unix

package sqlitestore

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockSuffix names the lock file. It is its own file, since closing any
// descriptor of the database itself drops the locks SQLite holds on it.
const lockSuffix = ".lock"

// lock is the right to write, held until the file is closed or the process
// ends, however it ends. The file stays: removing it would let two processes
// hold locks on two files of one name.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explainFile(path, "take the write lock", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s: stop the other server, or open it for reading", ErrInUse, path)
	} else if err != nil {
		err = explainFile(path, "take the write lock", err)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
