package server

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	_ "onedoor/internal/grpczstd" // Registers the compressor that phones ask for.
	"onedoor/internal/wire"
	"onedoor/server/adminrpc"
	"onedoor/server/casework"
	"onedoor/server/feed"
	"onedoor/server/feedrpc"
	"onedoor/server/report"
	"onedoor/server/reportrpc"
	"onedoor/server/signin"
	"onedoor/server/syncrpc"
)

const (
	// pingAfter is how long a connection may be silent before the server asks
	// whether the phone is still there: mobile networks forget a silent
	// connection after a few minutes, and a watch is silent most of the time.
	pingAfter = 2 * time.Minute
	// pingTimeout is how long the answer may take on a bad radio link.
	pingTimeout = 20 * time.Second
	// pingLeast is how often a phone may ask; more often is a fault that costs its battery.
	pingLeast = 30 * time.Second
	// handshakeTimeout bounds what a stranger can hold open without a word.
	handshakeTimeout = 20 * time.Second
	// streamsMax bounds the calls of one connection: a phone has one exchange
	// and one watch, a console a page of calls.
	streamsMax = 100
	// headerBytesMax bounds a call's metadata, of which the largest is a token.
	headerBytesMax = 16 << 10
)

// openEdge makes the gRPC server with all its services.
func (s *Server) openEdge(ctx context.Context) error {
	gateway := s.config.behindGateway()
	s.cases = casework.New(s.realm, casework.Options{Now: s.config.Now, Every: s.config.LookEvery, Log: s.config.Log, Post: s.post})
	s.reports = report.New(s.realm, report.Options{
		Log: s.config.Log, Saved: s.config.path(CountFile), Software: software, Random: s.config.Random,
		Post: s.post,
	})
	s.admin = adminrpc.New(s.realm, adminrpc.Options{
		Now: s.config.Now, Random: s.config.Random, Log: s.config.Log, BehindGateway: gateway,
		LastBackup: s.lastBackup, VisitsBy: s.reports.VisitsBy, Cases: s.cases,
		SignIn: signin.New(s.realm, signin.Options{
			Key: s.secrets.SignInKey(), Provider: s.config.Provider, Now: s.config.Now, Random: s.config.Random,
		}),
	})
	if err := s.admin.Publish(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.config.Dir, err)
	}
	s.figures = reportrpc.New(s.realm, s.reports, s.config.Log)
	s.feeds = feed.New(s.realm, feed.Options{Secrets: s.secrets, Cases: s.cases, Hub: s.hub, Now: s.config.Now, Log: s.config.Log, Post: s.post})
	phones := syncrpc.New(s.realm, s.hub, syncrpc.Options{Stopping: s.stopping, BehindGateway: gateway, Now: s.config.Now, Log: s.config.Log, Minimum: s.config.MinClient})
	systems := feedrpc.New(s.realm, s.feeds, feedrpc.Options{Hub: s.hub, Stopping: s.stopping, Log: s.config.Log})
	s.grpc = s.newCalls(s.transport, phones, systems)
	s.inner = s.newCalls(insecure.NewCredentials(), phones, systems)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	}
	return nil
}

// newCalls makes a gRPC server with the services of the realm.
func (s *Server) newCalls(transport credentials.TransportCredentials, phones syncv1.SyncServiceServer, systems feedv1.FeedServiceServer) *grpc.Server {
	g := grpc.NewServer(
		grpc.Creds(transport),
		grpc.MaxRecvMsgSize(wire.MessageBytesMax), grpc.MaxSendMsgSize(wire.MessageBytesMax),
		grpc.InitialWindowSize(wire.WindowBytes), grpc.InitialConnWindowSize(wire.WindowBytes),
		grpc.MaxHeaderListSize(headerBytesMax), grpc.MaxConcurrentStreams(streamsMax), grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingLeast, PermitWithoutStream: true}),
		// The store closes behind the last handler.
		grpc.WaitForHandlers(true),
		grpc.ChainUnaryInterceptor(s.logCall, s.recoverCall, s.noticeBackups),
		grpc.ChainStreamInterceptor(s.logStream, s.endStanding, s.recoverStream),
	)
	syncv1.RegisterSyncServiceServer(g, phones)
	adminv1.RegisterAdminServiceServer(g, s.admin)
	adminv1.RegisterPrivacyServiceServer(g, s.admin)
	reportv1.RegisterReportServiceServer(g, s.figures)
	feedv1.RegisterFeedServiceServer(g, systems)
	return g
}
