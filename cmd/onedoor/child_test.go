package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	main "onedoor/cmd/onedoor"
	"onedoor/internal/command"
)

// The test binary runs itself again as the program in a process of its own: childArgs is the command line. childBytes, where it is
// set, limits the length of files, which stands for a full disk.
const (
	childBytes = "CHILD_OF_ONEDOOR_FILE_BYTES"
	childArgs  = "CHILD_OF_ONEDOOR_ARGS"
	// childSeparator stands between two arguments.
	childSeparator = "\x1f"
)

func TestMain(m *testing.M) {
	line, child := os.LookupEnv(childArgs)
	if !child {
		os.Exit(m.Run())
	}
	var limit uint64
	if _, err := fmt.Sscan(os.Getenv(childBytes), &limit); err == nil {
		signal.Ignore(syscall.SIGXFSZ) // It would end the process before the write can fail.
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			panic(err)
		}
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	os.Exit(main.Run(ctx, strings.Split(line, childSeparator), command.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	lines *lines
	ended chan struct{}
}

// program makes a process of a command line.
func program(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childArgs+"="+strings.Join(args, childSeparator))
	return c
}

// onFullDisk makes a process that can write no file beyond a length.
func onFullDisk(bytes int, args ...string) *exec.Cmd {
	c := program(args...)
	c.Env = append(c.Env, fmt.Sprintf("%s=%d", childBytes, bytes))
	return c
}

// launch starts a server in a process of its own, waits until it listens, and has the world call it.
func (w *world) launch(c *exec.Cmd) *process {
	w.t.Helper()
	p := &process{Cmd: c, lines: newLines(), ended: make(chan struct{})}
	c.Stderr = p.lines
	w.must(c.Start())
	go func() { // ended with the process
		_ = c.Wait() // How it ended is in its state.
		p.lines.Close()
		close(p.ended)
	}()
	w.t.Cleanup(func() { p.end(syscall.SIGKILL) })
	addr, ok := p.lines.after("listening ")
	if !ok {
		w.t.Fatalf("the server did not start: %s", p.lines.text())
	}
	w.addr, w.log = addr, p.lines.text
	return p
}

// end sends a signal, waits for the end and gives how the process ended.
func (p *process) end(how syscall.Signal) *os.ProcessState {
	_ = p.Process.Signal(how) // It may have ended.
	<-p.ended
	return p.ProcessState
}

func TestInit_AFullDiskIsOneLineAndNothingStays(t *testing.T) {
	root := t.TempDir()
	for _, bytes := range []int{100, 1000, 20_000, 60_000} {
		c := onFullDisk(bytes, "init", "--data", filepath.Join(root, "realm"), "--realm", "530702")
		var out, err strings.Builder
		c.Stdout, c.Stderr = &out, &err
		_ = c.Run() // The exit code says it.
		r := ran{code: c.ProcessState.ExitCode(), out: out.String(), err: err.String()}
		r.wantLine(t, failed, "onedoor init: ")
		if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
			t.Errorf("with %d bytes a file: left behind %v, error %v", bytes, left, err)
		}
	}
}

func TestServe_AFullDiskRefusesWritesAndGoesOnReading(t *testing.T) {
	w := serving(t)
	user := w.user("和丽", "grid_worker", community)
	w.stop()
	// Enough for the files that a server opens, too little for more than a few commits.
	c := onFullDisk(40_000, "serve", "--data", w.dir, "--listen", "127.0.0.1:0")
	p := w.launch(c)
	const codesMax = 100 // Far more than fit.
	var refused ran
	for range codesMax {
		if refused = w.run("device", "code", "--user", user); refused.code != done {
			break
		}
	}
	refused.wantLine(t, failed, "free disk space")
	if users := w.json("user", "list"); users.text("users", 0, "id") != user {
		t.Errorf("users %v", users)
	}
	if ended := p.end(syscall.SIGTERM); !ended.Success() {
		t.Errorf("serve ended with %v: %s", ended, p.lines.text())
	}
	r := run(t, "verify", "--data", w.dir, "--json")
	if got := decode(t, r.out); got.at("ok") != true {
		t.Errorf("verify: %+v", r)
	}
	left, err := filepath.Glob(filepath.Join(w.dir, "*"))
	w.must(err)
	if slices.ContainsFunc(left, func(path string) bool { return strings.HasSuffix(path, ".probe") }) {
		t.Errorf("files %v", left)
	}
}
