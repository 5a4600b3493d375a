package story_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onedoor/internal/pgtest"
	"onedoor/server"
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

// apart starts a server in a process of its own, which a tap kills when so many bytes have gone to the database as it is told later.
func (d *district) apart(c clock) (p *tap, ended <-chan struct{}) {
	d.t.Helper()
	p = &tap{}
	p.left.Store(1 << 40)
	child := exec.CommandContext(d.t.Context(), os.Args[0])
	child.Env = append(os.Environ(), servedByItself+"="+d.dir, "DATABASE="+p.before(d.t, d.store), "CLOCK="+string(c))
	out, err := child.StdoutPipe()
	d.must(err)
	process, err := pgtest.Spawn(child)
	d.must(err)
	d.t.Cleanup(func() { d.must(process.Stop(syscall.SIGKILL)) })
	p.full = func() { _ = process.Signal(syscall.SIGKILL) } // It may be gone already.
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening ") {
		d.t.Fatalf("the process said %q, %v", line, err)
	}
	return p, process.Ended()
}

// newClock makes a clock that stands at the machine's time.
func newClock(t *testing.T) clock { return clock(filepath.Join(t.TempDir(), "clock")) }
