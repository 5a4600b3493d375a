package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The realm that a backup takes the place of is moved into a folder of its own, and back where the restore does not come to its end. A
// realm in a database is copied aside instead, see restorestore.go.

// replacedPrefix begins the name of the folder into which a realm is moved that a backup takes the place of.
const replacedPrefix = "replaced-"

// aside lists the files of a realm that are moved aside together.
var aside = []string{DatabaseFile, DatabaseFile + "-wal", DatabaseFile + "-shm", SecretsFile, TokenFile, BackupsFile, CountFile}

// setAside moves the realm that stands in the folder into one of its own.
func (r *restoring) setAside(ctx context.Context) error {
	if r.config.elsewhere() {
		return r.copyAside(ctx)
	}
	if r.old == nil {
		return nil
	}
	if err := r.makeAside(); err != nil {
		return fmt.Errorf("move the old realm aside: %w", err)
	}
	for _, name := range aside {
		err := os.Rename(r.config.path(name), filepath.Join(r.result.Replaced, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("move the old realm aside: %w", err), r.putBack())
		}
	}
	return syncFolder(r.config.Dir)
}

// makeAside makes the folder that the old realm is moved to. One of the same second
// stands where a restore was cut off and begun again: it keeps what it holds.
func (r *restoring) makeAside() error {
	name := r.config.path(replacedPrefix + r.config.Now().UTC().Format("20060102T150405Z"))
	for n := 1; ; n++ {
		r.result.Replaced = name
		if n > 1 {
			r.result.Replaced = fmt.Sprintf("%s-%d", name, n)
		}
		if err := os.Mkdir(r.result.Replaced, folderMode); !errors.Is(err, fs.ErrExist) {
			return errors.Join(err, inherit(r.result.Replaced))
		}
	}
}

// putBack undoes setAside.
func (r *restoring) putBack() (err error) {
	if r.config.elsewhere() {
		return r.takeBack()
	}
	if r.result.Replaced == "" {
		return nil
	}
	for _, name := range aside {
		if e := os.Rename(filepath.Join(r.result.Replaced, name), r.config.path(name)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, os.Remove(r.result.Replaced))
}
