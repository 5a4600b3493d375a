package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// serveChild is a real server in a process of its own.
func serveChild(ctx context.Context, in io.Reader, out io.Writer) error {
	s := &serverPart{ctx: ctx}
	err := child.Serve(in, out, s.handle)
	if s.server != nil {
		if stopErr := s.server.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopErr
		}
	}
	return err
}

type serverPart struct {
	ctx    context.Context
	dir    string
	server *server.Server
}

func (s *serverPart) handle(c command, _ child.Say) (answer, error) {
	switch c.Op {
	case "open":
		return s.open(c)
	case "size":
		return s.size()
	case "head":
		head, err := s.head()
		return answer{Head: uint64(head)}, err
	case "reach":
		return s.reach(syncengine.Seq(c.Head))
	}
	return answer{}, fmt.Errorf("a server cannot %q", c.Op)
}

// open makes a realm, serves it, and hands out a join code for every seat.
func (s *serverPart) open(c command) (answer, error) {
	s.dir = c.Dir
	if _, err := server.Init(s.ctx, server.InitOptions{Dir: c.Dir, Realm: desk.RealmCode}); err != nil {
		return answer{}, err
	}
	var err error
	if s.server, err = server.Open(s.ctx, server.Config{Dir: c.Dir, Listen: "127.0.0.1:0"}); err != nil {
		return answer{}, err
	}
	go s.server.Serve() // ended by Stop
	seats, err := desk.Seats(s.ctx, s.server.Addr().String(), c.Dir, c.Teams, c.PerTeam)
	return answer{Addr: s.server.Addr().String(), Seats: seats}, err
}

// headEvery is how often a waiting measurement looks at the log: a small part of
// what it measures, and no load.
const headEvery = 2 * time.Millisecond

func (s *serverPart) head() (seq syncengine.Seq, err error) {
	err = s.server.View(s.ctx, func(r store.Reader) error {
		seq = r.Head().Seq
		return nil
	})
	return seq, err
}

// reach waits until the log has reached a seq, durably.
func (s *serverPart) reach(target syncengine.Seq) (answer, error) {
	tick := time.NewTicker(headEvery)
	defer tick.Stop()
	for {
		head, err := s.head()
		if err != nil || head >= target {
			return answer{Head: uint64(head)}, err
		}
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return answer{}, s.ctx.Err()
		}
	}
}

// size counts the bytes of the realm's files.
func (s *serverPart) size() (answer, error) {
	var a answer
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), server.DatabaseFile) {
			a.FileBytes += info.Size()
		}
	}
	return a, err
}
