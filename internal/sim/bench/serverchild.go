package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/desk"
	"onedoor/internal/wire"
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
	case "realms":
		return s.openRealms(c)
	case "staff":
		seats, err := desk.Staff(s.ctx, s.server.Addr().String(), filepath.Join(s.dir, c.Realm), c.Grid, c.Count)
		return answer{Seats: seats}, err
	case "busy":
		return answer{BusyS: busy()}, nil
	case "size":
		return s.size()
	case "head":
		head, err := s.head()
		return answer{Head: uint64(head)}, err
	case "reach":
		return s.reach(syncengine.Seq(c.Head))
	case "audit":
		return s.audit(c.Records)
	case "heap":
		return s.heap(c.Count)
	case "stacks":
		return answer{}, writeStacks(c.Into, c.Why)
	case "fresh":
		seats, err := desk.Fresh(s.ctx, s.server.Addr().String(), s.dir, c.Grid, c.Count)
		return answer{Seats: seats}, err
	}
	return answer{}, fmt.Errorf("a server cannot %q", c.Op)
}

// open makes a realm, serves it, and hands out a join code for every seat.
func (s *serverPart) open(c command) (answer, error) {
	s.dir = c.Dir
	if _, err := server.Init(s.ctx, server.InitOptions{Dir: c.Dir, Store: c.Store, Realm: desk.RealmCode}); err != nil {
		return answer{}, err
	}
	var err error
	if s.server, err = server.Open(s.ctx, server.Config{Dir: c.Dir, Store: c.Store, Listen: "127.0.0.1:0"}); err != nil {
		return answer{}, err
	}
	go s.server.Serve() // ended by Stop
	seated := desk.Seats
	if c.Crowd {
		seated = desk.Crowd
	}
	seats, err := seated(s.ctx, s.server.Addr().String(), c.Dir, c.Teams, c.PerTeam)
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

const (
	// restLooks are how many looks in a row, restEvery apart, have to find a server with as many goroutines as before until it
	// is said to be at rest: each call that is under way has one.
	restLooks = 20
	restEvery = 100 * time.Millisecond
	// restJitter are the goroutines that come and go by themselves.
	restJitter = 10
)

// heap reads what the process holds after a collection, once so many phones wait for hints and nothing else goes on.
func (s *serverPart) heap(watchers int) (answer, error) {
	tick := time.NewTicker(restEvery)
	defer tick.Stop()
	for calm, before := 0, 0; calm < restLooks; {
		now := runtime.NumGoroutine()
		if calm++; s.server.Watchers() < watchers || max(now, before)-min(now, before) > restJitter {
			calm, before = 0, now
		}
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return answer{}, s.ctx.Err()
		}
	}
	// Stacks shrink with the collections after they were needed.
	for range stackCollections {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return answer{HeapBytes: m.HeapInuse + m.StackInuse, RSSBytes: residentBytes()}, nil
}

// stackCollections are how many collections a stack of 32 KB needs to become the smallest.
const stackCollections = 4

// audit walks the log and counts records that it has not, and records that it has made more than once.
func (s *serverPart) audit(records []string) (a answer, err error) {
	made := make(map[syncengine.ID]int, len(records))
	for _, text := range records {
		id, err := wire.ParseID(text)
		if err != nil {
			return a, err
		}
		made[id] = 0
	}
	err = s.server.View(s.ctx, func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if n, ok := made[e.RecordID]; ok && (e.Type == store.EntryApplied || e.Type == store.EntryMerged) {
				made[e.RecordID] = n + 1
			}
			return true
		})
	})
	for _, n := range made {
		switch {
		case n == 0:
			a.Lost++
		case n > 1:
			a.Duplicated++
		}
	}
	return a, err
}
