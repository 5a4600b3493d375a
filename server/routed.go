package server

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	"onedoor/server/turns"
)

// routed is a service whose calls are brought to the realm that they are for, before anything is logged or counted of them.
func (s *Server) routed(f face) *grpc.ServiceDesc {
	desc := *f.desc
	desc.Methods = slices.Clone(desc.Methods)
	for i, m := range desc.Methods {
		desc.Methods[i].Handler = s.routedCall(f, m)
	}
	desc.Streams = slices.Clone(desc.Streams)
	for i, m := range desc.Streams {
		desc.Streams[i].Handler = s.routedStream(f, m)
	}
	return &desc
}

// routedCall is a method of one request and one answer.
func (s *Server) routedCall(f face, m grpc.MethodDesc) grpc.MethodHandler {
	if slices.Contains(f.named, m.MethodName) {
		return func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
			return m.Handler(f.front, ctx, decode, func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				h, err := s.named(ctx, req)
				if err != nil {
					next = refusing(err)
				}
				ctx = turns.Classing(visiting(ctx, h))
				reply, err := chain(ctx, req, info, next)
				if err != nil {
					return nil, err
				}
				return h.pack(ctx, reply)
			})
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
