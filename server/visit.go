package server

import (
	"context"

	"google.golang.org/grpc"
)

// visit is one call on its way. Of a stream it is known only on the way which realm it is for.
type visit struct {
	// realm is nil while it is not known, and for calls that belong to none.
	realm *hosted
}

// visitKey is under which a call's context holds its visit.
type visitKey struct{}

// visiting begins a visit.
func visiting(ctx context.Context, realm *hosted) context.Context {
	return context.WithValue(ctx, visitKey{}, &visit{realm: realm})
}

// visitOf gives a call's visit, and one that reached no realm where none was begun.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// visitingStream is a stream with its visit.
type visitingStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context gives the stream's context, with the visit.
func (s *visitingStream) Context() context.Context { return s.ctx }

// visitStream begins the visit of a stream.
func visitStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return next(srv, &visitingStream{stream, visiting(stream.Context(), nil)})
}
