package child

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// leastShare is the share of the processor that a session asks for which takes what all others leave.
const leastShare = "10"

// MayGoFirst reports that this process may start children of the ranks First and Foremost: as root, or with CAP_SYS_NICE.
func MayGoFirst() bool { return ranked(First, func() error { return nil }) == nil }

// startAs starts a command with a rank.
func startAs(cmd *exec.Cmd, r Rank) error {
	switch {
	case r == Usual:
		return cmd.Start()
	case r > Usual:
		return ranked(r, cmd.Start)
	}
	// Idle among the threads of its session, and in a session of its own among sessions, since the kernel shares between those first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := ranked(r, cmd.Start); err != nil {
		return err
	}
	err := os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", cmd.Process.Pid), []byte(leastShare), 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EAGAIN) {
		return nil // This kernel shares between threads only, or has been asked too often.
	}
	return err
}

// ranked runs f on a thread of a rank, which a process that f starts has from it.
func ranked(r Rank, f func() error) error {
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	if r > Usual {
		attr.Policy, attr.Priority = unix.SCHED_RR, uint32(r)
	}
	done := make(chan error, 1)
	go func() { // ends with its thread, which is not unlocked: what is idle once may have to stay so
		runtime.LockOSThread()
		if err := unix.SchedSetAttr(0, attr, 0); err != nil {
			done <- fmt.Errorf("ask for a rank at the processor: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}
