package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"

	"onedoor/server/observe"
	"onedoor/server/refusal"
)

// recoverCall turns a handler's panic into an error of one call.
func (s *Server) recoverCall(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	defer s.recovered(ctx, &err)
	return next(ctx, req)
}

// recoverStream does the same for a stream.
func (s *Server) recoverStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recovered(stream.Context(), &err)
	return next(srv, stream)
}

func (s *Server) recovered(ctx context.Context, err *error) {
	if cause := recover(); cause != nil {
		*err = refusal.Fault(ctx, s.config.Log, fmt.Sprint(cause), "stack", string(debug.Stack()))
	}
}

// logCall notes a call. What a phone or an operator did wrong is told to them
// and counts as debugging here; what is wrong with the server is a warning.
func (s *Server) logCall(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	began := s.config.Now()
	observed := s.observedOf(ctx)
	ctx, ended := s.traces.Call(ctx, observed.Code(), info.FullMethod)
	resp, err := next(ctx, req)
	ended(status.Code(err).String(), slices.Contains(ownFaults, status.Code(err)))
	observed.Call(info.FullMethod, status.Code(err).String(), s.config.Now().Sub(began))
	s.note(ctx, info.FullMethod, began, err)
	return resp, err
}

// logStream notes a stream when it has ended.
func (s *Server) logStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	began := s.config.Now()
	err := next(srv, stream)
	s.observedOf(stream.Context()).Stream(info.FullMethod, status.Code(err).String())
	s.note(stream.Context(), info.FullMethod, began, err)
	return err
}

// observedOf counts for the realm that a call reached.
func (s *Server) observedOf(ctx context.Context) *observe.Realm {
	if h := visitOf(ctx).realm; h != nil {
		return h.observed
	}
	return s.metrics.NoRealm()
}

// ownFaults are the codes by which the server speaks of itself. Their messages
// come from the store and name no content; all others may quote what was sent.
var ownFaults = []codes.Code{codes.Internal, codes.Unknown, codes.DataLoss, codes.ResourceExhausted}

func (s *Server) note(ctx context.Context, method string, began time.Time, err error) {
	code, took := status.Code(err), s.config.Now().Sub(began)
	if code == codes.Internal || code == codes.Unknown {
		s.observedOf(ctx).Fault()
	}
	if slices.Contains(ownFaults, code) {
		s.config.Log.WarnContext(ctx, "call", "method", method, "code", code.String(), "took", took, "error", err)
		return
	}
	s.config.Log.DebugContext(ctx, "call", "method", method, "code", code.String(), "took", took)
}

// standing are the streams that stay open until the client leaves, beside the
// sync service's watch, which ends by itself.
var standing = []string{
	grpc_health_v1.Health_Watch_FullMethodName,
	grpc_reflection_v1.ServerReflection_ServerReflectionInfo_FullMethodName,
	grpc_reflection_v1alpha.ServerReflection_ServerReflectionInfo_FullMethodName,
}

// endStanding ends such a stream when the server stops, so that it delays no stop.
func (s *Server) endStanding(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if !slices.Contains(standing, info.FullMethod) {
		return next(srv, stream)
	}
	ended := make(chan error, 1)
	go func() { ended <- next(srv, stream) }() // stopped by the stream's context, which ends when this returns
	select {
	case err := <-ended:
		return err
	case <-s.stopping:
		return status.Error(codes.Unavailable, "the server is stopping; call again in a moment")
	}
}
