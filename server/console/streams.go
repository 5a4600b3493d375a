package console

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
)

// gathering stands in for the stream of a call that sends many messages: it gathers them, or hands each on.
type gathering[R any] struct {
	grpc.ServerStream
	ctx  context.Context
	take func(*R) error
}

// Context is that of the call.
func (g *gathering[R]) Context() context.Context { return g.ctx }

// Send takes one message.
func (g *gathering[R]) Send(m *R) error { return g.take(m) }

// gather makes a call that sends many messages, and gives them all. The request says how many there may be.
func gather[Q any, R any](ctx context.Context, f func(*Q, grpc.ServerStreamingServer[R]) error, req *Q) (out []*R, err error) {
	err = f(req, &gathering[R]{ctx: ctx, take: func(m *R) error {
		out = append(out, m)
		return nil
	}})
	return out, err
}

// uploadChunk is how much of a file one message carries, within what the calls allow.
const uploadChunk = 32 << 10

// uploading stands in for the stream of a call that takes a file.
type uploading[Q any, R any] struct {
	grpc.ServerStream
	ctx   context.Context
	first *Q
	chunk func([]byte) *Q
	file  io.Reader
	out   *R
}

// Context is that of the call.
func (u *uploading[Q, R]) Context() context.Context { return u.ctx }

// Recv gives the options first, then the file in parts.
func (u *uploading[Q, R]) Recv() (*Q, error) {
	if m := u.first; m != nil {
		u.first = nil
		return m, nil
	}
	part := make([]byte, uploadChunk)
	n, err := io.ReadFull(u.file, part)
	if n > 0 {
		return u.chunk(part[:n]), nil
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return nil, err
}

// SendAndClose takes the answer.
func (u *uploading[Q, R]) SendAndClose(m *R) error {
	u.out = m
	return nil
}
