package server

import (
	"context"

	"google.golang.org/grpc"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/turns"
)

// pack encodes and compresses the answer to an exchange in its realm's turn: for a page that is a third of all that the processor
// does for it. Other answers are small and are left to gRPC, which packs them as they are sent; so is a page while nobody waits, since
// what is packed beforehand is copied into memory of its own.
func (h *hosted) pack(ctx context.Context, reply any) (any, error) {
	answer, ok := reply.(*syncv1.ExchangeResponse)
	if !ok || answer.GetPage() == nil || h.turn.Alone(turns.Noted(ctx)) {
		return reply, nil
	}
	packed := &grpc.PreparedMsg{}
	err := h.turn.Keep(ctx, turns.Noted(ctx), func() error { return packed.Encode(onlyContext{ctx: ctx}, answer) })
	return packed, err
}

// onlyContext is a stream of which no more is asked than its context, in which gRPC keeps how the call is packed.
type onlyContext struct {
	grpc.Stream
	ctx context.Context
}

// Context gives it.
func (o onlyContext) Context() context.Context { return o.ctx }
