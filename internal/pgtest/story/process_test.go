package story_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store"
)

// servedByItself is set for a process that serves a realm until it is killed: the realm's folder, beside the database and the clock.
const servedByItself = "ONEDOOR_STORY_SERVE"

// clock is the time of servers in several processes: the machine's, and what a file says to add to it.
type clock string

// now reads the time. A file that is not there yet adds nothing.
func (c clock) now() time.Time {
	text, _ := os.ReadFile(string(c))
	ahead, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return time.Now().Add(time.Duration(ahead))
}

// turn sets it ahead. Nobody reads half of what it writes.
func (c clock) turn(t *testing.T, ahead time.Duration) {
	t.Helper()
	written := string(c) + ".new"
	if err := os.WriteFile(written, fmt.Append(nil, int64(ahead)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(written, string(c)); err != nil {
		t.Fatal(err)
	}
}

// busy is how the servers of these stories are configured: what they do by themselves they do often.
func (c clock) busy() server.Config {
	return server.Config{Now: c.now, LookEvery: renewEvery, RenewEvery: renewEvery, RetainEvery: renewEvery}
}

// serveByItself is the process; it does nothing in the tests' own.
func serveByItself() {
	dir := os.Getenv(servedByItself)
	if dir == "" {
		return
	}
	config := clock(os.Getenv("CLOCK")).busy()
	config.Dir, config.Store, config.Listen = dir, os.Getenv("DATABASE"), "127.0.0.1:0"
	s, err := server.Open(context.Background(), config)
	if err == nil {
		fmt.Println("listening", s.Addr())
		err = s.Serve()
	}
	fmt.Fprintln(os.Stderr, "the server ended:", err)
	os.Exit(1)
}

// stranger is a server in a process of its own, behind a tap that strikes it when so many bytes have gone to the database as it is told.
type stranger struct {
	tap
	process *pgtest.Process
	// how is the signal that strikes it; struck is closed when it has.
	how    syscall.Signal
	struck chan struct{}
}

// unlimited is more than a server says in a test.
const unlimited = 1 << 40

// apart starts one that a signal will strike: that kills it, or lets it stand still.
func (d *district) apart(c clock, how syscall.Signal) *stranger {
	d.t.Helper()
	s := &stranger{how: how, struck: make(chan struct{})}
	s.left.Store(unlimited)
	child := exec.CommandContext(d.t.Context(), os.Args[0])
	child.Env = append(os.Environ(), servedByItself+"="+d.dir, "DATABASE="+s.before(d.t, d.store), "CLOCK="+string(c))
	out, err := child.StdoutPipe()
	d.must(err)
	s.process, err = pgtest.Spawn(child)
	d.must(err)
	d.t.Cleanup(func() { d.must(s.process.Stop(syscall.SIGKILL)) })
	s.full = sync.OnceFunc(func() {
		_ = s.process.Signal(how) // It may be gone already.
		s.cut()
		close(s.struck)
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening ") {
		d.t.Fatalf("the process said %q, %v", line, err)
	}
	return s
}

// gone waits until it is struck. The lines of one that stands still are cut, as an operator ends its sessions, or the database after a while.
func (s *stranger) gone() {
	<-s.struck
	if s.how == syscall.SIGKILL {
		<-s.process.Ended()
	}
}

// resume lets one that stands still go on, and waits until it is through with what it was in the middle of. The others have struck
// it off their list meanwhile.
func (s *stranger) resume(d *district) {
	d.t.Helper()
	if s.how != syscall.SIGSTOP {
		return
	}
	others := d.serving()
	for len(others) > 1 {
		others = d.serving()
	}
	s.left.Store(unlimited)
	d.must(s.process.Signal(syscall.SIGCONT))
	const renewals = 10 // One write follows the other: what it was in the middle of comes before the first of them, and more before the last.
	since := map[string]uint64{}
	for through := false; !through; {
		for server, renewed := range d.serving() {
			if _, met := since[server]; !met {
				since[server] = renewed
			}
			_, other := others[server]
			through = through || !other && renewed >= since[server]+renewals
		}
	}
}

// serving gives the servers that say they have the realm open, and how often each has said so.
func (d *district) serving() map[string]uint64 {
	d.t.Helper()
	out := map[string]uint64{}
	d.look(func(r store.Reader) error {
		var wrong error
		err := r.Documents("servers", nil, nil, func(doc store.Document) bool {
			m := &storedv1.Present{}
			wrong = proto.Unmarshal(doc.Value, m)
			out[string(doc.Key)] = m.GetRenewed()
			return wrong == nil
		})
		return errors.Join(err, wrong)
	})
	return out
}

// newClock makes a clock that stands at the machine's time.
func newClock(t *testing.T) clock { return clock(filepath.Join(t.TempDir(), "clock")) }
