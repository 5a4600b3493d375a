package server

import (
	"context"
	"errors"
	"fmt"

	"onedoor/server/store/pgstore"
)

// openRealms opens what is served. The realm of --data must open; of several at least one.
func (s *Server) openRealms(ctx context.Context) error {
	if s.config.several() {
		if s.config.elsewhere() {
			s.config.pool = pgstore.NewPool()
		}
		if err := s.openSeveral(ctx); err != nil {
			return err
		}
		return s.noneOpen()
	}
	h, err := openHosted(ctx, s.process, s.config)
	if err != nil {
		return err
	}
	s.realms.add(h)
	s.realms.alone = true
	return nil
}

// openSeveral opens the realms of the folder that are not open yet, and notes those that cannot be.
func (s *Server) openSeveral(ctx context.Context) error {
	list, err := s.config.each()
	if err != nil {
		return err
	}
	open := map[string]bool{}
	for _, h := range s.realms.all() {
		open[h.config.name] = true
	}
	var closed []unopened
	for _, c := range list {
		if open[c.name] {
			continue
		}
		if err := s.openOne(ctx, c); err != nil {
			closed = append(closed, unopened{c, err})
			c.Log.Error("the realm cannot be opened and is not served; the others are", "folder", c.Dir, "error", err)
		}
	}
	s.realms.left(closed)
	s.tokens.forget()
	s.metrics.Unopened(len(closed))
	return nil
}

// openOne opens one of several realms and begins what it does by itself if the server serves already.
func (s *Server) openOne(ctx context.Context, c Config) error {
	h, err := openHosted(ctx, s.process, c)
	if err != nil {
		return err
	}
	if !s.realms.add(h) {
		twin := s.realms.of(h.code())
		return errors.Join(fmt.Errorf("%s holds realm %06d, which is served from %s: take one of the two folders away", c.Dir, h.code(), twin.config.Dir), h.close())
	}
	if s.serving.Load() {
		h.begin()
	}
	return nil
}

// noneOpen says why no realm is served; nil where one is.
func (s *Server) noneOpen() error {
	if len(s.realms.all()) > 0 {
		return nil
	}
	var errs []error
	for _, u := range s.realms.unopened() {
		errs = append(errs, u.err)
	}
	return errors.Join(errs...)
}

// LookAgain opens the realms whose folders have come since the server started, and those that could not be opened before. What
// is served goes on; a folder that has gone is served until the server stops.
func (s *Server) LookAgain(ctx context.Context) error {
	if !s.config.several() {
		return nil
	}
	s.looking.Lock()
	defer s.looking.Unlock()
	select {
	case <-s.stopping:
		return nil
	default:
	}
	before := len(s.realms.all())
	err := s.openSeveral(ctx)
	s.config.Log.Info("looked for realms", "served", len(s.realms.all()), "new", len(s.realms.all())-before, "not_opened", len(s.realms.unopened()))
	return err
}
