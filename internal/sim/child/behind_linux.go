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

// startBehind starts a command that takes only what of the processor everybody else leaves: idle among the threads of its
// session, and in a session of its own among sessions, since the kernel shares between those first.
func startBehind(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	started := make(chan error, 1)
	go func() { // ends with its thread, which is not unlocked: what is idle once may have to stay so
		runtime.LockOSThread()
		if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0); err != nil {
			started <- fmt.Errorf("ask for what others leave of the processor: %w", err)
			return
		}
		started <- cmd.Start() // The process has the policy of the thread that starts it.
	}()
	if err := <-started; err != nil {
		return err
	}
	err := os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", cmd.Process.Pid), []byte(leastShare), 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EAGAIN) {
		return nil // This kernel shares between threads only, or has been asked too often.
	}
	return err
}
