package pgtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// Freeze lets the cluster stand still, as one whose disk does: its processes are stopped wherever they are, lines to it stay open and
// bring nothing. What it gives lets them go on.
func (c *Cluster) Freeze() (thaw func() error, err error) {
	pids, err := c.processes()
	if err != nil {
		return nil, err
	}
	return func() error { return signalAll(pids, syscall.SIGCONT) }, signalAll(pids, syscall.SIGSTOP)
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
