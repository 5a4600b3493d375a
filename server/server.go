package server

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"

	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/store"
)

// Server is a process that serves realms: what listens, speaks TLS, counts and tells how it is. What a realm is made of
// stands in hosted.
type Server struct {
	process
	config    Config
	transport credentials.TransportCredentials
	// realms are those that are served, tokens what is known of who speaks in which of them.
	realms roll
	tokens tokens
	// serving tells that calls are answered, looking guards the looking for realms while they are.
	serving atomic.Bool
	looking sync.Mutex
	grpc    *grpc.Server
	// inner answers the calls that come over HTTP.
	inner    *grpc.Server
	web      web
	adminWeb web
	health   *health.Server
	listener net.Listener
	// stop makes a second Stop wait for the first one and give what it gave.
	stop    sync.Once
	stopErr error
}

// Addr is where the server listens; with port 0 in the configuration it has the port that was free.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Realm says which realm is served; of several the first.
func (s *Server) Realm() identity.Realm { return s.realms.first().realm.Realm() }

// Realms says which realms are served, by code.
func (s *Server) Realms() (list []identity.Realm) {
	for _, h := range s.realms.all() {
		list = append(list, h.realm.Realm())
	}
	return list
}

// Reports counts the realm's figures, for auditors in this process; of several realms the first.
func (s *Server) Reports() *report.Service { return s.realms.first().reports }

// Watchers counts the phones that wait for a hint.
func (s *Server) Watchers() (n int) {
	for _, h := range s.realms.all() {
		n += h.hub.Listeners()
	}
	return n
}

// View runs f on a consistent state of the realm, for auditors in this process; of several realms the first.
func (s *Server) View(ctx context.Context, f func(store.Reader) error) error {
	return s.realms.first().realm.View(ctx, f)
}

// Serve answers calls until Stop and then gives nil; any other end is an error of the network.
func (s *Server) Serve() error {
	var ending sync.WaitGroup
	ending.Go(s.serveWeb)   // stopped by Stop
	ending.Go(s.serveAdmin) // stopped by Stop
	defer ending.Wait()
	s.beginRealms()
	defer s.endRealms()
	if err := s.grpc.Serve(s.listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// beginRealms starts what realms do by themselves; those that come later begin as they come.
func (s *Server) beginRealms() {
	s.looking.Lock()
	defer s.looking.Unlock()
	s.serving.Store(true)
	for _, h := range s.realms.all() {
		h.begin()
	}
}

func (s *Server) endRealms() {
	for _, h := range s.realms.all() {
		h.end()
	}
}

// Stop takes no new calls, ends watches, waits for the calls in hand until ctx
// ends and then cuts them, and closes the realms. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		close(s.stopping)
		s.looking.Lock() // Whoever looks for realms is done, or finds that the server stops.
		defer s.looking.Unlock()
		s.health.Shutdown()
		s.stopWeb(ctx)
		s.drain(ctx)
		s.stopAdmin()
		s.stopErr = errors.Join(s.close(), s.traces.Close(ctx))
	})
	return s.stopErr
}

func (s *Server) drain(ctx context.Context) {
	drained := make(chan struct{})
	go func() { // ended by the last call, or by the cut below
		s.grpc.GracefulStop()
		close(drained)
	}()
	select {
	case <-drained:
	case <-ctx.Done():
		s.grpc.Stop()
		<-drained
	}
}

// close closes what has been opened, from the edge down.
func (s *Server) close() error {
	var errs []error
	for _, l := range []net.Listener{s.adminWeb.listener, s.web.listener, s.listener} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for _, h := range s.realms.all() {
		errs = append(errs, h.close())
	}
	if s.config.pool != nil {
		s.config.pool.Close()
	}
	return errors.Join(errs...)
}
