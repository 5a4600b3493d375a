package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"google.golang.org/grpc/health"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/server/observe"
	"onedoor/server/sideledger"
	"onedoor/server/store"
)

// Open opens a realm's folder and binds the address; Serve then answers calls
// and Stop ends it. An error says what to do about it: it is
// identity.ErrNotInitialised, one of the secrets' or the stores' errors,
// ErrPlainText, or of the network.
func Open(ctx context.Context, c Config) (*Server, error) {
	c = c.filled()
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, transport: transport, hub: notify.New(), health: health.NewServer(), metrics: observe.New(built()), stopping: make(chan struct{})}
	for _, step := range []func(context.Context) error{s.openTraces, s.openStore, s.observeStore, s.openRealm, s.openPost, s.openEdge, s.listen, s.openWeb, s.openAdmin, s.startUpkeep} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *Server) openStore(ctx context.Context) error {
	st, err := s.config.openStore(ctx)
	if err != nil {
		return err
	}
	s.store = st
	return nil
}

// openTraces begins to trace calls where that is asked for.
func (s *Server) openTraces(ctx context.Context) (err error) {
	s.traces, err = observe.OpenTraces(ctx, observe.TraceOptions{To: s.config.TraceTo, Share: s.config.traceShare(), Build: built(), Log: s.config.Log})
	return err
}

// observeStore has what the store does counted for its realm.
func (s *Server) observeStore(ctx context.Context) error {
	var realm identity.Realm
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		realm, err = identity.GetRealm(r)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.config.Dir, err)
	}
	s.observed = s.metrics.Realm(fmt.Sprintf("%06d", realm.Code))
	s.watched = s.observed.Watch(s.store, s.config.Now)
	s.store = s.watched
	return nil
}

// events are what is counted and traced of the write path.
func (s *Server) events() exchange.Events {
	return exchange.Events{
		Group: func(g exchange.Group) {
			s.observed.Group(g)
			s.traces.Group(s.observed.Code(), g)
		},
		Page: func(p exchange.Page) {
			s.observed.Page(p)
			s.traces.Page(p)
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

func (s *Server) openRealm(ctx context.Context) error {
	secrets, err := identity.LoadSecrets(s.config.Dir)
	if err != nil {
		return err
	}
	s.secrets = secrets
	o := exchange.Options{Secrets: secrets, Random: s.config.Random, Now: s.config.Now, Log: s.config.Log, Hint: s.hub.Hint, Events: s.events(), Shared: s.config.shared()}
	if s.config.Ledger != "" {
		if s.ledger, err = s.openLedger(ctx, secrets); err != nil {
			return err
		}
		o.Ledger = s.ledger
	}
	opened, err := s.config.openSealed(ctx, s.store)
	if err != nil {
		return fmt.Errorf("%s: %w", s.config.Dir, err)
	}
	s.realm, err = exchange.Open(ctx, opened, o)
	if err != nil {
		return fmt.Errorf("%s: %w", s.config.Dir, err)
	}
	if days := s.config.LeaseDays; days != 0 {
		if err := s.realm.SetLease(ctx, time.Duration(days)*24*time.Hour); err != nil {
			return fmt.Errorf("%s: %w", s.config.Dir, err)
		}
	}
	return checkSchema(s.config.Dir, s.realm.Realm().SchemaVersion)
}

func (s *Server) openLedger(ctx context.Context, secrets *identity.Secrets) (*sideledger.Ledger, error) {
	var realm identity.Realm
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		realm, err = identity.GetRealm(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.config.Dir, err)
	}
	return sideledger.Open(s.config.Ledger, realm.Code, secrets.LedgerKey())
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

func (s *Server) listen(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address, or stop what holds it", s.config.Listen, err)
	}
	s.listener = l
	return nil
}
