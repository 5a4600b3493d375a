package server

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	_ "onedoor/internal/grpczstd" // Registers the compressor that phones ask for.
	"onedoor/internal/wire"
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

// openEdge makes the gRPC servers with all services.
func (s *Server) openEdge(context.Context) error {
	phones := s.transport
	if s.config.CertFile != "" {
		phones = countedHandshakes{phones, s.metrics.Handshake}
	}
	s.grpc = s.newCalls(phones)
	s.inner = s.newCalls(insecure.NewCredentials())
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	}
	return nil
}

// newCalls makes a gRPC server that brings each call to the realm that it is for.
func (s *Server) newCalls(transport credentials.TransportCredentials) *grpc.Server {
	g := grpc.NewServer(
		grpc.Creds(transport),
		grpc.MaxRecvMsgSize(wire.MessageBytesMax), grpc.MaxSendMsgSize(wire.MessageBytesMax),
		grpc.InitialWindowSize(wire.WindowBytes), grpc.InitialConnWindowSize(wire.WindowBytes),
		grpc.MaxHeaderListSize(headerBytesMax), grpc.MaxConcurrentStreams(streamsMax), grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingLeast, PermitWithoutStream: true}),
		// The stores close behind the last handler.
		grpc.WaitForHandlers(true),
		grpc.UnaryInterceptor(s.around),
		grpc.ChainStreamInterceptor(visitStream, s.logStream, s.endStanding, s.recoverStream),
	)
	for _, f := range s.faces() {
		g.RegisterService(s.routed(f), nil)
	}
	return g
}
