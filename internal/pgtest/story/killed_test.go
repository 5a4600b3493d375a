package story_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server"
)

// killedInit is set for a process that makes a realm and is killed on the way: the realm's folder and the database.
const killedInit = "ONEDOOR_STORY_INIT"

// killable is what a process does that is started by a test to be killed; nothing in the tests' own process.
func killable() {
	serveByItself()
	if dir := os.Getenv(killedInit); dir != "" {
		_, err := server.Init(context.Background(), server.InitOptions{Dir: dir, Store: os.Getenv("DATABASE"), Realm: "530702"})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(0)
	}
}

// tap is a socket before the database's that counts what goes to it, and calls full once that many bytes have gone there.
type tap struct {
	to   string
	left atomic.Int64
	full func()
	// mu guards lines: those that are open.
	mu    sync.Mutex
	lines []net.Conn
}

// cut ends all lines.
func (p *tap) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		_ = line.Close() // It may have ended by itself.
	}
	p.lines = nil
}

func (p *tap) opened(line net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
}

// socketName is that of PostgreSQL's socket in its folder.
const socketName = ".s.PGSQL.5432"

// open listens in a folder until the test ends.
func (p *tap) open(t *testing.T, dir string) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, socketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ended by Close
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
}

func (p *tap) carry(c net.Conn) {
	defer c.Close()
	db, err := new(net.Dialer).Dial("unix", p.to)
	if err != nil {
		return
	}
	defer db.Close()
	p.opened(db)
	go func() { _, _ = io.Copy(c, db) }() // ended by Close
	buffer := make([]byte, 32<<10)
	for {
		n, err := c.Read(buffer)
		if n > 0 {
			if p.left.Add(-int64(n)) < 0 {
				p.full()
				return
			}
			if _, err := db.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestInit_ThatIsKilledOnTheWayIsTakenUpByTheNextOne(t *testing.T) {
	for _, bytes := range []int64{0, 500, 5_000, 40_000, 1 << 40} {
		url := pgtest.Database(t)
		dir := filepath.Join(t.TempDir(), "realm")
		killAfter(t, url, dir, bytes)
		d := &district{t: t, dir: dir, store: url}
		made, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Store: url, Realm: "530702"})
		if bytes == 1<<40 { // It came to its end, and so nothing is left to do.
			if err == nil {
				t.Errorf("a second init made %+v", made)
			}
		} else {
			d.must(err)
		}
		r := d.serve()
		ann := d.phone(r)
		ann.synced()
		r.halt(d)
		d.verified()
		if left, err := filepath.Glob(filepath.Join(dir, ".onedoor*")); len(left) > 0 || err != nil {
			t.Errorf("after %d bytes: left are %q, %v", bytes, left, err)
		}
	}
}

// killAfter has another process make a realm, and kills it when it has sent so many bytes to the database.
func killAfter(t *testing.T, database, dir string, bytes int64) {
	t.Helper()
	p := &tap{}
	child := exec.CommandContext(t.Context(), os.Args[0])
	p.full = func() { _ = child.Process.Kill() }
	p.left.Store(bytes)
	child.Env = append(os.Environ(), killedInit+"="+dir, "DATABASE="+p.before(t, database))
	child.Stderr = os.Stderr
	if err := child.Run(); (err == nil) != (bytes == 1<<40) {
		t.Errorf("the process was to be killed after %d bytes, and ended with %v", bytes, err)
	}
}

// before opens the tap before a database, and gives the URL that leads through it.
func (p *tap) before(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	socket, err := os.MkdirTemp("", "odtap") // A socket's path is short.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(socket) })
	p.to = filepath.Join(query.Get("host"), socketName)
	query.Set("host", socket)
	u.RawQuery = query.Encode()
	p.open(t, socket)
	return u.String()
}
