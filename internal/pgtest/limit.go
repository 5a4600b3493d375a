package pgtest

import (
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
)

// LimitFiles lets no file of the cluster grow beyond a number of bytes, which is what a quota or a full disk looks like to it and
// needs no more rights than its owner has; 0 lifts that. The cluster's own files have to fit: see StartSmall. Linux's prlimit does it.
func (c *Cluster) LimitFiles(bytes uint64) error {
	tool, err := exec.LookPath("prlimit")
	if err != nil {
		return fmt.Errorf("the files of running processes are limited by prlimit of util-linux: %w", err)
	}
	limit := "unlimited"
	if bytes > 0 {
		limit = strconv.FormatUint(bytes, 10)
	}
	pids, err := c.processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		cmd := exec.Command(tool, "--pid", strconv.Itoa(pid), "--fsize="+limit+":") // What is allowed at most stays.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
		if out, err := cmd.CombinedOutput(); err != nil && syscall.Kill(pid, 0) == nil { // One may have ended by itself.
			return fmt.Errorf("limit process %d: %w: %s", pid, err, out)
		}
	}
	return nil
}
