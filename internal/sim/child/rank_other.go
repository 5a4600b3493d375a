//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// leastUrgent is the niceness of what takes what others leave.
const leastUrgent = 19

// MayGoFirst reports that this process may start children of the ranks First and Foremost, which it can on Linux only.
func MayGoFirst() bool { return false }

// startAs starts a command with a rank, as far as its niceness says so.
func startAs(cmd *exec.Cmd, r Rank) error {
	if err := cmd.Start(); err != nil || r >= Usual {
		return err
	}
	return syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, leastUrgent)
}
