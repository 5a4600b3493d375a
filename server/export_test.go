package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"onedoor/internal/wire"

	"onedoor/server/refusal"
	"onedoor/server/turns"
)

// Refusals are what any call may meet before its service has it: no room, and no realm.
func Refusals() []refusal.Told {
	busy := refusal.Told{Name: wire.ReasonBusy, When: "the realm has no room for the call now", Hint: busyHint, Code: codes.ResourceExhausted, Again: true}
	return append(refusals.Told(refusal.Realm), busy)
}

// RecoverPanic runs a call whose handler panics and gives what the caller gets.
func (s *Server) RecoverPanic(fault string) error {
	_, err := s.recoverCall(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: "/broken"}, func(context.Context, any) (any, error) {
		panic(fault)
	})
	return err
}

// DiskAdvice is what an operator is told of the room where something is kept.
var DiskAdvice = diskAdvice

// Room is what a realm has in hand.
type Room struct{ room }

// Enter, Leave, Watch and Unwatch are those of a call and of a stream.
func (r *Room) Enter(bytes int) error { return r.enter(bytes) }

// Leave ends a call.
func (r *Room) Leave(bytes int) { r.leave(bytes) }

// Watch lets a listener in.
func (r *Room) Watch() error { return r.watch() }

// Unwatch ends one.
func (r *Room) Unwatch() { r.unwatch() }

// Send sends an answer in a realm's turn.
func Send(ctx context.Context, turn *turns.Realm, stream grpc.ServerStream, reply any) error {
	return (&hosted{turn: turn}).send(ctx, stream, reply)
}
