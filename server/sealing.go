package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/sealed"
	"onedoor/server/store"
)

// progressSteps is how many lines of the log tell how far the sealing of a realm of older software has come.
const progressSteps = 10

// sealing says how the realm's store is sealed.
func (c Config) sealing(key *sealed.Key) sealed.Options {
	o := sealed.Options{Key: key, Schema: schema.Load(), Random: c.Random, Now: c.Now}
	o.Bucket, o.SealsDocument = exchange.SealedDigests(o.Schema)
	return o
}

// OpenSealed puts what seals residents' names and numbers in front of a realm's
// store, for who serves it by other rooms than Open; of the configuration Dir,
// ContactKey, Random, Now and Log count.
func OpenSealed(ctx context.Context, c Config, st store.Store) (store.Store, error) {
	return c.filled().openSealed(ctx, st)
}

// openSealed opens a store that this software writes. A realm of older software
// gets its contact key, and what stands in the open is sealed.
func (c Config) openSealed(ctx context.Context, st store.Store) (store.Store, error) {
	key, made, err := c.keyOf(ctx, st)
	if err != nil {
		return nil, err
	}
	if made {
		c.Log.Warn("made the contact key, under which residents' names and numbers are sealed from now on: keep a copy of it elsewhere, apart from the backups", "file", c.contactKey())
	}
	o := c.sealing(key)
	step := uint64(0)
	o.Progress = func(done, total uint64) {
		if total > 0 && done*progressSteps/total > step {
			step = done * progressSteps / total
			c.Log.Info("sealing residents' names and numbers that older software wrote in the open", "done", done, "of", total)
		}
	}
	return sealed.Open(ctx, st, o)
}

// keyOf reads the contact key of a store, or makes it for one that has none yet.
func (c Config) keyOf(ctx context.Context, st store.Store) (key *sealed.Key, made bool, err error) {
	needed := false
	if err := st.View(ctx, func(r store.Reader) (err error) {
		needed, err = sealed.Has(r)
		return err
	}); err != nil {
		return nil, false, err
	}
	key, err = sealed.LoadKey(c.contactKey())
	if needed || !errors.Is(err, sealed.ErrKeyMissing) {
		return key, false, err
	}
	key, err = sealed.CreateKey(c.contactKey(), c.Random)
	return key, err == nil, err
}

// OpenReader opens the realm in a folder for reading, on a stopped or a running
// server, with what is sealed opened.
func OpenReader(ctx context.Context, c Config) (store.Store, error) {
	st, err := c.openStoreReader(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := c.openedReader(ctx, st)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return opened, nil
}

// openedReader opens what is sealed in a store that is only read; one that was never sealed needs no key.
func (c Config) openedReader(ctx context.Context, st store.Store) (store.Store, error) {
	needed := false
	err := st.View(ctx, func(r store.Reader) (err error) {
		needed, err = sealed.Has(r)
		return err
	})
	if err != nil || !needed {
		return st, err
	}
	key, err := sealed.LoadKey(c.contactKey())
	if err != nil {
		return nil, err
	}
	return sealed.OpenReader(ctx, st, c.sealing(key))
}

// keepKey puts a copy of a restored realm's contact key beside its folder, where
// `serve` looks for it, and gives the place of the key.
func (c Config) keepKey(from string) (string, error) {
	beside := Config{Dir: c.Dir}.contactKey()
	switch _, err := os.Lstat(beside); {
	case from == "" || from == beside:
		return beside, nil
	case err == nil:
		return from, nil // Another key may be that of other realms and backups.
	case !errors.Is(err, fs.ErrNotExist):
		return from, err
	}
	if err := errors.Join(copyFile(from, beside, nil), inherit(beside)); err != nil {
		return from, fmt.Errorf("put the contact key beside the realm's folder: %w: serve with --contact-key %s", err, from)
	}
	return beside, nil
}
