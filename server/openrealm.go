package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/sideledger"
	"onedoor/server/store"
)

func (h *hosted) openStore(ctx context.Context) error {
	st, err := h.config.openStore(ctx)
	if err != nil {
		return err
	}
	h.store = st
	return nil
}

// observeStore has what the store does counted for its realm.
func (h *hosted) observeStore(ctx context.Context) error {
	var realm identity.Realm
	err := h.store.View(ctx, func(r store.Reader) (err error) {
		realm, err = identity.GetRealm(r)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	h.observed = h.metrics.Realm(fmt.Sprintf("%06d", realm.Code))
	h.watched = h.observed.Watch(h.store, h.config.Now)
	h.store = h.watched
	return nil
}

// events are what is counted and traced of the write path.
func (h *hosted) events() exchange.Events {
	return exchange.Events{
		Group: func(g exchange.Group) {
			h.observed.Group(g)
			h.traces.Group(h.observed.Code(), g)
		},
		Page: func(p exchange.Page) {
			h.observed.Page(p)
			h.traces.Page(p)
		},
	}
}

// checkFolder tells a wrong path from a damaged store.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such folder: %w", dir, identity.ErrNotInitialised)
	case err != nil:
		return fmt.Errorf("open the data folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: give the folder that `onedoor init` made", dir)
	}
	return nil
}

func (h *hosted) openRealm(ctx context.Context) error {
	secrets, err := identity.LoadSecrets(h.config.Dir)
	if err != nil {
		return err
	}
	h.secrets = secrets
	o := exchange.Options{Secrets: secrets, Random: h.config.Random, Now: h.config.Now, Log: h.config.Log, Hint: h.hub.Hint, Events: h.events(), Shared: h.config.shared(), Schema: h.config.Schema, Turns: h.turn}
	if o.Hold, err = h.olderBeside(ctx); err != nil {
		return fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	if h.config.Ledger != "" {
		if h.ledger, err = h.openLedger(ctx, secrets); err != nil {
			return err
		}
		o.Ledger = h.ledger
	}
	opened, err := h.config.openSealed(ctx, h.store)
	if err != nil {
		return fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	before := h.goesBy(ctx)
	h.realm, err = exchange.Open(ctx, opened, o)
	if err != nil {
		return fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	if before != 0 && before < h.goesBy(ctx) { // The last older server was stopped before this one was started.
		h.tellLift()
	}
	if days := h.config.LeaseDays; days != 0 {
		if err := h.realm.SetLease(ctx, time.Duration(days)*24*time.Hour); err != nil {
			return fmt.Errorf("%s: %w", h.config.Dir, err)
		}
	}
	return checkSchema(h.config.Dir, h.realm.Realm().SchemaVersion)
}

func (h *hosted) openLedger(ctx context.Context, secrets *identity.Secrets) (*sideledger.Ledger, error) {
	var realm identity.Realm
	err := h.store.View(ctx, func(r store.Reader) (err error) {
		realm, err = identity.GetRealm(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.config.Dir, err)
	}
	open := sideledger.Open
	if h.config.shared() {
		open = sideledger.OpenOne
	}
	return open(h.config.Ledger, realm.Code, secrets.LedgerKey())
}

// checkSchema refuses records of newer software: this one would serve them
// without the fields it does not know.
func checkSchema(dir string, version uint32) error {
	if version > schema.Version {
		return fmt.Errorf("%w: %s has record schema %d, this software knows up to %d: install the newer software again",
			store.ErrNewer, dir, version, schema.Version)
	}
	return nil
}
