package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"onedoor/internal/wire"
	"onedoor/server/gateway"
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

// webPipeBytes is the room of the pipe between the calls over HTTP and the services.
const webPipeBytes = 1 << 20

// web is the console and the calls over HTTP with their listener; empty where no address was given.
type web struct {
	http     *http.Server
	listener net.Listener
	// pipe and conn carry the calls over HTTP to the services.
	pipe *bufconn.Listener
	conn *grpc.ClientConn
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
	s.web.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.HTTP)
	if err != nil {
		return fmt.Errorf("listen on %s for the console: %w: choose another address, or stop what holds it", s.config.HTTP, err)
	}
	pages := s.pages()
	if s.config.Front != nil {
		pages = s.config.Front(pages)
	}
	calls, err := s.openCalls(ctx)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle(gateway.Prefix, calls)
	mux.Handle(gateway.SpecPath, calls)
	s.web.http = &http.Server{
		Handler: mux, TLSConfig: config, ReadHeaderTimeout: webHeaderTimeout, ReadTimeout: webReadTimeout, WriteTimeout: webWriteTimeout, IdleTimeout: webIdleTimeout,
		MaxHeaderBytes: headerBytesMax, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

// openCalls makes the calls over HTTP, and the pipe by which they reach the services.
func (s *Server) openCalls(ctx context.Context) (http.Handler, error) {
	s.web.pipe = bufconn.Listen(webPipeBytes)
	var err error
	s.web.conn, err = grpc.NewClient("passthrough:///pipe", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.web.pipe.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MessageBytesMax), grpc.MaxCallSendMsgSize(wire.MessageBytesMax)))
	if err != nil {
		return nil, err
	}
	return gateway.New(ctx, s.web.conn)
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
	var calls sync.WaitGroup
	defer calls.Wait()
	calls.Go(func() { _ = s.inner.Serve(s.web.pipe) }) // stopped by stopWeb
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
	_ = s.web.conn.Close() // Nobody is left who calls.
	s.inner.Stop()
}
