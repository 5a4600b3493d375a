package server

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"onedoor/internal/wire"
	"onedoor/server/refusal"
)

// A realm has so much room in a process, so that a flood in one of them leaves the others theirs. Who finds none is told when to
// come again, and phones do: nothing of theirs is lost by it.
const (
	// callsMax bounds a realm's calls in hand: eight groups' worth, so that the write path is never idle for want of calls.
	// Each holds a stack and what it has decoded.
	callsMax = 1024
	// requestBytesMax bounds the bytes of their requests, which are several times as many once decoded: two hundred batches of
	// the largest kind.
	requestBytesMax = 128 << 20
	// watchersMax bounds the phones of a realm that wait for hints, each with some ten kilobytes: the largest county's twice over.
	watchersMax = 20_000
	// comeAgain is what who finds no room is asked to wait: longer than the calls in hand take, and no time that a person notices.
	comeAgain = 2 * time.Second
)

// room counts what a realm has in hand.
type room struct {
	// mu guards the fields below.
	mu              sync.Mutex
	calls, watchers int
	bytes           int
}

// enter takes a call in; leave ends it.
func (r *room) enter(bytes int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.calls >= callsMax:
		return busy(fmt.Sprintf("the realm has %d calls in hand", r.calls))
	case r.bytes > 0 && r.bytes+bytes > requestBytesMax:
		return busy(fmt.Sprintf("the realm has requests of %s in hand", bytesText(int64(r.bytes))))
	}
	r.calls++
	r.bytes += bytes
	return nil
}

func (r *room) leave(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls--
	r.bytes -= bytes
}

// watch takes a phone in that waits for hints; unwatch ends it.
func (r *room) watch() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watchers >= watchersMax {
		return busy(fmt.Sprintf("the realm has %d phones that wait for hints", r.watchers))
	}
	r.watchers++
	return nil
}

func (r *room) unwatch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers--
}

// busyHint is what a caller can do that there is no room for.
const busyHint = "nothing was changed; call again in a moment"

// busy tells a caller when to come again.
func busy(why string) error {
	return refusal.New(codes.ResourceExhausted, wire.ReasonBusy, why,
		&errdetails.LocalizedMessage{Locale: "zh-CN", Message: "服务器正忙，稍后会自动再试；内容仍在手机上"},
		refusal.English(busyHint), &errdetails.RetryInfo{RetryDelay: durationpb.New(comeAgain)})
}

// bounded lets a call in where its realm has room. What is refused is counted and not logged: a flood would fill the log.
func bounded(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	h := visitOf(ctx).realm
	if h == nil {
		return next(ctx, req)
	}
	bytes := 0
	if m, ok := req.(proto.Message); ok {
		bytes = proto.Size(m)
	}
	if err := h.room.enter(bytes); err != nil {
		h.observed.Stream(info.FullMethod, status.Code(err).String())
		return nil, err
	}
	defer h.room.leave(bytes)
	return next(ctx, req)
}
