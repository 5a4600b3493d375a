package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"onedoor/internal/pgtest"
)

// frozenVariable has this test's program start a cluster, let it stand still and wait to be killed.
const frozenVariable = "PGTEST_FROZEN"

func TestMain(m *testing.M) {
	if os.Getenv(frozenVariable) != "" {
		if err := standStill(); err != nil {
			fmt.Println(err)
		}
		os.Exit(1)
	}
	os.Exit(pgtest.Main(m))
}

// standStill starts a cluster, tells its folder, lets it stand still, says so, and never returns but with an error.
func standStill() error {
	c, err := pgtest.Start()
	if err != nil {
		return err
	}
	if _, err := c.Freeze(); err != nil {
		return errors.Join(err, c.Remove())
	}
	fmt.Println("frozen", c.Host())
	_, err = io.Copy(io.Discard, os.Stdin) // The test that started this one never writes.
	return errors.Join(err, errors.New("the test that started this one has ended"))
}

func TestFreeze_NoProcessOutlivesATestThatWasKilledWhileTheClusterStoodStill(t *testing.T) {
	for name, kill := range map[string]func(pid int) error{
		"alone":          func(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) },
		"with its group": func(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) {
			child, dir := frozen(t)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			pids := processesIn(t, dir)
			if len(pids) < 3 {
				t.Fatalf("processes %v stand still: a postmaster and its children were to", pids)
			}
			if err := kill(child.Process.Pid); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // It was killed.
			for len(processesIn(t, dir)) > 0 {
				time.Sleep(10 * time.Millisecond) // Until they are gone; the run's own end is the only limit.
			}
		})
	}
}

// frozen starts a program whose cluster stands still, and gives the cluster's folder.
func frozen(t *testing.T) (child *exec.Cmd, dir string) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(os.Environ(), frozenVariable+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir, ok := strings.CutPrefix(strings.TrimSpace(line), "frozen ")
	if err != nil || !ok {
		t.Fatalf("the program said %q: %v", line, err)
	}
	return child, dir
}

// processesIn gives the running processes of a cluster by where they run: PostgreSQL works in its data's folder.
func processesIn(t *testing.T, dir string) (pids []string) {
	t.Helper()
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		at, err := os.Readlink("/proc/" + e.Name() + "/cwd") // Empty for one that has ended.
		if err == nil && strings.HasPrefix(at, dir+"/data") {
			pids = append(pids, e.Name())
		}
	}
	return pids
}
