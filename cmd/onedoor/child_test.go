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

// The test binary runs itself again with a limit on the length of files, which
// stands for a full disk: childBytes is the limit, childArgs the command line.
const (
	childBytes = "CHILD_OF_ONEDOOR_FILE_BYTES"
	childArgs  = "CHILD_OF_ONEDOOR_ARGS"
	// childSeparator stands between two arguments.
	childSeparator = "\x1f"
)

func TestMain(m *testing.M) {
	var limit uint64
	if _, err := fmt.Sscan(os.Getenv(childBytes), &limit); err != nil {
		os.Exit(m.Run())
	}
	signal.Ignore(syscall.SIGXFSZ) // It would end the process before the write can fail.
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	os.Exit(main.Run(ctx, strings.Split(os.Getenv(childArgs), childSeparator), command.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// onFullDisk makes a process that can write no file beyond a length.
func onFullDisk(bytes int, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childBytes, bytes), childArgs+"="+strings.Join(args, childSeparator))
	return c
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
	lines := newLines()
	c.Stderr = lines
	w.must(c.Start())
	ended := make(chan error, 1)
	go func() { // ended by the signal below, or by the server's own failure
		ended <- c.Wait()
		lines.Close()
	}()
	addr, ok := lines.after("listening ")
	if !ok {
		t.Fatalf("the server did not start: %s", lines.text())
	}
	w.addr = addr
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
	w.must(c.Process.Signal(syscall.SIGTERM))
	if err := <-ended; err != nil {
		t.Errorf("serve ended with %v: %s", err, lines.text())
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
