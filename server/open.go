package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/health"

	"onedoor/internal/processors"
	"onedoor/server/observe"
	"onedoor/server/signin"
	"onedoor/server/syncrpc"
	"onedoor/server/turns"
)

// Open opens a realm's folder and binds the address; Serve then answers calls
// and Stop ends it. An error says what to do about it: it is
// identity.ErrNotInitialised, one of the secrets' or the stores' errors,
// ErrPlainText, or of the network.
func Open(ctx context.Context, c Config) (*Server, error) {
	c = c.filled()
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	s := &Server{process: newProcess(c), config: c, transport: transport, health: health.NewServer()}
	s.served, s.outdated = s.servedRealms, s.fallBehind
	for _, step := range []func(context.Context) error{s.openTraces, s.openRealms, s.openEdge, s.listen, s.openWeb, s.openAdmin} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// openTraces begins to trace calls where that is asked for.
func (s *Server) openTraces(ctx context.Context) (err error) {
	s.traces, err = observe.OpenTraces(ctx, observe.TraceOptions{To: s.config.TraceTo, Share: s.config.traceShare(), Build: built(), Log: s.config.Log})
	return err
}

// permitsElsewhere is how many pieces of work run at once for each processor where realms lie in a database: most of their time they
// wait for it.
const permitsElsewhere = 4

// piecesEach is how many pieces of work run at once on each processor: more than one would only share it, unless they wait.
func (c Config) piecesEach() int {
	if c.elsewhere() {
		return permitsElsewhere
	}
	return 1
}

// newProcess makes what realms share.
func newProcess(c Config) process {
	return process{
		metrics: observe.New(built()), stopping: make(chan struct{}), turns: turns.New(processors.Machine(), c.piecesEach(), time.Now),
		enrolments: syncrpc.NewEnrolments(c.behindGateway(), c.Now), signIns: signin.NewLimits(),
	}
}

func (s *Server) listen(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address, or stop what holds it", s.config.Listen, err)
	}
	s.listener = l
	return nil
}
