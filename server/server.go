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

	"onedoor/server/adminrpc"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/feed"
	"onedoor/server/identity"
	"onedoor/server/notify"
	"onedoor/server/observe"
	"onedoor/server/report"
	"onedoor/server/reportrpc"
	"onedoor/server/sideledger"
	"onedoor/server/store"
	"onedoor/server/tenure"
)

// Server serves one realm.
type Server struct {
	config    Config
	transport credentials.TransportCredentials
	store     store.Store
	realm     *exchange.Service
	secrets   *identity.Secrets
	cases     *casework.Service
	reports   *report.Service
	feeds     *feed.Service
	hub       *notify.Hub
	admin     *adminrpc.Service
	figures   *reportrpc.Service
	grpc      *grpc.Server
	// inner answers the calls that come over HTTP.
	inner    *grpc.Server
	web      web
	adminWeb web
	metrics  *observe.Metrics
	observed *observe.Realm
	watched  *observe.Store
	traces   *observe.Traces
	health   *health.Server
	listener net.Listener
	ledger   *sideledger.Ledger
	backups  backups
	upkeep   upkeep
	// post is this server's side of the post of upkeep; nil where the realm has no other server.
	post *tenure.Post
	// behind is set when newer software has taken the realm over.
	behind atomic.Bool
	// stopping is closed when the server begins to stop.
	stopping chan struct{}
	// stop makes a second Stop wait for the first one and give what it gave.
	stop    sync.Once
	stopErr error
}

// Addr is where the server listens; with port 0 in the configuration it has the port that was free.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Realm says which realm is served.
func (s *Server) Realm() identity.Realm { return s.realm.Realm() }

// Reports counts the realm's figures, for auditors in this process.
func (s *Server) Reports() *report.Service { return s.reports }

// Watchers counts the phones that wait for a hint.
func (s *Server) Watchers() int { return s.hub.Listeners() }

// View runs f on a consistent state of the realm, for auditors in this process.
func (s *Server) View(ctx context.Context, f func(store.Reader) error) error {
	return s.realm.View(ctx, f)
}

// Serve answers calls until Stop and then gives nil; any other end is an error of the network.
func (s *Server) Serve() error {
	ctx, cancel := context.WithCancel(context.Background())
	var ending sync.WaitGroup
	ending.Go(func() { s.endGrants(ctx) })    // stopped by cancel
	ending.Go(func() { s.watchCases(ctx) })   // stopped by cancel
	ending.Go(func() { s.feeds.Run(ctx) })    // stopped by cancel
	ending.Go(func() { s.followOthers(ctx) }) // stopped by cancel
	ending.Go(s.serveWeb)                     // stopped by Stop
	ending.Go(s.serveAdmin)                   // stopped by Stop
	defer ending.Wait()
	defer cancel()
	if err := s.grpc.Serve(s.listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// Stop takes no new calls, ends watches, waits for the calls in hand until ctx
// ends and then cuts them, and closes the realm. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		close(s.stopping)
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
	s.stopUpkeep()
	s.layDown()
	if s.realm != nil {
		errs = append(errs, s.realm.Close())
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
