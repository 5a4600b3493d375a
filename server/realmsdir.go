package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A process may serve the realms of all sub-folders of one folder, Config.Realms: each is what `init` made, with a contact
// key of its own beside it and, where there is one, a side ledger of its own. A realm that cannot be opened keeps none of
// the others from being served.

// several reports that the realms of a folder are served, however many it has.
func (c Config) several() bool { return c.Realms != "" }

// folders names the sub-folders of Config.Realms that hold a realm or its keys, in order. Others are passed over.
func (c Config) folders() ([]string, error) {
	entries, err := os.ReadDir(c.Realms)
	if err != nil {
		return nil, fmt.Errorf("look for realms: %w: give a folder with the folders that `onedoor init` made", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && c.in(e.Name()).holdsRealm() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// holdsRealm reports a folder in which `init` or `restore` has made something.
func (c Config) holdsRealm() bool {
	for _, name := range []string{SecretsFile, DatabaseFile} {
		if info, err := os.Stat(c.path(name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// in gives the configuration of the realm in a sub-folder.
func (c Config) in(name string) Config {
	c.Dir, c.name = filepath.Join(c.Realms, name), name
	if c.Ledger != "" {
		c.Ledger = filepath.Join(c.Ledger, name)
	}
	if info, err := os.Stat(c.ContactKey); c.ContactKey != "" && err == nil && info.IsDir() {
		c.ContactKey = filepath.Join(c.ContactKey, name+ContactKeySuffix)
	}
	if c.Log != nil {
		c.Log = c.Log.With("realm", name)
	}
	return c
}

// each gives the configuration of each realm that is to be served.
func (c Config) each() ([]Config, error) {
	if !c.several() {
		return []Config{c}, nil
	}
	names, err := c.folders()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no folder with a realm: make one with `onedoor init --data %s`", c.Realms, filepath.Join(c.Realms, "CODE"))
	}
	list := make([]Config, len(names))
	for i, name := range names {
		list[i] = c.in(name)
	}
	return list, nil
}

// makeLedgerFolder makes the folder of one of several realms' side ledgers; the one above it must be there, on its own storage.
func (h *hosted) makeLedgerFolder(context.Context) error {
	if !h.config.several() || h.config.Ledger == "" {
		return nil
	}
	if err := os.Mkdir(h.config.Ledger, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder of the realm's side ledger: %w", err)
	}
	return nil
}
