package server

import (
	"context"
	"net/http"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/console"
)

// openConsole makes the realm's pages, where the server has an address for them.
func (h *hosted) openConsole(context.Context) (err error) {
	if h.config.HTTP == "" {
		return nil
	}
	o := console.Options{
		Admin: h.admin, Privacy: h.admin, Reports: h.figures, Hub: h.hub, Now: h.config.Now, Log: h.config.Log,
		BehindGateway: h.config.behindGateway(), Stopping: h.stopping,
	}
	if h.config.several() {
		o.Realms = h.served
	}
	h.console, err = console.New(o)
	return err
}

// pages answers browsers: with the pages of the one realm, or of the one that they sign in to.
func (s *Server) pages() http.Handler {
	if !s.config.several() {
		return s.realms.first().console
	}
	return &console.Door{
		Alone: func() *console.Console { return consoleOf(s.realms.only()) },
		Of:    func(code uint32) *console.Console { return consoleOf(s.realms.of(code)) },
		Any:   func() *console.Console { return s.realms.first().console },
		Speaks: func(ctx context.Context, token string) *console.Console {
			h, _ := s.tokens.find(ctx, &s.realms, token) // Whoever is not known signs in.
			return consoleOf(h)
		},
		Invites: func(ctx context.Context, code string) *console.Console {
			h, err := s.ofInvitation(ctx, code)
			if err != nil {
				h = s.realms.first() // It says of the code what it says of one that it does not know.
			}
			return h.console
		},
	}
}

func consoleOf(h *hosted) *console.Console {
	if h == nil {
		return nil
	}
	return h.console
}

// servedRealms lists the realms for who signs in.
func (s *Server) servedRealms() (list []*adminv1.ServedRealm) {
	for _, realm := range s.Realms() {
		list = append(list, &adminv1.ServedRealm{Code: realm.Code, Name: realm.Name})
	}
	return list
}
