package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"onedoor/internal/sqlitedisk"
)

// stageLock is the file in a stage that whoever works there holds locked. A stage that nobody holds was left by a process that
// was ended.
const stageLock = "lock"

// errAtWork: another process works in the stage.
var errAtWork = errors.New("another one is at work")

// takeStage makes a stage and holds it. left tells that one of an ended process stands there, and is held now.
func takeStage(dir string) (held io.Closer, left bool, err error) {
	err = os.Mkdir(dir, folderMode)
	if left = errors.Is(err, fs.ErrExist); err != nil && !left {
		return nil, false, err
	}
	path := filepath.Join(dir, stageLock)
	held, err = sqlitedisk.System{}.LockFile(path)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, left, errAtWork
	case err != nil:
		return nil, left, err
	}
	if _, err := os.Stat(path); err != nil { // Whoever held it before has just taken it all away.
		return nil, left, errors.Join(errAtWork, held.Close())
	}
	return held, left, nil
}

// emptyStage takes away what an ended process has left in a stage, but for the lock.
func emptyStage(dir string) error {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		if e.Name() != stageLock {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("take away what an interrupted one left: %w: remove %s and run it again", err, dir)
	}
	return nil
}
