package server

import (
	"context"
	"slices"

	"google.golang.org/grpc"
)

// routed is a service whose calls are brought to the realm that they are for, before anything is logged or counted of them.
func (s *Server) routed(f face) *grpc.ServiceDesc {
	desc := *f.desc
	desc.Methods, desc.Streams = nil, nil
	for _, m := range f.desc.Methods {
		if slices.Contains(f.inTurn, m.MethodName) {
			desc.Streams = append(desc.Streams, s.sentInTurn(f, m))
			continue
		}
		m.Handler = s.routedCall(f, m)
		desc.Methods = append(desc.Methods, m)
	}
	for _, m := range f.desc.Streams {
		m.Handler = s.routedStream(f, m)
		desc.Streams = append(desc.Streams, m)
	}
	return &desc
}

// routedCall is a method of one request and one answer.
func (s *Server) routedCall(f face, m grpc.MethodDesc) grpc.MethodHandler {
	if slices.Contains(f.named, m.MethodName) {
		return func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(f.front, ctx, decode, s.naming(chain))
		}
	}
	return func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
		h, err := s.spokenFor(ctx)
		if err != nil {
			return m.Handler(nil, visiting(ctx, nil), decode, func(ctx context.Context, req any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
				return chain(ctx, req, info, refusing(err))
			})
		}
		return m.Handler(f.of(h), visiting(ctx, h), decode, chain)
	}
}

// naming brings a call to the realm that its message tells, before it goes through the chain.
func (s *Server) naming(chain grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		h, err := s.named(ctx, req)
		if err != nil {
			next = refusing(err)
		}
		return chain(visiting(ctx, h), req, info, next)
	}
}

// refusing answers a call that reached no realm.
func refusing(err error) grpc.UnaryHandler {
	return func(context.Context, any) (any, error) { return nil, err }
}

// routedStream is a method that streams. Its visit has begun; here it gets its realm.
func (s *Server) routedStream(f face, m grpc.StreamDesc) grpc.StreamHandler {
	if slices.Contains(f.named, m.StreamName) {
		return func(_ any, stream grpc.ServerStream) error {
			return m.Handler(f.front, &namingStream{stream, s})
		}
	}
	return func(_ any, stream grpc.ServerStream) error {
		h, err := s.spokenFor(stream.Context())
		if err != nil {
			return err
		}
		visitOf(stream.Context()).realm = h
		return m.Handler(f.of(h), stream)
	}
}

// namingStream is a stream whose request tells its realm.
type namingStream struct {
	grpc.ServerStream
	server *Server
}

// RecvMsg takes the request and finds the realm that it names.
func (n *namingStream) RecvMsg(m any) error {
	if err := n.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	h, err := n.server.named(n.Context(), m)
	visitOf(n.Context()).realm = h
	return err
}
