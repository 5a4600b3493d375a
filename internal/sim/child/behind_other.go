//go:build !linux

package child

import (
	"os/exec"
	"syscall"
)

// leastUrgent is the niceness of what takes what others leave.
const leastUrgent = 19

// startBehind starts a command that takes what of the processor others leave, as far as its niceness says so.
func startBehind(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	return syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, leastUrgent)
}
