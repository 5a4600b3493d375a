package sqlitestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// The test binary runs itself again as another process: childRole names what
// that process does, childPath the realm it does it to.
const (
	childRole = "SQLITESTORE_CHILD_ROLE"
	childPath = "SQLITESTORE_CHILD_PATH"
)

// roles are what a child process can do; each prints what it has done, a line a step.
var roles = map[string]func(path string) error{
	"commit until killed":   commitUntilKilled,
	"wait inside an update": func(path string) error { return waitInsideUpdate(path, 10, sqlitestore.Options{}) },
	"wait inside a spilled update": func(path string) error {
		return waitInsideUpdate(path, 2000, sqlitestore.Options{CacheBytes: 64 << 10})
	},
	"hold the write lock":              holdWriteLock,
	"try to write":                     tryToWrite,
	"fill the disk":                    fillTheDisk,
	"write without the right to do so": writeWithoutRight,
}

func TestMain(m *testing.M) {
	role, ok := roles[os.Getenv(childRole)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := role(os.Getenv(childPath)); err != nil {
		fmt.Printf("failed: %v\n", err)
		os.Exit(1)
	}
}

// child is a running copy of the test binary.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Scanner
	// committed is the number of the last line "committed N".
	committed syncengine.Seq
}

// line reads the next line; ok is false at the end.
func (c *child) line() (line string, ok bool) {
	if !c.stdout.Scan() {
		return "", false
	}
	_, _ = fmt.Sscanf(c.stdout.Text(), "committed %d", &c.committed)
	return c.stdout.Text(), true
}

func start(t *testing.T, role, path string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin, c.stdout = in, bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	return c
}

// until reads lines up to the one that is wanted.
func (c *child) until(want string) {
	c.t.Helper()
	for line, ok := c.line(); ok; line, ok = c.line() {
		switch {
		case line == want:
			return
		case strings.HasPrefix(line, "failed"):
			c.t.Fatal(line)
		}
	}
	c.t.Fatalf("the child ended before it said %q", want)
}

// kill ends the child as a crash does and gives the last number it committed.
func (c *child) kill() (committed syncengine.Seq) {
	c.t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	for _, ok := c.line(); ok; _, ok = c.line() {
		continue // What it wrote before the kill counts.
	}
	_ = c.cmd.Wait() // It was killed, so there is an error.
	return c.committed
}

// end lets the child go on to its end, which must be good.
func (c *child) end() {
	c.t.Helper()
	c.stdin.Close()
	for line, ok := c.line(); ok; line, ok = c.line() {
		if strings.HasPrefix(line, "failed") {
			c.t.Error(line)
		}
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("child: %v", err)
	}
}

// untilStdinEnds waits for the parent.
func untilStdinEnds() { _, _ = io.Copy(io.Discard, os.Stdin) }

func commitUntilKilled(path string) error {
	s, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		return err
	}
	for seq := syncengine.Seq(1); ; seq += 3 {
		if err := commit(s, seq, seq+2, 2000); err != nil {
			return err
		}
		fmt.Printf("committed %d\n", seq+2)
	}
}

func waitInsideUpdate(path string, changes syncengine.Seq, opts sqlitestore.Options) error {
	s, err := sqlitestore.Open(context.Background(), path, opts)
	if err != nil {
		return err
	}
	if err := commit(s, 1, 5, 100); err != nil {
		return err
	}
	return s.Update(context.Background(), func(w store.Writer) error {
		for seq := syncengine.Seq(6); seq < 6+changes; seq++ {
			if err := change(w, seq, 1000); err != nil {
				return err
			}
		}
		fmt.Println("inside")
		untilStdinEnds()
		return nil
	})
}

func holdWriteLock(path string) error {
	s, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	if err != nil {
		return err
	}
	if err := commit(s, 201, 210, 10); err != nil {
		return err
	}
	fmt.Println("open")
	untilStdinEnds()
	if err := commit(s, 211, 220, 10); err != nil {
		return err
	}
	return s.Close()
}

func tryToWrite(path string) error {
	_, err := sqlitestore.Open(context.Background(), path, sqlitestore.Options{})
	if !errors.Is(err, sqlitestore.ErrInUse) {
		return fmt.Errorf("a second writer: %w", err)
	}
	return nil
}
