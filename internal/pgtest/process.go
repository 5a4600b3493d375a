package pgtest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a running program that ends with the process that started it.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// Spawn starts a program from a thread that lives as long as it does: the kernel ends the program with that thread.
func Spawn(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Never unlocked: the thread ends with this goroutine, behind the program.
		endWithParent(cmd.SysProcAttr)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // How it ended is told by State.
			close(p.ended)
		}
	}()
	return p, <-started
}

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// State tells how the program ended, once it has.
func (p *Process) State() *os.ProcessState {
	<-p.ended
	return p.cmd.ProcessState
}

// Pid is the program's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to a program that runs.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Stop sends a signal and waits for the end. A program that has ended is left alone.
func (p *Process) Stop(how syscall.Signal) error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	err := p.cmd.Process.Signal(how)
	<-p.ended
	return err
}
