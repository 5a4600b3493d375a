package server

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/turns"
)

// sentInTurn is a method of one request and one answer, whose message tells the realm, that sends its answer itself: encoding and
// compressing a page is a third of all that the processor does for it, and belongs into the realm's turn. To gRPC every method is a
// stream of so and so many messages; described as one, this method has the stream at hand. What packs the answer beforehand instead
// (grpc.PreparedMsg) copies it twice into memory that nothing uses again.
func (s *Server) sentInTurn(f face, m grpc.MethodDesc) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: m.MethodName, Handler: func(_ any, stream grpc.ServerStream) error {
		_, err := m.Handler(f.front, stream.Context(), stream.RecvMsg, s.naming(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			ctx = turns.Classing(ctx)
			reply, err := s.around(ctx, req, info, next)
			if err != nil {
				return nil, err
			}
			return nil, visitOf(ctx).realm.send(ctx, stream, reply)
		}))
		return err
	}}
}

// send sends the answer to a call; one that has a page in its realm's turn. Sending has encoded the answer when it returns, so
// that the page's memory is free from then on.
func (h *hosted) send(ctx context.Context, stream grpc.ServerStream, reply any) error {
	answer, ok := reply.(*syncv1.ExchangeResponse)
	if !ok || answer.GetPage() == nil {
		return stream.SendMsg(reply)
	}
	return h.turn.Keep(ctx, turns.Noted(ctx), func() error {
		defer wire.LetGo(answer.GetPage())
		return stream.SendMsg(answer)
	})
}

// around is what every call of one request and one answer goes through, the outermost first.
func (s *Server) around(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	for _, one := range slices.Backward([]grpc.UnaryServerInterceptor{bounded, s.logCall, s.recoverCall, noticeBackups}) {
		within := next
		next = func(ctx context.Context, req any) (any, error) { return one(ctx, req, info, within) }
	}
	return next(ctx, req)
}
