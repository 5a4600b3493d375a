package pgtest

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Freeze lets the cluster stand still, as one whose disk does: its processes are stopped wherever they are, lines to it stay open and
// bring nothing. What it gives lets them go on, once however often it is called, and so does the end of the tests' process, however it comes.
func (c *Cluster) Freeze() (thaw func() error, err error) {
	pids, err := c.processes()
	if err != nil {
		return nil, err
	}
	thaw, err = thawer(pids)
	if err != nil {
		return nil, err
	}
	if err := signalAll(pids, syscall.SIGSTOP); err != nil {
		return nil, errors.Join(err, thaw())
	}
	return thaw, nil
}

// thawScript lets processes go on when its input ends. Of those that have ended it says nothing.
const thawScript = `read -r _; for pid in "$@"; do kill -CONT "$pid" 2>/dev/null; done; exit 0`

// thawer starts a program that lets processes go on when it is told to, or when the tests' process has ended. A process that stands
// still takes no notice of the kernel's word that its parent is gone, so somebody has to stand beside it; in a session of its own,
// since who kills the tests often kills all that belongs to them.
func thawer(pids []int) (thaw func() error, err error) {
	args := []string{"-c", thawScript, "thaw"}
	for _, pid := range pids {
		args = append(args, strconv.Itoa(pid))
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe() // Its other end is closed by the kernel with the tests' process.
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start what lets the cluster go on: %w", err)
	}
	return sync.OnceValue(func() error { return errors.Join(in.Close(), cmd.Wait()) }), nil
}

// processes gives the cluster's, the postmaster first: who stops it before the others lets nobody new in.
func (c *Cluster) processes() ([]int, error) {
	listed, err := c.Ask("postgres", "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	pids := []int{c.postmaster.Pid()}
	for line := range strings.Lines(listed) {
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("a process of the cluster: %w", err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// signalAll signals processes, of which some may have ended by themselves.
func signalAll(pids []int, s syscall.Signal) (err error) {
	for _, pid := range pids {
		if failed := syscall.Kill(pid, s); !errors.Is(failed, syscall.ESRCH) {
			err = errors.Join(err, failed)
		}
	}
	return err
}
