package pgtest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// process is a running program that ends with the process that started it.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts a program from a thread that lives as long as it does: the kernel ends the program with that thread.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Never unlocked: the thread ends with this goroutine, behind the program.
		endWithParent(cmd.SysProcAttr)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it ended is in its log.
			close(p.ended)
		}
	}()
	return p, <-started
}

// stop sends a signal and waits for the end.
func (p *process) stop(how syscall.Signal) error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	err := p.cmd.Process.Signal(how)
	<-p.ended
	return err
}
