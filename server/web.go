package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"onedoor/server/console"
)

const (
	// webHeaderTimeout is how long a browser may take for the head of a request, webReadTimeout for all of it: a file of an
	// import comes over an office line.
	webHeaderTimeout = 10 * time.Second
	webReadTimeout   = 5 * time.Minute
	// webWriteTimeout bounds an answer, a handover's among them, which is made a transaction a door.
	webWriteTimeout = 10 * time.Minute
	// webIdleTimeout is how long a connection may rest between requests.
	webIdleTimeout = 2 * time.Minute
)

// web is the console with its listener; empty where no address was given.
type web struct {
	http     *http.Server
	listener net.Listener
}

// openWeb makes the console and binds its address.
func (s *Server) openWeb(ctx context.Context) error {
	if s.config.HTTP == "" {
		return nil
	}
	config, err := s.config.webTLS()
	if err != nil {
		return err
	}
	c, err := console.New(console.Options{
		Admin: s.admin, Privacy: s.admin, Reports: s.figures, Hub: s.hub, Now: s.config.Now, Log: s.config.Log, BehindGateway: s.config.behindGateway(), Stopping: s.stopping,
	})
	if err != nil {
		return err
	}
	s.web.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.HTTP)
	if err != nil {
		return fmt.Errorf("listen on %s for the console: %w: choose another address, or stop what holds it", s.config.HTTP, err)
	}
	var pages http.Handler = c
	if s.config.Front != nil {
		pages = s.config.Front(c)
	}
	s.web.http = &http.Server{
		Handler: pages, TLSConfig: config, ReadHeaderTimeout: webHeaderTimeout, ReadTimeout: webReadTimeout, WriteTimeout: webWriteTimeout, IdleTimeout: webIdleTimeout,
		MaxHeaderBytes: headerBytesMax, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

// webTLS gives the console's TLS, nil for plain text, or refuses: the rules are those of the phones' address.
func (c Config) webTLS() (*tls.Config, error) {
	switch {
	case c.CertFile != "":
		return c.tlsConfig()
	case c.PlainText || onLoopback(c.HTTP):
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %s: give a certificate and a key, or ask for plain text if something in front of the server encrypts", ErrPlainText, c.HTTP)
}

// ConsoleAddr is where the console listens; nil where there is none.
func (s *Server) ConsoleAddr() net.Addr {
	if s.web.listener == nil {
		return nil
	}
	return s.web.listener.Addr()
}

// serveWeb answers browsers until stopWeb.
func (s *Server) serveWeb() {
	if s.web.http == nil {
		return
	}
	serve := s.web.http.Serve
	if s.web.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.web.http.ServeTLS(l, "", "") } // The pair comes from TLSConfig.
	}
	if err := serve(s.web.listener); !errors.Is(err, http.ErrServerClosed) {
		s.config.Log.Error("the console has stopped", "error", err)
	}
}

// stopWeb takes no new requests, waits for those in hand until ctx ends, and then cuts them.
func (s *Server) stopWeb(ctx context.Context) {
	if s.web.http == nil {
		return
	}
	if err := s.web.http.Shutdown(ctx); err != nil {
		_ = s.web.http.Close() // What was in hand is cut; that is the error.
	}
}
